/** Hands each event to a terminal, for `hrw run` in the foreground. */
import Transport from 'winston-transport';
import type { LogEvent } from '../../src-contract/events.ts';

export class TerminalTransport extends Transport {
  private readonly show: (event: LogEvent) => void;

  constructor(show: (event: LogEvent) => void) {
    super();
    this.show = show;
  }

  override log(info: { event: LogEvent }, next: () => void): void {
    this.show(info.event);
    next();
  }
}
