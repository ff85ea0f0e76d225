/** Work that is done for all who ask: one run at a time, and whoever asks during a run shares the next one. */
export class SharedRun {
  private readonly work: () => Promise<void>;
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  constructor(work: () => Promise<void>) {
    this.work = work;
  }

  /** Resolves when a run that began after this call has ended. */
  request(): Promise<void> {
    if (this.running === undefined) return this.begin();
    this.next ??= this.running.then(
      () => this.begin(),
      () => this.begin(),
    );
    return this.next;
  }

  /** Resolves when nothing runs any more. */
  async settled(): Promise<void> {
    while (this.running !== undefined) await Promise.allSettled([this.next ?? this.running]);
  }

  private begin(): Promise<void> {
    this.next = undefined;
    const run: Promise<void> = this.work().finally(() => {
      // With a next one waiting it stays taken: that one begins a moment later, and whoever asks in between shares it.
      if (this.running === run && this.next === undefined) this.running = undefined;
    });
    this.running = run;
    return run;
  }
}
