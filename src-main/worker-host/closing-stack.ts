/** What was opened, in order. Closing runs backwards, survives a failing step, and is safe to call twice. */
export class ClosingStack {
  private readonly steps: { name: string; close: () => unknown }[] = [];
  private readonly onFault: (error: unknown, name: string) => void;
  private closing: Promise<void> | undefined;

  constructor(onFault: (error: unknown, name: string) => void) {
    this.onFault = onFault;
  }

  /** Hands back what is to be closed, so that opening and registering are one statement. */
  add<Opened>(name: string, opened: Opened, close: (opened: Opened) => unknown): Opened {
    this.steps.push({ name, close: () => close(opened) });
    return opened;
  }

  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private async closeAll(): Promise<void> {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step.close();
      } catch (error) {
        this.onFault(error, step.name);
      }
    }
  }
}
