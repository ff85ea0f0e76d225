/**
 * Text between us and cmd.exe, in the code page of its console: the script on its way there, and what comes back.
 *
 * What comes back is not all in one encoding. cmd's own commands write in the console's code page; git, Node, Python and others write UTF-8
 * whatever the console says; and a runbook may change the page at any moment (`chcp`), which nobody tells us. So each line that is sound UTF-8
 * is taken as that. Text in a single-byte page hardly ever is by chance: a letter beyond ASCII would have to be followed by just those signs
 * that UTF-8 continues with. In the double-byte pages of East Asia that is less rare, and there the page alone decides.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';

export const utf8CodePage = 65001;
const doubleBytePages = new Set([932, 936, 949, 950, 1361]);
const newline = 0x0a;
/** Of a line that does not end. Only a line of such a length may be cut, and then behind a sign that is whole in every page. */
const longestKept = 64 * 1024;
const firstTrailByte = 0x40;

function encodingOf(codePage: number): string | undefined {
  const name = codePage === utf8CodePage ? 'utf8' : `cp${String(codePage)}`;
  return iconv.encodingExists(name) ? name : undefined;
}

/** undefined: the page lacks one of its characters, or is one that we do not know. */
export function encodeFor(codePage: number, text: string): Buffer | undefined {
  const encoding = encodingOf(codePage);
  if (encoding === undefined) return undefined;
  const bytes = iconv.encode(text, encoding);
  return iconv.decode(bytes, encoding) === text ? bytes : undefined;
}

export interface ConsolePages {
  /** Before we changed anything: what programs that do not ask the console write in. */
  own: number;
  /** While the runbook runs. */
  current: number;
}

/** Of one stream: bytes in, UTF-8 out. What is no text in any of the pages is left for whoever mends UTF-8. */
export class ConsoleDecoder {
  readonly #encoding: string | undefined;
  readonly #takesUtf8: boolean;
  #kept: Buffer = Buffer.alloc(0);

  constructor({ own, current }: ConsolePages) {
    this.#encoding = own === utf8CodePage ? undefined : encodingOf(own);
    this.#takesUtf8 = current === utf8CodePage || !doubleBytePages.has(own);
  }

  push(chunk: Buffer): Buffer {
    if (this.#kept.length === 0 && isAscii(chunk)) return chunk;
    const all = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    const end = all.lastIndexOf(newline) + 1;
    const cut = end === 0 && all.length > longestKept ? lastWhole(all) : end;
    this.#kept = Buffer.from(all.subarray(cut));
    return this.#decode(all.subarray(0, cut));
  }

  /** Nothing more comes: what is left is a line without an end. */
  end(): Buffer {
    const rest = this.#kept;
    this.#kept = Buffer.alloc(0);
    return this.#decode(rest);
  }

  #decode(lines: Buffer): Buffer {
    const encoding = this.#encoding;
    if (encoding === undefined || isAscii(lines) || (this.#takesUtf8 && isUtf8(lines))) return lines;
    if (!this.#takesUtf8) return Buffer.from(iconv.decode(lines, encoding), 'utf8');
    return Buffer.concat(
      [...linesOf(lines)].map((line) => (isUtf8(line) ? line : Buffer.from(iconv.decode(line, encoding), 'utf8'))),
    );
  }
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const at = bytes.indexOf(newline, start);
    const end = at === -1 ? bytes.length : at + 1;
    yield bytes.subarray(start, end);
    start = end;
  }
}

/** Behind the last sign that is no part of a longer one in any page; all of it where there is none. */
function lastWhole(bytes: Buffer): number {
  for (let at = bytes.length - 1; at >= 0; at -= 1) if ((bytes[at] ?? firstTrailByte) < firstTrailByte) return at + 1;
  return bytes.length;
}
