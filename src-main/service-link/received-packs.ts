/** `packs.json`: which packs were received, when, with which hash. Only the pack receiver writes it. */
import { open, readFile, rename } from 'node:fs/promises';
import * as z from 'zod';

const receivedPack = z.object({
  name: z.string(),
  version: z.string(),
  folder: z.string(),
  /** SHA-256 of the archive, lower-case hex. */
  sha256: z.string(),
  receivedAt: z.string(),
  /** What was unpacked, as the publisher signed it; empty where an earlier version received the pack. Paths with slashes. */
  files: z.array(z.object({ path: z.string(), sha256: z.string() })).default([]),
});
export type ReceivedPack = z.infer<typeof receivedPack>;

const receivedPacks = z.object({ version: z.literal(1), packs: z.array(receivedPack) });

/** A file that cannot be read is set aside and stands for "none": every pack is then fetched again, over the folders that are there. */
export async function readReceivedPacks(file: string): Promise<ReceivedPack[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    return receivedPacks.parse(JSON.parse(text)).packs;
  } catch {
    await rename(file, `${file}.unreadable`);
    return [];
  }
}

export async function writeReceivedPacks(file: string, packs: readonly ReceivedPack[]): Promise<void> {
  const sibling = `${file}.new`;
  const handle = await open(sibling, 'w');
  try {
    await handle.writeFile(`${JSON.stringify({ version: 1, packs }, undefined, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(sibling, file);
}
