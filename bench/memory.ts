/** Resident memory of service, headless worker, and the Electron application with its window open and closed. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectToWorker, root, startProgram, unwrap } from '../test/harness/stack.ts';
import type { Figure } from './statistics.ts';

export interface MemoryOptions {
  servicePid: number;
  workerPid: number;
  folder: string;
}

const settleMs = 3000;

export async function measureMemory({ servicePid, workerPid, folder }: MemoryOptions): Promise<Figure[]> {
  const figures: Figure[] = [
    { what: 'service, after the runs above', value: megabytes(residentBytes(servicePid)), unit: 'MB' },
    { what: 'headless worker, after the runs above', value: megabytes(residentBytes(workerPid)), unit: 'MB' },
  ];
  for (const [what, words] of [
    ['application with its window', []],
    ['application in the tray, no window', ['--hidden']],
  ] as const) {
    const app = await measureApplication(join(folder, what.replaceAll(/\W+/g, '-')), words);
    if (app === undefined) return figures;
    figures.push({ what: `${what}, all its processes`, value: megabytes(app), unit: 'MB' });
  }
  return figures;
}

/** undefined where there is no display or no Electron. The sum counts pages that its processes share once (PSS). */
async function measureApplication(dataFolder: string, words: readonly string[]): Promise<number | undefined> {
  const executable = process.env['HRW_BENCH_ELECTRON'];
  if (executable === undefined) return undefined;
  const switches = (process.env['HRW_BENCH_ELECTRON_SWITCHES'] ?? '').split(' ').filter((one) => one !== '');
  const program = startProgram(executable, [...switches, root, '--data', dataFolder, ...words], { logFile: `${dataFolder}.log` });
  try {
    const control = await connectToWorker(dataFolder, program);
    unwrap(await control.call('worker:state', {}));
    await control.close();
    await new Promise((done) => setTimeout(done, settleMs));
    return treeOf(program.pid).reduce((sum, pid) => sum + proportionalBytes(pid), 0);
  } finally {
    await program.stop();
  }
}

const megabytes = (bytes: number): number => bytes / 1e6;

function residentBytes(pid: number): number {
  return readKilobytes(`/proc/${String(pid)}/status`, 'VmRSS') * 1024;
}

export function proportionalBytes(pid: number): number {
  try {
    return readKilobytes(`/proc/${String(pid)}/smaps_rollup`, 'Pss') * 1024;
  } catch {
    return 0; // it ended meanwhile
  }
}

function readKilobytes(file: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'));
  if (found?.[1] === undefined) throw new Error(`${file} has no ${name}`);
  return Number(found[1]);
}

export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // It ended while we looked.
    }
  }
  const found = [pid];
  for (let index = 0; index < found.length; index += 1) found.push(...(children.get(found[index] ?? 0) ?? []));
  return found;
}
