/**
 * What a worker costs that waits for jobs: the application, in a group and connected to a real service, in the tray and with its window.
 * Processor time over a minute, and memory, of all its processes. Linux only.
 */
import { join } from 'node:path';
import { connectToWorker, joinGroup, root, startProgram, type Account, type Service } from '../test/harness/stack.ts';
import { readCpu } from './costs.ts';
import { proportionalBytes, treeOf } from './memory.ts';
import type { Figure } from './statistics.ts';

export interface IdleOptions {
  service: Service;
  account: Account;
  folder: string;
  quick: boolean;
}

/** Packs are unpacked, runtimes looked for and waiting sandboxes started by then. */
const settleMs = 20_000;
const minuteMs = 60_000;

export async function measureIdle({ service, account, folder, quick }: IdleOptions): Promise<Figure[]> {
  const executable = process.env['HRW_BENCH_ELECTRON'];
  if (executable === undefined || process.platform !== 'linux') return [];
  const figures: Figure[] = [];
  for (const [what, words] of [
    ['in the tray', ['--hidden']],
    ['with its window', []],
  ] as const) {
    const switches = (process.env['HRW_BENCH_ELECTRON_SWITCHES'] ?? '').split(' ').filter((one) => one !== '');
    const dataFolder = join(folder, `idle-${what.replaceAll(/\W+/g, '-')}`);
    const program = startProgram(executable, [...switches, root, '--data', dataFolder, ...words], {
      logFile: `${dataFolder}.log`,
    });
    try {
      const control = await connectToWorker(dataFolder, program);
      await joinGroup(control, service, account, `idle-${what.replaceAll(/\W+/g, '-')}`);
      await control.close();
      await wait(quick ? 5_000 : settleMs);
      const before = processorMsOf(program.pid);
      const begin = performance.now();
      await wait(quick ? 10_000 : minuteMs);
      const after = processorMsOf(program.pid);
      const minutes = (performance.now() - begin) / minuteMs;
      const usedMs = [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? 0), 0);
      const bytes = treeOf(program.pid).reduce((sum, pid) => sum + proportionalBytes(pid), 0);
      figures.push(
        { what: `registered application ${what}: processor time a minute`, value: usedMs / minutes, unit: 'ms' },
        { what: `registered application ${what}: all its processes`, value: bytes / 1e6, unit: 'MB' },
      );
    } finally {
      await program.stop();
    }
  }
  return figures;
}

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** By process; one that begins meanwhile has used all of its time meanwhile. */
function processorMsOf(root: number): Map<number, number> {
  const found = new Map<number, number>();
  for (const pid of treeOf(root)) {
    try {
      found.set(pid, readCpu(pid).ownMs);
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}
