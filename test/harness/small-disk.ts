/** A disk of a few pages that a test can fill and empty: a tmpfs of its own, where this user may mount one. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished, type TestContext } from 'vitest';
import { tempFolder } from './temp-folder.ts';

export interface SmallDisk {
  folder: string;
  /** Nothing more can be written afterwards. */
  fill: () => void;
  empty: () => void;
  /** Read-only, as a disk that its kernel gave up; or writable again. */
  setReadOnly: (readOnly: boolean) => void;
}

/** Skips the test, with the reason, where mounting is not allowed. */
export async function smallDisk(context: TestContext, kibibytes: number): Promise<SmallDisk> {
  const folder = await tempFolder();
  const mounted = tryMount(['-t', 'tmpfs', '-o', `size=${String(kibibytes)}k,mode=0700`, 'hrw-test', folder]);
  if (mounted !== undefined) context.skip(`no disk of its own can be mounted here: ${mounted}`);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder]);
  });
  const ballast = path.join(folder, 'ballast');
  return {
    folder,
    fill: () => {
      const file = openSync(ballast, 'a');
      try {
        for (const piece of [Buffer.alloc(64 * 1024), Buffer.alloc(4096), Buffer.alloc(1)]) while (writes(file, piece));
      } finally {
        closeSync(file);
      }
    },
    empty: () => {
      rmSync(ballast, { force: true });
    },
    setReadOnly: (readOnly) => {
      execFileSync('mount', ['-o', `remount,${readOnly ? 'ro' : 'rw'}`, folder]);
    },
  };
}

function writes(file: number, piece: Buffer): boolean {
  try {
    return writeSync(file, piece) === piece.length;
  } catch {
    return false;
  }
}

/** undefined: it worked. */
function tryMount(words: string[]): string | undefined {
  try {
    execFileSync('mount', words, { stdio: ['ignore', 'ignore', 'pipe'] });
    return undefined;
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error).trim();
  }
}
