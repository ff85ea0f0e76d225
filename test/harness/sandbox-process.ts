/** A real sandbox process for tests: started as the engine starts it, from the built program, with what this machine can run. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import {
  noLimits,
  sandboxContractVersion,
  sandboxReport,
  type SandboxHandOver,
  type SandboxReport,
  type WarmOrder,
} from '../../src-contract/sandbox.ts';
import { channelAddress, removeAddress } from '../../src-main/channel/channel-address.ts';
import { startSandboxProcess, startWaitingSandbox, type WaitingSandbox } from '../../src-main/launcher/sandbox-process.ts';
import { writeLaunchFacts } from '../../src-main/launcher/sandbox-folders.ts';
import { resolveExecutables } from '../../src-main/platform/executables.ts';
import { ProcessTree, processTreeFileName, processTreePlace } from '../../src-main/platform/process-tree.ts';
import { findRuntimes } from '../../src-main/platform/runtimes.ts';
import { journalPath, sandboxLayout } from '../../src-main/storage/layout.ts';
import type { ScriptedJrds } from '../fakes/scripted-jrds.ts';
import { mustEndWithTest } from './leftovers.ts';
import { tempFolder } from './temp-folder.ts';

const root = path.join(import.meta.dirname, '..', '..');
const executable = resolveExecutables({ mode: 'checkout', folder: path.join(root, 'out'), platform: process.platform }).sandbox;

export interface RunningSandbox {
  pid: number;
  folder: string;
  journal: string;
  /** How its process ended, in words. */
  ended: Promise<string>;
  /** What it last wrote of itself. */
  state(): Promise<SandboxReport>;
  /** Living processes of its job. */
  members(): number[];
  lastWords(): string;
}

/** One that waits for its job, with a PowerShell that does. */
export async function waitingSandbox(
  change: Partial<WarmOrder> = {},
  dataFolder?: string,
): Promise<{ waiting: WaitingSandbox; dataFolder: string; warmFolder: string }> {
  const data = dataFolder ?? (await tempFolder());
  const warmFolder = path.join(data, 'sandboxes', `warm.${randomUUID().slice(0, 8)}`);
  await mkdir(warmFolder, { recursive: true, mode: 0o700 });
  const runtimes = await findRuntimes({ environment: process.env, platform: process.platform });
  const runtime = runtimes.find((one) => one.kind === 'PowerShell7');
  const order: WarmOrder = {
    contractVersion: sandboxContractVersion,
    warmFolder,
    runtime: runtime === undefined ? null : { kind: runtime.kind, executable: runtime.executable },
    culture: '',
    runAs: { kind: 'own', name: userInfo().username },
    limits: noLimits,
    ...change,
  };
  const waiting = await startWaitingSandbox({
    executable,
    order,
    environment: process.env,
    timeoutMs: 60_000,
    signal: new AbortController().signal,
  });
  mustEndWithTest(waiting.process.pid);
  onTestFinished(async () => {
    await waiting.end();
    await endJobOf(warmFolder);
  });
  return { waiting, dataFolder: data, warmFolder };
}

export async function runSandbox(
  jrds: ScriptedJrds,
  change: Partial<SandboxHandOver> = {},
  environment: NodeJS.ProcessEnv = process.env,
  dataFolder?: string,
  waiting?: WaitingSandbox,
): Promise<RunningSandbox> {
  const data = dataFolder ?? (await tempFolder());
  const sandboxesFolder = path.join(data, 'sandboxes');
  const journalsFolder = path.join(data, 'journals');
  const { folder, stateFile } = sandboxLayout(sandboxesFolder, jrds.sandboxId);
  // Looking for them starts each once; a busy machine may take longer for that than the search waits.
  const runtimes = change.runtimes ?? (await findRuntimes({ environment: process.env, platform: process.platform }));
  const handOver = jrds.handOver({ sandboxFolder: folder, journalsFolder, runtimes, ...change });
  await writeLaunchFacts(sandboxesFolder, {
    sandboxId: jrds.sandboxId,
    groupName: handOver.groupName,
    pickedUpAt: new Date().toISOString(),
    jrdsUri: handOver.address.jrdsUri,
    accountId: handOver.address.accountId,
    process: null,
    warmFolder: null,
  });
  const started = await (waiting?.handOver(handOver) ?? startSandboxProcess({ executable, handOver, environment }));
  const { pid } = started.process;
  mustEndWithTest(pid);
  onTestFinished(async () => {
    // Where a test failed in the middle, nothing of its job may outlive it.
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
    await started.ended;
    await endJobOf(folder);
    // As the launcher does for a sandbox that was killed: its sockets may lie outside its folder.
    for (const name of ['control', 'runtime']) await removeAddress(channelAddress(folder, name));
  });
  return {
    pid,
    folder,
    journal: journalPath(handOver.journalsFolder, jrds.jobId, jrds.sandboxId),
    ended: started.ended.then((how) => (how === endedWell ? how : `${how}: ${readLastWords(folder)}`)),
    state: async () => sandboxReport.parse(JSON.parse(await readFile(stateFile, 'utf8'))),
    members: () => treeOf(folder)?.members() ?? [],
    lastWords: () => readLastWords(folder),
  };
}

function readLastWords(folder: string): string {
  return readFileSync(path.join(folder, 'stderr.log'), 'utf8');
}

export const endedWell = 'its process ended with code 0';

function treeOf(folder: string): ProcessTree | undefined {
  try {
    const text = readFileSync(path.join(folder, processTreeFileName), 'utf8');
    return ProcessTree.reopen(processTreePlace.parse(JSON.parse(text)));
  } catch {
    return undefined;
  }
}

async function endJobOf(folder: string): Promise<void> {
  const tree = treeOf(folder);
  await tree?.end();
  tree?.dispose();
}

/** Looks until it is so; fails after a while with what was waited for. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
