/** What a person chose for this desktop, and what they have been told once: theirs, not the worker's, so the shell keeps it. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { appearance, notificationKind, type Appearance, type NotificationKind } from '../../src-contract/window-calls.ts';
import { removeUnfinished } from './unfinished-file.ts';

const preferencesShape = z.object({
  notifyAbout: z.array(notificationKind),
  /** That the worker goes on in the tray when the window is closed. */
  toldOfTray: z.boolean(),
  appearance: appearance.default('system'),
});
type Preferences = z.infer<typeof preferencesShape>;

const usual: Preferences = { notifyAbout: ['job-went-wrong', 'needs-attention'], toldOfTray: false, appearance: 'system' };

export class PreferencesFile {
  readonly #file: string;
  #current: Preferences;
  readonly #onFault: (error: unknown) => void;

  constructor(folder: string, onFault: (error: unknown) => void) {
    this.#file = path.join(folder, 'preferences.json');
    this.#onFault = onFault;
    removeUnfinished(this.#file);
    this.#current = read(this.#file);
  }

  get notifyAbout(): readonly NotificationKind[] {
    return this.#current.notifyAbout;
  }

  get appearance(): Appearance {
    return this.#current.appearance;
  }

  get toldOfTray(): boolean {
    return this.#current.toldOfTray;
  }

  /** A file that cannot be written is no reason to fail: the choice holds until the program ends. */
  change(change: Partial<Preferences>): void {
    this.#current = { ...this.#current, ...change };
    try {
      writeFileSync(`${this.#file}.new`, `${JSON.stringify(this.#current)}\n`, { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      this.#onFault(error);
    }
  }
}

/** Of another version, damaged, or not there yet: the usual. */
function read(file: string): Preferences {
  try {
    return preferencesShape.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data ?? usual;
  } catch {
    return usual;
  }
}
