/**
 * Starts a runtime before its job is known, and gives it the job. Nothing of a job is in its command line or environment; what is
 * fixed when it starts (user, limits, culture, executable) was asked for by the engine, which gives it only jobs that want the same.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { RunbookUser, WarmOrder } from '../../src-contract/sandbox.ts';
import { giveTo } from '../platform/start-as.ts';
import { clearGround, furnish, prepareGround, type Ground } from './ground.ts';
import type { Runtime, RuntimeRequest, WarmHandOver } from './ports.ts';
import { warmEnvironment } from './runtime-environment.ts';
import { RuntimeProcess, type WarmRuntime } from './runtime-process.ts';

/** Resolves when it waits. Throws when it cannot be made ready; nothing is left running then. */
export async function prepareWarmGround(
  order: WarmOrder,
  runtimes: readonly Runtime[],
  inherited: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Ground> {
  const { warmFolder, limits, runtime: wanted } = order;
  const ground = await prepareGround(warmFolder, limits);
  const runtime = wanted === null ? undefined : runtimes.find((one) => one.kinds.includes(wanted.kind));
  if (wanted === null || runtime?.warm === undefined) return ground;
  try {
    return await startRuntime(ground, runtime, runtime.warm, wanted.executable, order, inherited, signal);
  } catch (error) {
    await ground.tree.end();
    await clearGround(Promise.resolve(ground));
    throw error;
  }
}

async function startRuntime(
  ground: Ground,
  runtime: Runtime,
  { start }: NonNullable<Runtime['warm']>,
  executable: string,
  { culture, runAs }: WarmOrder,
  inherited: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Ground> {
  const { pipes, tree, workFolder, privateFolder } = ground;
  const { reportPipe, controlPipe } = pipes;
  const command = await start({ executable, workFolder, privateFolder, reportPipe, controlPipe, culture });
  const terminal = await furnish(ground, runAs, runtime.readHost !== undefined);
  const environment = {
    ...warmEnvironment({
      inherited,
      platform: process.platform,
      workFolder,
      userName: runAs.kind === 'other' ? runAs.name : undefined,
    }),
    ...command.environment,
    ...(terminal && { TERM: 'xterm-256color' }),
    ...tree.environment,
  };
  let said = '';
  const shown = (chunk: Buffer): void => void (said = (said + chunk.toString('utf8')).slice(-2000));
  let hear: (chunk: Buffer) => void = () => undefined;
  const child = new RuntimeProcess(
    { command, environment, workFolder, runAs, tree, pipes, terminal, isAhead: true },
    { output: shown, error: shown, report: (chunk) => hear(chunk) },
  );
  await new Promise<void>((resolve, reject) => {
    const reader = runtime.readHost?.({ ...nothing, ready: resolve, garbled: (reason) => reject(new Error(reason)) });
    hear = (chunk) => reader?.push(chunk);
    signal.addEventListener('abort', () => reject(new Error('nobody needs it any more')), { once: true });
    void child.ended.then((end) => {
      const how = end.kind === 'ended' ? `it ended with ${String(end.exitCode ?? end.signal)}` : end.reason;
      reject(new Error(`the runtime was not ready: ${how}: ${said.trim()}`));
    });
  });
  return { ...ground, warm: { runtime, executable, runAs, command, process: child, terminal } };
}

const nothing = {
  begun: () => undefined,
  text: () => undefined,
  progress: () => undefined,
  progressLeftOut: () => undefined,
  ended: () => undefined,
};

/** Whether it can take this job. */
export function fits(warm: WarmRuntime, runtime: Runtime, executable: string, runAs: RunbookUser): boolean {
  return (
    warm.runtime === runtime &&
    warm.executable === executable &&
    JSON.stringify(warm.runAs) === JSON.stringify(runAs) &&
    !warm.process.hasExited
  );
}

/** Everything that the job brings, where the runtime finds it when it is told. */
export async function giveJob(
  { folder }: Pick<Ground, 'folder'>,
  { runtime, runAs }: WarmRuntime,
  request: RuntimeRequest,
  environment: Record<string, string>,
): Promise<WarmHandOver> {
  if (runtime.warm === undefined) throw new Error('a runtime that cannot wait was started ahead');
  // New, and closed to the other user until it is whole: that user's processes are there already.
  const privateFolder = path.join(folder, 'job');
  await mkdir(privateFolder, { mode: 0o700 });
  const owner = runAs.kind === 'other' ? runAs : undefined;
  const handOver = await runtime.warm.give({ request: { ...request, privateFolder }, environment, owner });
  giveTo(runAs, privateFolder);
  return handOver;
}
