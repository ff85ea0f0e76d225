/**
 * Notices sandboxes that were not started by this engine: a service of the plain protocol may put several jobs into one sandbox id, and the
 * sandbox then starts a process of its own for each further job, in a folder beside its own (`{sandbox id}.{job id}`).
 */
import { watch, type FSWatcher } from 'node:fs';

/** `changed` is told names of folders that came, went or changed, some of them more than once. */
export function watchSandboxes(sandboxesFolder: string, changed: (name: string) => void): FSWatcher | undefined {
  try {
    const watcher = watch(sandboxesFolder, { persistent: false }, (_kind, name) => {
      if (name !== null) changed(name);
    });
    watcher.on('error', () => undefined);
    return watcher;
  } catch {
    // Out of watches, say: such sandboxes are then found at the next start.
    return undefined;
  }
}
