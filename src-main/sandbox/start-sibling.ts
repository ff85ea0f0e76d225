/** A service that puts several jobs into one sandbox gets one process for each all the same: a job must not fall with another. */
import { spawn } from 'node:child_process';
import type { SandboxHandOver } from '../../src-contract/sandbox.ts';
import type { Command } from '../platform/executables.ts';

/** The same program with the same hand-over, but for one job and with a folder of its own. It owns itself from its first line on. Answers its pid. */
export function startSibling(
  { file, leading }: Command,
  handOver: SandboxHandOver,
  jobId: string,
  environment: NodeJS.ProcessEnv,
): number | undefined {
  const child = spawn(file, leading, {
    detached: true,
    env: environment,
    stdio: ['pipe', 'ignore', 'ignore'],
    windowsHide: true,
  });
  // A sibling that cannot be started leaves its job to the service, which hands it out again.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  // Short, because the control endpoint's path in it must be.
  const sandboxFolder = `${handOver.sandboxFolder}.${jobId.slice(0, 8)}`;
  const given: SandboxHandOver = { ...handOver, sandboxFolder, onlyJobId: jobId };
  child.stdin.end(`${JSON.stringify(given)}\n`);
  child.unref();
  return child.pid;
}
