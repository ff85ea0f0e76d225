/** Whether the packs are on the disk as their publisher signed them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding } from '../../src-contract/diagnostics.ts';
import { evidence } from './evidence.ts';

export interface PackFacts {
  /** `AzureAutomationFiles`. */
  folder: string;
  /** `files` empty: received by a version that did not keep what was signed. */
  packs: readonly { name: string; version: string; folder: string; files: readonly { path: string; sha256: string }[] }[];
}

/** More say no more. */
const namedFiles = 5;

export async function judgePacks({ folder, packs }: PackFacts): Promise<Finding> {
  const rule = 'pack-integrity';
  if (packs.length === 0)
    return {
      rule,
      result: 'not-checked',
      sentence: 'No pack has been received',
      evidence: [],
      repair: 'Connect this machine to a workspace that hands one out; `hrw pack list` on the service shows which do.',
    };
  const results = await Promise.all(
    packs.map(async (pack) => ({ pack, wrong: await wrongFiles(join(folder, pack.folder), pack.files) })),
  );
  const seen = evidence(
    results.map(({ pack, wrong }): [string, string] => [
      `${pack.name} ${pack.version}`,
      pack.files.length === 0
        ? 'received by an earlier version, which kept no list of its files'
        : wrong.length === 0
          ? `${String(pack.files.length)} files as they were signed`
          : [
              ...wrong.slice(0, namedFiles),
              ...(wrong.length > namedFiles ? [`and ${String(wrong.length - namedFiles)} more`] : []),
            ].join(', '),
    ]),
  );
  const broken = results.filter(({ wrong }) => wrong.length > 0).map(({ pack }) => pack.name);
  if (broken.length > 0)
    return {
      rule,
      result: 'failed',
      sentence: `Files of ${broken.join(', ')} are not those that the publisher signed`,
      evidence: seen,
      repair:
        'On the service remove the pack from the workspace and add it again: it is then received anew. If nobody here changed the files, find out who did.',
    };
  const unknown = packs.filter(({ files }) => files.length === 0);
  if (unknown.length > 0)
    return {
      rule,
      result: 'attention',
      sentence: 'A pack was received by an earlier version and cannot be compared',
      evidence: seen,
      repair: 'Its next version can. To have it now, remove the pack from the workspace on the service and add it again.',
    };
  return { rule, result: 'good', sentence: 'Every file of every pack is the one that was signed', evidence: seen, repair: null };
}

async function wrongFiles(folder: string, files: PackFacts['packs'][number]['files']): Promise<string[]> {
  if (files.length === 0) return [];
  const wrong: string[] = [];
  for (const { path, sha256 } of files) {
    const found = await hashOf(join(folder, ...path.split('/')));
    if (found === 'missing') wrong.push(`${path} is missing`);
    else if (found !== sha256) wrong.push(`${path} is changed`);
  }
  const known = new Set(files.map(({ path }) => path));
  for (const path of await filesIn(folder)) if (!known.has(path)) wrong.push(`${path} was added`);
  return wrong;
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(file)) hash.update(piece as Buffer);
  } catch {
    return 'missing';
  }
  return hash.digest('hex');
}

/** Relative, with slashes. By hand: the Node of an older Electron knows neither `recursive` nor an entry's folder. */
async function filesIn(folder: string, prefix = ''): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map((entry) =>
      entry.isDirectory()
        ? filesIn(join(folder, entry.name), `${prefix}${entry.name}/`)
        : Promise.resolve([`${prefix}${entry.name}`]),
    ),
  );
  return found.flat();
}
