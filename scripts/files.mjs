/** Small readings and writings that every script needs. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @param {string} file
 * @returns {unknown}
 */
export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * @param {string} file
 * @returns {unknown} undefined where there is no such file, or a torn one
 */
export function readJsonIfAny(file) {
  try {
    return readJson(file);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} file
 * @returns {string | undefined}
 */
export function readTextIfAny(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Written to a sibling and renamed, so that a reader never sees half of it.
 * @param {string} file
 * @param {string} text
 * @param {number} [mode]
 */
export function replaceFile(file, text, mode = 0o644) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}
