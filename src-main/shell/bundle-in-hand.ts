/** The support bundle that a person is looking at: what they save is what they were shown. One at a time, a few megabytes. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { AppError } from '../../src-contract/app-error.ts';
import type { ShellValue } from '../../src-contract/window-calls.ts';
import type { AskedWorker } from '../../src-contract/refused.ts';
import { collectBundle, type BundleFile } from '../support-bundle/contents.ts';
import { writeBundle } from '../support-bundle/write-bundle.ts';

export class BundleInHand {
  readonly #worker: AskedWorker;
  readonly #now: () => Date;
  #bundle: { id: string; madeAt: Date; files: BundleFile[] } | undefined;

  constructor(worker: AskedWorker, now: () => Date) {
    this.#worker = worker;
    this.#now = now;
  }

  /** Offered when it is saved. */
  get fileName(): string {
    const day = (this.#bundle?.madeAt ?? this.#now()).toISOString().slice(0, 10);
    return `hrw-support-${hostname().replaceAll(/[^\w.-]+/g, '-')}-${day}`;
  }

  async prepare(): Promise<ShellValue<'shell:prepare-bundle'>> {
    const madeAt = this.#now();
    const files = await collectBundle((name, given) => this.#worker.call(name, given), madeAt);
    const id = randomUUID();
    this.#bundle = { id, madeAt, files };
    return { bundleId: id, files: files.map(({ name, about, content }) => ({ name, about, bytes: content.length })) };
  }

  /** Answers the zip's size. Throws AppError `input-invalid`. */
  async save(id: string, file: string): Promise<number> {
    const bundle = this.#bundle;
    if (bundle?.id !== id)
      throw new AppError('input-invalid', {
        what: 'The support bundle',
        reason: 'Another one was made meanwhile: look at it anew.',
      });
    const bytes = await writeBundle(file, bundle.files, bundle.madeAt);
    this.#bundle = undefined;
    return bytes;
  }
}
