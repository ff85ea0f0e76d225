/** Many changes in one turn of the event loop are one piece of news. */
export class OncePerTurn {
  private readonly tell: () => void;
  private asked: NodeJS.Immediate | undefined;
  private closed = false;

  constructor(tell: () => void) {
    this.tell = tell;
  }

  ask(): void {
    if (this.closed) return;
    this.asked ??= setImmediate(() => {
      this.asked = undefined;
      this.tell();
    });
  }

  close(): void {
    this.closed = true;
    clearImmediate(this.asked);
  }
}
