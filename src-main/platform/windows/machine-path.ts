/** The folders in which every new process of this machine looks for programs. Read and written whole: an installer's own variables would cut it off. */
import { readRegistryValue, setRegistryValues } from './registry.ts';

const key = 'SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';
const name = 'Path';

export function addToMachinePath(folder: string): void {
  change((folders) => (folders.some((one) => isSame(one, folder)) ? folders : [...folders, folder]));
}

export function removeFromMachinePath(folder: string): void {
  change((folders) => folders.filter((one) => !isSame(one, folder)));
}

function change(work: (folders: string[]) => string[]): void {
  const found = readRegistryValue(key, name);
  // Of another type, or not there: nothing that we could add to without taking something away.
  if (found === undefined || typeof found === 'number') return;
  const before = typeof found === 'string' ? found : found.expandable;
  const folders = before.split(';');
  const after = work(folders).join(';');
  if (after === before) return;
  setRegistryValues(key, { [name]: typeof found === 'string' ? after : { expandable: after } });
}

function isSame(one: string, other: string): boolean {
  const plain = (folder: string): string => folder.replace(/\\+$/, '').toLowerCase();
  return plain(one) === plain(other);
}
