/** What a runbook costs without us: the bare interpreter, started the same way, its output read from a pipe and counted. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type BenchKind = 'Bash' | 'Python3' | 'PowerShell7';

export const interpreters: Record<BenchKind, { executable: string; words: string[]; extension: string }> = {
  Bash: { executable: 'bash', words: [], extension: '.sh' },
  Python3: { executable: 'python3', words: ['-u'], extension: '.py' },
  PowerShell7: { executable: 'pwsh', words: ['-NoProfile', '-NonInteractive', '-File'], extension: '.ps1' },
};

export function hasInterpreter(kind: BenchKind): boolean {
  return spawnSync(interpreters[kind].executable, ['--version'], { stdio: 'ignore' }).status === 0;
}

export interface BareRun {
  firstByteMs: number;
  endMs: number;
  bytes: number;
}

export async function runBare(kind: BenchKind, script: string): Promise<BareRun> {
  const { executable, words, extension } = interpreters[kind];
  const folder = mkdtempSync(join(tmpdir(), 'hrw-bench-'));
  const file = join(folder, `runbook${extension}`);
  writeFileSync(file, script);
  try {
    const start = performance.now();
    const child = spawn(executable, [...words, file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let firstByteMs = Number.NaN;
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      if (bytes === 0) firstByteMs = performance.now() - start;
      bytes += chunk.length;
    };
    child.stdout.on('data', count);
    child.stderr.on('data', count);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`${executable} ended with ${String(code)}`);
    return { firstByteMs, endMs: performance.now() - start, bytes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
