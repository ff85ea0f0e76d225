/**
 * A service of the plain protocol may put several jobs into one sandbox id. The sandbox then starts a process of its own for each further
 * job, in a folder beside its own; this notices the folder.
 */
import { watch, type FSWatcher } from 'node:fs';

/** Tells folders of sandboxes that were not started here: `{sandbox id}.{job id}`. */
export function watchSiblings(sandboxesFolder: string, found: (name: string) => void): FSWatcher {
  const watcher = watch(sandboxesFolder, { persistent: false }, (_kind, name) => {
    if (name?.includes('.') === true) found(name);
  });
  // Out of watches, say: siblings are then found at the next start.
  watcher.on('error', () => undefined);
  return watcher;
}
