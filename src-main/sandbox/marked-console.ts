/**
 * A host that may not open pipes (Constrained Language Mode) has only its console to speak through. It prints a line with a mark made for
 * this run before and after the runbook; what stands between is the runbook's output, its streams no longer told apart.
 *
 *   MARK begin VERSION
 *   MARK end CODE MESSAGE       why the runbook could not be called; nothing for one that ended by itself
 *
 * An empty line stands before the second mark, so that it begins a line; it is no output. What comes after it is: a child's words, or those of
 * a runbook that printed the mark itself. The last one counts.
 */
const newline = 0x0a;
const carriageReturn = 0x0d;
/** A console that says more than this before the mark is remembered only from here on. */
const lookBackBytes = 64 * 1024;

export interface MarkedConsoleListener {
  begun(version: string): void;
  /** Bytes of the runbook's output. */
  output(bytes: Buffer): void;
  ended(exitCode: number, exception: string | null): void;
}

export class MarkedConsole {
  readonly #mark: Buffer;
  readonly #listener: MarkedConsoleListener;
  #state: 'before' | 'within' | 'after' = 'before';
  /** The line under way, as long as it may still turn out to be a mark. */
  #line: Buffer = Buffer.alloc(0);
  #isLongLine = false;
  /** The empty line that came last, which may be the one before the mark. */
  #blank: Buffer | undefined;

  constructor(mark: string, listener: MarkedConsoleListener) {
    this.#mark = Buffer.from(`${mark} `);
    this.#listener = listener;
  }

  /** Between the marks. */
  get isWithin(): boolean {
    return this.#state === 'within';
  }

  push(chunk: Buffer): void {
    let bytes = this.#line.length === 0 ? chunk : Buffer.concat([this.#line, chunk]);
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline)) {
      this.#takeLine(bytes.subarray(0, end + 1));
      bytes = bytes.subarray(end + 1);
    }
    this.#line = Buffer.alloc(0);
    if (this.#state === 'before') this.#line = Buffer.from(bytes.subarray(-lookBackBytes));
    else this.#keep(bytes);
  }

  /** Nothing more comes: a last line without an end. */
  end(): void {
    if (this.#state !== 'before' && this.#line.length > 0) this.#takeLine(this.#line);
    this.#line = Buffer.alloc(0);
    if (this.#blank !== undefined) this.#listener.output(this.#blank);
    this.#blank = undefined;
  }

  #keep(bytes: Buffer): void {
    if (this.#isLongLine || !this.#mayBeMark(bytes)) {
      if (bytes.length === 0) return;
      this.#isLongLine = true;
      this.#say(bytes, false);
    } else {
      this.#line = Buffer.from(bytes);
    }
  }

  #say(bytes: Buffer, isWholeLine: boolean): void {
    if (this.#blank !== undefined) this.#listener.output(this.#blank);
    this.#blank = isWholeLine && bytes.length <= 2 && bytes.at(-1) === newline ? Buffer.from(bytes) : undefined;
    if (this.#blank === undefined) this.#listener.output(bytes);
  }

  /** The end's message is short; anything longer is no mark. */
  #mayBeMark(bytes: Buffer): boolean {
    // The beginning of an empty line.
    if (bytes.length === 1 && bytes[0] === carriageReturn) return true;
    const length = Math.min(bytes.length, this.#mark.length);
    return bytes.length < lookBackBytes && this.#mark.subarray(0, length).equals(bytes.subarray(0, length));
  }

  #takeLine(line: Buffer): void {
    const isWholeLine = !this.#isLongLine;
    const isMark = isWholeLine && line.subarray(0, this.#mark.length).equals(this.#mark);
    this.#isLongLine = false;
    if (!isMark) {
      if (this.#state !== 'before') this.#say(line, isWholeLine);
      return;
    }
    const [verb = '', value = '', ...message] = line.toString('utf8', this.#mark.length).trimEnd().split(' ');
    if (verb === 'begin' && this.#state === 'before') {
      this.#state = 'within';
      this.#listener.begun(value);
    } else if (verb === 'end' && this.#state !== 'before') {
      this.#state = 'after';
      this.#blank = undefined;
      this.#listener.ended(Number(value) || 0, message.length === 0 ? null : message.join(' '));
    }
  }
}
