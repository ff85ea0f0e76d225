/**
 * What JSON may hold and we cannot keep: structures so deep that whoever walks them runs out of stack, halves of characters, which no
 * other program can read back, U+0000, and the one key that JavaScript takes for something else.
 */
import { AppError } from '../../src-contract/app-error.ts';

/** Deeper than any value that somebody wrote, and far from what a stack holds. */
const maxDepth = 100;

/** @throws AppError `request-invalid` that says where */
export function refuseUnfitJson(value: unknown, where: string, depth = 0): void {
  if (depth > maxDepth) throw unfit(where.slice(0, 100), `it is nested more than ${maxDepth} levels deep`);
  if (typeof value === 'string') {
    refuseUnfitText(value, where);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') throw unfit(where, 'no key may be called __proto__');
    refuseUnfitText(key, `${where}, a key`);
    refuseUnfitJson(inner, `${where}.${key}`, depth + 1);
  }
}

/** Also for what stands in an address. @throws AppError `request-invalid` */
export function refuseUnfitText(text: string, where: string): void {
  if (!text.isWellFormed()) throw unfit(where, 'it holds half of a character (a lone surrogate)');
  // No database but SQLite keeps it.
  if (text.includes('\0')) throw unfit(where, 'it holds the character U+0000');
}

function unfit(where: string, reason: string): AppError {
  return new AppError('request-invalid', { where, reason });
}
