/**
 * How a secret may look in what a runbook writes: as it is, and in the encodings that runbooks and their tools usually make of it. Line ends
 * are left out of every form, because what looks for them here passes over line ends: wrapped base64 and secrets of several lines are found
 * whatever their line ends have become.
 */
import { X509Certificate } from 'node:crypto';

/** Shorter values are not masked: they would turn every record into asterisks. Documented in docs/runbooks.md. */
export const shortestSecret = 4;
/** A piece of base64 below this length is in too many other texts. */
const shortestPiece = 6;
/** Of a secret of several lines, each line from this length on is a secret too: tools indent and quote lines. */
const shortestLine = 16;

/** Every form of a secret text; none for one that is too short. */
export function formsOfText(secret: string): Buffer[] {
  const lines = secret.split(/\r?\n/);
  const own = lines.length > 1 ? lines.map((line) => line.trim()).filter(isTellingLine) : [];
  return unique([secret, ...own].flatMap(formsOfOneText));
}

/** A certificate file with its private key, given in base64; a certificate alone is public, and has no form. */
export function formsOfCertificate(base64: string): Buffer[] {
  const bytes = Buffer.from(base64, 'base64');
  const text = bytes.toString('latin1');
  const keys = [...text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----([\s\S]+?)-----END/g)].map(([, body]) => body ?? '');
  if (keys.length === 0 && isPublicCertificate(bytes)) return [];
  return unique([...keys.flatMap(formsOfOneText), ...base64Forms(bytes), ...hexForms(bytes)]);
}

function isTellingLine(line: string): boolean {
  return line.length >= shortestLine && !line.startsWith('-----');
}

function isPublicCertificate(bytes: Buffer): boolean {
  try {
    new X509Certificate(bytes);
    return true;
  } catch {
    return false;
  }
}

function formsOfOneText(secret: string): Buffer[] {
  if (withoutLineEnds(Buffer.from(secret)).length < shortestSecret) return [];
  const utf8 = Buffer.from(secret, 'utf8');
  const utf16 = Buffer.from(secret, 'utf16le');
  const texts = [secret, ...jsonForms(secret), ...xmlForms(secret), ...urlForms(secret)];
  return [
    ...texts.map((text) => Buffer.from(text, 'utf8')),
    ...base64Forms(utf8),
    ...base64Forms(utf16),
    ...hexForms(utf8),
    ...hexForms(utf16),
  ];
}

/** JSON as most write it, and as Python, Windows PowerShell, PowerShell's EscapeHandling and System.Text.Json escape more of it. */
function jsonForms(secret: string): string[] {
  const plain = JSON.stringify(secret).slice(1, -1);
  const capital = (digits: string): string => digits.toUpperCase();
  return [
    plain,
    plain.replaceAll('/', '\\/'),
    escapeMore(secret, /[\u007f-\uffff]/),
    escapeMore(secret, /[\u007f-\uffff]/, capital),
    escapeMore(secret, /[<>&']/),
    escapeMore(secret, /[<>&'"]/),
    escapeMore(secret, /[<>&'\u007f-\uffff]/),
    escapeMore(secret, /[<>&'"+`\u007f-\uffff]/, capital),
  ];
}

function escapeMore(text: string, what: RegExp, writeDigits: (digits: string) => string = (digits) => digits): string {
  const units = text.split('').map((unit) => {
    if (what.test(unit)) return `\\u${writeDigits(unit.charCodeAt(0).toString(16).padStart(4, '0'))}`;
    // Alone, half of a surrogate pair would be escaped by JSON.stringify.
    return unit >= '\ud800' && unit <= '\udfff' ? unit : JSON.stringify(unit).slice(1, -1);
  });
  return units.join('');
}

/** As text, as an attribute, and with every one of the five escaped. */
function xmlForms(secret: string): string[] {
  const text = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const attribute = text.replaceAll('"', '&quot;');
  return [text, attribute, attribute.replaceAll("'", '&apos;'), attribute.replaceAll("'", '&#39;')];
}

/** As JavaScript and .NET escape it, as a form does, and with small digits. */
function urlForms(secret: string): string[] {
  // A lone half of a surrogate pair has no such form.
  if (/[\ud800-\udfff]/u.test(secret)) return [];
  const component = encodeURIComponent(secret);
  const strict = component.replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const path = strict.replaceAll('%2F', '/');
  const capital = [component, strict, path, component.replaceAll('%20', '+'), strict.replaceAll('%20', '+')];
  return [...capital, ...capital.map((text) => text.replace(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()))];
}

/**
 * Base64 of the bytes alone, and inside of longer base64 (`user:password`): bytes that begin at the second or third place of a group of three
 * look different there, and the characters at both ends hold bits of the neighbours too, so that only those between them are the secret's.
 */
function base64Forms(bytes: Buffer): Buffer[] {
  const whole = bytes.toString('base64');
  const forms = [whole, whole.replace(/=+$/, '')];
  for (const before of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor((shifted.length * 8) / 6);
    const piece = shifted.toString('base64').slice(first, last);
    if (piece.length >= shortestPiece) forms.push(piece);
  }
  return forms
    .flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
    .map((form) => Buffer.from(form, 'latin1'));
}

/** `deadbeef`, `DEADBEEF`, and `DE-AD-BE-EF` as .NET's BitConverter has it. */
function hexForms(bytes: Buffer): Buffer[] {
  const small = bytes.toString('hex');
  const capital = small.toUpperCase();
  return [small, capital, capital.replace(/..(?=.)/g, '$&-')].map((form) => Buffer.from(form, 'latin1'));
}

function unique(forms: Buffer[]): Buffer[] {
  const kept = new Map<string, Buffer>();
  for (const form of forms) {
    const bare = withoutLineEnds(form);
    if (bare.length >= shortestSecret) kept.set(bare.toString('latin1'), bare);
  }
  return [...kept.values()];
}

function withoutLineEnds(bytes: Buffer): Buffer {
  return bytes.includes(0x0a) || bytes.includes(0x0d)
    ? Buffer.from(bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d))
    : bytes;
}
