/** One line an event on a terminal, for `hrw run` in the foreground. */
import Transport from 'winston-transport';
import type { LogEvent } from '../../src-contract/events.ts';

export class TerminalTransport extends Transport {
  private readonly print: (line: string) => void;

  constructor(print: (line: string) => void) {
    super();
    this.print = print;
  }

  override log(info: { event: LogEvent }, next: () => void): void {
    const { time, level, id, message } = info.event;
    this.print(`${time} ${level.padEnd(11)} ${String(id).padStart(5)} ${message}`);
    next();
  }
}
