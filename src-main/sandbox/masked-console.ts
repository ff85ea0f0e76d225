/** What goes into the console's view: the job's secrets are masked before anybody can look. */
import type { ConsoleView } from './console-view.ts';
import { MaskingStream } from './masking/masking-stream.ts';
import type { Scan } from './masking/secret-scanner.ts';

export class MaskedConsole {
  readonly #view: ConsoleView;
  readonly #masking: MaskingStream;

  constructor(view: ConsoleView, scan: (bytes: Buffer) => Scan | undefined) {
    this.#view = view;
    this.#masking = new MaskingStream({ scan, give: (piece) => view.push(piece), onLate: (giveAll) => giveAll() });
  }

  push(chunk: Buffer): void {
    this.#masking.push(chunk);
  }

  /** Nothing more comes, or a sentence is made of what came so far. */
  get tail(): string {
    this.#masking.flush();
    return this.#view.tail;
  }
}
