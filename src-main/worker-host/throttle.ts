/** Tells at most one value per key and interval: the first at once, of those that follow the latest. */
export class Throttle<Value> {
  private readonly intervalMs: number;
  private readonly tell: (value: Value) => void;
  private readonly waiting = new Map<string, { timer: NodeJS.Timeout; latest: Value | undefined }>();
  private closed = false;

  constructor(intervalMs: number, tell: (value: Value) => void) {
    this.intervalMs = intervalMs;
    this.tell = tell;
  }

  push(key: string, value: Value): void {
    if (this.closed) return;
    const waiting = this.waiting.get(key);
    if (waiting !== undefined) {
      waiting.latest = value;
      return;
    }
    this.tell(value);
    this.startInterval(key);
  }

  /** Nothing is told afterwards. */
  close(): void {
    this.closed = true;
    for (const { timer } of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
  }

  private startInterval(key: string): void {
    const timer = setTimeout(() => {
      const latest = this.waiting.get(key)?.latest;
      this.waiting.delete(key);
      if (latest === undefined) return;
      this.tell(latest);
      this.startInterval(key);
    }, this.intervalMs);
    this.waiting.set(key, { timer, latest: undefined });
  }
}
