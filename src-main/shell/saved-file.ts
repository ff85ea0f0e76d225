/** A file that a person asked for: what it holds is read from the worker piece by piece, and it takes its place when it is whole. */
import { open, rename, rm } from 'node:fs/promises';
import { AppError } from '../../src-contract/app-error.ts';
import { Refused } from '../../src-contract/refused.ts';

/**
 * Written beside its place until it is whole; nothing is left of one that is not. Answers what `fill` answers. Throws Refused, or
 * AppError where the file cannot be written.
 */
export async function writeSavedFile<Result>(
  file: string,
  fill: (write: (text: string) => Promise<void>) => Promise<Result>,
): Promise<Result> {
  const unfinished = `${file}.unfinished`;
  try {
    const handle = await open(unfinished, 'w');
    let result: Result;
    try {
      result = await fill(async (text) => {
        await handle.write(text);
      });
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
    return result;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    if (error instanceof Refused) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('input-invalid', { what: file, reason: `It cannot be written: ${reason}.` }, { cause: error });
  }
}
