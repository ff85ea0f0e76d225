/** Gives a job to a sandbox that waits for one, and clears away where it waited. */
import type { SandboxHandOver } from '../../src-contract/sandbox.ts';
import { removeFolder } from '../platform/remove-folder.ts';
import { endDeadTree } from './dead-tree.ts';
import type { Entry } from './entry.ts';
import type { LauncherListener } from './launcher-listener.ts';
import { writeLaunchFacts, type LaunchFacts } from './sandbox-folders.ts';
import type { StartedSandbox } from './sandbox-process.ts';
import type { TakenPair } from './warm-pairs.ts';

/** Written down before it is told, so that the next engine knows whom to ask about. undefined: it has died waiting, and nothing of it is left. */
export async function handToWaiting(
  entry: Entry,
  { waiting, folder: warmFolder }: TakenPair,
  handOver: SandboxHandOver,
  { sandboxesFolder, listener }: { sandboxesFolder: string; listener: Pick<LauncherListener, 'fault'> },
): Promise<StartedSandbox | undefined> {
  entry.launch = { ...entry.launch, process: waiting.process, warmFolder };
  try {
    await writeLaunchFacts(sandboxesFolder, entry.launch);
    return await waiting.handOver(handOver);
  } catch (error) {
    listener.fault(error, `hand job ${handOver.sandboxId} to a sandbox that waited`);
    await waiting.end();
    await removeWarmFolder(entry.launch);
    entry.launch = { ...entry.launch, process: null, warmFolder: null };
    return undefined;
  }
}

export async function removeWarmFolder({ warmFolder }: Pick<LaunchFacts, 'warmFolder'>): Promise<void> {
  if (warmFolder === null) return;
  await endDeadTree(warmFolder);
  await removeFolder(warmFolder);
}
