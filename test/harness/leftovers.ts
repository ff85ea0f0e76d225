/**
 * What a test leaves behind: live timers, children, listeners, sockets, watchers (as Node itself counts what keeps it alive),
 * processes that were said to end, and anything in the file's TMPDIR.
 */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { isFoldersOfTheFile } from './temp-folder.ts';
import { liveTimers } from './timers.ts';

// Taken before any test may put a fake clock in their place.
const realSetTimeout = globalThis.setTimeout;
const realNow = performance.now.bind(performance);

/** What takes a moment to go by itself (a socket's last packets, a child's exit) is waited for this long. */
const patienceMs = 2_000;
const lookAgainMs = 20;

/** Timers are counted apart: see timers.ts. */
const watchedKinds = ['ProcessWrap', 'TCPServerWrap', 'TCPSocketWrap', 'PipeWrap', 'UDPWrap', 'FSEventWrap', 'StatWatcher'];

/** Left by foreign programs on purpose: .NET's and Chromium's sockets, which go with the process or are theirs to clean. */
const foreignFiles = /^([.]org[.]chromium[.]|[.]com[.]google[.]|clr-debug-pipe-|dotnet-diagnostic-|CoreFxPipe_|[.]dotnet$)/;

const mustEnd = new Set<number>();

/** Says that this process, started by the test or by a program under test, must have ended when the test has. */
export function mustEndWithTest(pid: number): void {
  mustEnd.add(pid);
}

export interface Baseline {
  resources: Map<string, number>;
  timers: Map<object, string>;
  files: Set<string>;
}

export function takeBaseline(folder: string): Baseline {
  return { resources: countResources(), timers: liveTimers(), files: new Set(readdirSync(folder)) };
}

/** @throws naming everything that is still there after a moment of patience */
export async function expectNothingLeft(folder: string, baseline: Baseline): Promise<void> {
  const deadline = realNow() + patienceMs;
  for (;;) {
    const left = [...leftResources(baseline), ...leftTimers(baseline), ...leftProcesses(), ...leftFiles(folder, baseline)];
    if (left.length === 0) return;
    if (realNow() > deadline) {
      endLeftProcesses();
      throw new Error(`The test left behind: ${left.join(', ')}. Whoever opens something closes it, also when the test fails.`);
    }
    await new Promise((resolve) => realSetTimeout(resolve, lookAgainMs));
  }
}

function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

function leftResources(baseline: Baseline): string[] {
  const now = countResources();
  return watchedKinds.flatMap((kind) => {
    const more = (now.get(kind) ?? 0) - (baseline.resources.get(kind) ?? 0);
    return more > 0 ? [`${more} × ${kind}`] : [];
  });
}

function leftTimers(baseline: Baseline): string[] {
  return [...liveTimers()].filter(([timer]) => !baseline.timers.has(timer)).map(([, setBy]) => `a timer set near ${setBy}`);
}

function leftProcesses(): string[] {
  for (const pid of mustEnd) if (!isAlive(pid)) mustEnd.delete(pid);
  return [...mustEnd].map((pid) => `process ${pid}`);
}

/** So that one test's fault does not become the next one's. */
function endLeftProcesses(): void {
  for (const pid of mustEnd) {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  }
  mustEnd.clear();
}

function leftFiles(folder: string, baseline: Baseline): string[] {
  return readdirSync(folder)
    .filter((name) => !baseline.files.has(name) && !foreignFiles.test(name) && !isFoldersOfTheFile(path.join(folder, name)))
    .map((name) => `${name} in the temporary folder${contentOf(path.join(folder, name))}`);
}

function contentOf(left: string): string {
  if (!statSync(left, { throwIfNoEntry: false })?.isDirectory()) return '';
  return ` (with ${readdirSync(left).join(' and ') || 'nothing in it'})`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
