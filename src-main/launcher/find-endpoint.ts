/** Where a sandbox listens, as its own files say: at once, or a little later by one whose engine died while it was starting. */
import { existsSync } from 'node:fs';
import type { ProcessIdentity } from '../../src-contract/sandbox.ts';
import { isRunning } from '../platform/process-identity.ts';
import { sandboxLayout } from '../storage/layout.ts';
import type { Entry } from './entry.ts';
import { readControlKey, readSandboxFolder, type FoundSandbox } from './sandbox-folders.ts';

const lookMs = 50;
/** A process that was started and has not said anything after this many looks (10 s) never will. */
const looksForState = 200;
/** From here on (10 s) something is wrong, and it is looked for less often. */
const looksBeforeFault = 200;
const slowLookMs = 1000;
/** As long as a sandbox may leave questions unanswered (sandbox-link.ts): longer than any service waits for a word of it. */
const slowLooksBeforeEnd = 200;

interface Looking {
  sandboxesFolder: string;
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  signal: AbortSignal;
}

export type Endpoint =
  | { kind: 'found'; address: string; key: Uint8Array }
  /** Its process has ended. */
  | { kind: 'gone' }
  /** Its process runs, and will not say it: for so long. */
  | { kind: 'silent'; waitedMs: number };

/** undefined: the signal fired first. `onTrouble` is told once, before it is given up. */
export async function findEndpoint(
  entry: Entry,
  identity: ProcessIdentity,
  { sandboxesFolder, sleep, signal, onTrouble }: Looking & { onTrouble: () => void },
): Promise<Endpoint | undefined> {
  const { sandboxId } = entry.launch;
  const startedMs = performance.now();
  for (let looks = 0; !signal.aborted; looks += 1) {
    const { report } = await readSandboxFolder(sandboxesFolder, sandboxId);
    const key = await readControlKey(sandboxesFolder, sandboxId);
    entry.report ??= report;
    if (report !== undefined && key !== undefined) return { kind: 'found', address: report.controlAddress, key };
    if (!isRunning(identity)) return { kind: 'gone' };
    if (looks === looksBeforeFault) onTrouble();
    // Looks are counted, not hours: a machine that sleeps makes none.
    if (looks === looksBeforeFault + slowLooksBeforeEnd) return { kind: 'silent', waitedMs: performance.now() - startedMs };
    await sleep(looks < looksBeforeFault ? lookMs : slowLookMs, signal);
  }
  return undefined;
}

/** undefined: the folder has gone, nothing says anything in it, or the signal fired. */
export async function waitForState(
  sandboxId: string,
  { sandboxesFolder, sleep, signal }: Looking,
): Promise<FoundSandbox | undefined> {
  for (let looks = 0; looks < looksForState && !signal.aborted; looks += 1) {
    const found = await readSandboxFolder(sandboxesFolder, sandboxId);
    if (found.report !== undefined) return found;
    if (!existsSync(sandboxLayout(sandboxesFolder, sandboxId).folder)) return undefined;
    await sleep(lookMs, signal);
  }
  return undefined;
}

/** false: the signal fired before it had ended. */
export async function endProcess(
  identity: ProcessIdentity,
  { sleep, signal }: Omit<Looking, 'sandboxesFolder'>,
): Promise<boolean> {
  if (isRunning(identity)) process.kill(identity.pid, 'SIGKILL');
  while (!signal.aborted) {
    if (!isRunning(identity)) return true;
    await sleep(lookMs, signal);
  }
  return false;
}
