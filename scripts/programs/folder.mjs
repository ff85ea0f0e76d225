/** Folders of programs as they are made, and what lies in them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { programsFolder } from './targets.mjs';

/**
 * @param {string} target
 * @param {string} [asVersion] of a trial: not the one that package.json names
 */
export function programsFolderOf(target, asVersion) {
  return join(programsFolder, asVersion === undefined ? target : `${target}-${asVersion}`);
}

/**
 * @param {string} folder
 * @returns {string[]} files below it, in an order that is always the same
 */
export function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesIn(path) : entry.isFile() ? [path] : [];
    });
}
