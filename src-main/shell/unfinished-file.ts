/** What an application that was killed has left of a file that it was writing. */
import { rmSync } from 'node:fs';

/** Of the one application of this folder, before it writes there itself. */
export function removeUnfinished(file: string): void {
  try {
    rmSync(`${file}.new`, { force: true });
  } catch {
    // A disk that can only be read: it is removed at a later start.
  }
}
