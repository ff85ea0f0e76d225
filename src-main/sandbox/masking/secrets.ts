/** What must not be seen in this job's records, and the scanner for it. Grows as the job reads assets; nothing is ever taken out. */
import type { SandboxHandOver } from '../../../src-contract/sandbox.ts';
import { formsOfCertificate, formsOfText } from './encodings.ts';
import { maskText } from './masking-stream.ts';
import { SecretScanner, type Pattern, type Scan } from './secret-scanner.ts';

/** Lines of base64 and of hexadecimal digits have sixty characters and more; what has shorter ones must be looked for more closely. */
const shortLine = 60;

export class Secrets {
  readonly #forms = new Map<string, Pattern>();
  #hasShortLines = false;
  #scanner: SecretScanner | undefined;

  addText(secret: string): void {
    const hasLines = /[\r\n]/.test(secret.trimEnd());
    if (hasLines && secret.split(/\r?\n/).some((line) => line.length < shortLine)) this.#hasShortLines = true;
    this.#add(formsOfText(secret), false);
  }

  /** Long, random, one line, and the sandbox's own: what ends like its first letters need not wait. */
  addToken(token: string): void {
    this.#add(formsOfText(token), true);
  }

  /** Base64 of the file. */
  addCertificate(base64: string): void {
    this.#add(formsOfCertificate(base64), false);
  }

  /**
   * A value as assets have it: of an object or an array each text and number in it, and the whole as JSON. Of a text the text alone: with its
   * quotes a record's value would lose its own, and be no JSON any more.
   */
  addValue(json: string): void {
    const value = parse(json);
    if (typeof value !== 'string') this.addText(json);
    for (const leaf of leavesOf(value)) this.addText(leaf);
  }

  readonly scan = (bytes: Buffer): Scan | undefined => {
    if (this.#forms.size === 0) return undefined;
    this.#scanner ??= new SecretScanner([...this.#forms.values()], this.#hasShortLines);
    return this.#scanner.scan(bytes);
  };

  mask(text: string): string {
    return maskText(text, this.scan);
  }

  #add(forms: readonly Buffer[], isToken: boolean): void {
    for (const bytes of forms) {
      const key = bytes.toString('latin1');
      if (this.#forms.has(key)) continue;
      this.#forms.set(key, { bytes, isToken });
      this.#scanner = undefined;
    }
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

function leavesOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(leavesOf);
}

/** Before the job has read any: what the sandbox itself proves itself with. */
export function secretsOf(credential: SandboxHandOver['credential']): Secrets {
  const secrets = new Secrets();
  if (credential.kind === 'sandbox-secret') secrets.addToken(credential.secret);
  else secrets.addCertificate(Buffer.from(credential.privateKeyPem).toString('base64'));
  return secrets;
}
