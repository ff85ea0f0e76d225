/** Files into one zip. What is written are the very bytes that were shown. */
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { AppError } from '../../src-contract/app-error.ts';
import type { BundleFile } from './contents.ts';

/** Answers the zip's size. Written beside its place until it is whole. Throws AppError `input-invalid` where it cannot be written. */
export async function writeBundle(file: string, files: readonly BundleFile[], now: Date): Promise<number> {
  const unfinished = `${file}.unfinished`;
  const zip = new ZipFile();
  for (const { name, content } of files) zip.addBuffer(content, name, { mtime: now, mode: 0o100600 });
  zip.end();
  try {
    await pipeline(zip.outputStream, createWriteStream(unfinished, { mode: 0o600 }));
    await rename(unfinished, file);
    return (await stat(file)).size;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError('input-invalid', { what: file, reason: `It cannot be written: ${reason}.` }, { cause: error });
  }
}
