/** The lines of all files of the event log together, newest first. What a line says beside its columns is read when it is asked for. */
import type { EventChannel, LogEvent } from '../../src-contract/events.ts';
import { eachText, textsAt, type EventBlock, type Scratch } from './event-block.ts';
import { parseEvent } from './event-files.ts';

export class EventLines {
  readonly count: number;
  readonly #blocks: readonly EventBlock[];
  readonly #scratch: Scratch;
  /** Of each line: its block, and its place in it. */
  readonly #blockOf: Uint16Array;
  readonly #placeOf: Uint32Array;

  constructor(blocks: readonly EventBlock[], scratch: Scratch) {
    this.#blocks = blocks;
    this.#scratch = scratch;
    this.count = blocks.reduce((sum, { count }) => sum + count, 0);
    this.#blockOf = new Uint16Array(this.count);
    this.#placeOf = new Uint32Array(this.count);
    this.#merge();
  }

  /** Each block is in order by itself: numbers only grow. */
  #merge(): void {
    const left = this.#blocks.map(({ count }) => count - 1);
    const newest = this.#blocks.map(({ numbers, count }) => numbers[count - 1] ?? -1);
    for (let line = 0; line < this.count; line += 1) {
      let from = 0;
      for (let block = 1; block < newest.length; block += 1) if ((newest[block] ?? -1) > (newest[from] ?? -1)) from = block;
      const place = left[from] ?? 0;
      this.#blockOf[line] = from;
      this.#placeOf[line] = place;
      left[from] = place - 1;
      newest[from] = this.#blocks[from]?.numbers[place - 1] ?? -1;
    }
  }

  number(line: number): number {
    return this.#block(line).numbers[this.#place(line)] ?? 0;
  }

  channel(line: number): EventChannel {
    return this.#block(line).channel;
  }

  /** Milliseconds since 1970. */
  time(line: number): number {
    return this.#block(line).times[this.#place(line)] ?? 0;
  }

  /** Its place in `eventLevel.options`. */
  level(line: number): number {
    return this.#block(line).levels[this.#place(line)] ?? 0;
  }

  /** In the order of the lines, without those whose file has been rotated away meanwhile. Each file is opened once. */
  events(lines: readonly number[]): LogEvent[] {
    const events = new Map<number, LogEvent>();
    for (const [index, block] of this.#blocks.entries()) {
      const here = lines.filter((line) => this.#blockOf[line] === index);
      if (here.length === 0) continue;
      const texts = textsAt(
        block,
        here.map((line) => this.#place(line)),
        this.#scratch,
      );
      for (const [at, line] of here.entries()) {
        const event = parseEvent(texts[at] ?? '');
        if (event !== undefined) events.set(line, event);
      }
    }
    return lines.map((line) => events.get(line)).filter((event) => event !== undefined);
  }

  /** Something of the text of each line, file by file; `missing` of lines whose file has been rotated away. */
  ofTexts<Value>(read: (text: string) => Value, missing: Value): (line: number) => Value {
    const values = this.#blocks.map((block) => {
      const ofBlock = new Array<Value>(block.count).fill(missing);
      eachText(block, this.#scratch, (place, text) => (ofBlock[place] = read(text)));
      return ofBlock;
    });
    return (line) => values[this.#blockOf[line] ?? 0]?.[this.#place(line)] ?? missing;
  }

  #block(line: number): EventBlock {
    const block = this.#blocks[this.#blockOf[line] ?? 0];
    if (block === undefined) throw new RangeError(`the event log has no line ${String(line)}`);
    return block;
  }

  #place(line: number): number {
    return this.#placeOf[line] ?? 0;
  }
}
