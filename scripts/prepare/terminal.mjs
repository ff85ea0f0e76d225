/** What preparing says, and how it asks. */
import { createInterface } from 'node:readline/promises';

/** Preparing cannot go on, for a reason that the reader can do something about. Shown without a stack. */
export class PreparationStopped extends Error {}

/** @param {string} text */
export function say(text) {
  process.stderr.write(text + '\n');
}

/**
 * @typedef {'agreed' | 'refused' | 'nobody to ask'} Answer
 * @param {string} question
 * @param {boolean} yes agreed beforehand (`--yes`)
 * @returns {Promise<Answer>}
 */
export async function ask(question, yes) {
  if (yes || process.env['CI'] === 'true') return 'agreed';
  if (!process.stdin.isTTY || !process.stderr.isTTY) return 'nobody to ask';
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim()) ? 'agreed' : 'refused';
  } finally {
    terminal.close();
  }
}

/**
 * Says what is being waited for, and how long it took.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function timed(what, work) {
  const start = performance.now();
  process.stderr.write(`${what} … `);
  try {
    const result = await work();
    process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    process.stderr.write('failed\n');
    throw error;
  }
}
