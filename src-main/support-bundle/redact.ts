/**
 * Takes out of a text what looks like a secret. A second net: what is known to hold secrets does not come here at all (contents.ts). It
 * would rather take out too much; names, addresses, ids and fingerprints stay. Pure.
 */

const leftOut = '[left out]';

const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** user:password@ of an address. */
const userInfo = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'<>]+@/gi;
const webToken = /\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g;
const authorization = /\b(bearer|basic|shared|negotiate|ntlm)(\s+)[A-Za-z0-9._~+/=:-]{8,}/gi;
const secretName =
  '[\\w-]*(?:pass(?:word|wd|phrase|code)|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|workspace[_-]?key|private[_-]?key|shared[_-]?key|connection[_-]?string|credential)[\\w-]*';
/** password=…, "token": "…" */
const assignment = new RegExp(`\\b(${secretName}["']?\\s*[:=]\\s*)("[^"]*"|'[^']*'|[^\\s"',;&}\\]]+)`, 'gi');
/** Base64 of 30 bytes and more: keys are that long. */
const longRun = /[A-Za-z0-9+/_-]{40,}={0,2}/g;
const secretKey = new RegExp(`^${secretName}$`, 'i');

export function redactText(text: string): string {
  return text
    .replaceAll(privateKey, leftOut)
    .replaceAll(userInfo, `$1${leftOut}@`)
    .replaceAll(webToken, leftOut)
    .replaceAll(authorization, `$1$2${leftOut}`)
    .replaceAll(assignment, `$1${leftOut}`)
    .replaceAll(longRun, (run) => (isLikeKey(run) ? leftOut : run));
}

/** Not a fingerprint or an id (hexadecimal), and not a path: what stands between its slashes and dashes is short, or words without digits. */
function isLikeKey(run: string): boolean {
  return !/^[0-9a-f-]+$/i.test(run) && run.split(/[/_-]/).some((part) => part.length >= 16 && isMixed(part));
}

function isMixed(text: string): boolean {
  return /[a-z]/.test(text) && /[A-Z]/.test(text) && /[0-9]/.test(text);
}

/** Every text in it, and whole what a key's name says to be secret. */
export function redactValue(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return value !== '' && secretKey.test(key) ? leftOut : redactText(value);
  if (Array.isArray(value)) return value.map((one) => redactValue(one, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, redactValue(one, name)]));
}
