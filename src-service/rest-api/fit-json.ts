/**
 * What JSON may hold and we cannot keep: structures so deep that whoever walks them runs out of stack, halves of characters, which no
 * other program can read back, and the one key that JavaScript takes for something else.
 */
import { AppError } from '../../src-contract/app-error.ts';

/** Deeper than any value that somebody wrote, and far from what a stack holds. */
const maxDepth = 100;

/** @throws AppError `request-invalid` that says where */
export function refuseUnfitJson(value: unknown, where: string, depth = 0): void {
  if (depth > maxDepth) throw unfit(where.slice(0, 100), `it is nested more than ${maxDepth} levels deep`);
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw unfit(where, 'it holds half of a character (a lone surrogate)');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') throw unfit(where, 'no key may be called __proto__');
    if (!key.isWellFormed()) throw unfit(where, 'a key holds half of a character (a lone surrogate)');
    refuseUnfitJson(inner, `${where}.${key}`, depth + 1);
  }
}

function unfit(where: string, reason: string): AppError {
  return new AppError('request-invalid', { where, reason });
}
