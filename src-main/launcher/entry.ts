/** One sandbox as the launcher holds it. */
import type { SandboxReport } from '../../src-contract/sandbox.ts';
import type { SandboxSnapshot } from './launcher-listener.ts';
import type { LaunchFacts } from './sandbox-folders.ts';
import type { SandboxLink } from './sandbox-link.ts';

export interface Entry {
  launch: LaunchFacts;
  report: SandboxReport | undefined;
  status: 'running' | 'finishing';
  link: SandboxLink | undefined;
  /** It has said that it ends, and its connection has closed: it no longer takes a slot. */
  isEnding: boolean;
  howEnded: Promise<string> | undefined;
  /** It was ended by us because it hung; what is said of that. */
  hung: string | undefined;
  /** A newer attempt of its job runs here. */
  isSuperseded: boolean;
  /** Found dead when this engine started: what is removed of it is told. */
  isLeftover: boolean;
}

export function newEntry(launch: LaunchFacts, report: SandboxReport | undefined): Entry {
  return {
    launch,
    report,
    status: 'running',
    link: undefined,
    isEnding: false,
    howEnded: undefined,
    hung: undefined,
    isSuperseded: false,
    isLeftover: false,
  };
}

export function snapshotOf({ launch, report, status }: Entry): SandboxSnapshot {
  return { launch, report, status };
}

/** Those that may still run a job of which `entry` is a newer attempt, and that nobody ends yet. */
export function olderAttempts(entries: Iterable<Entry>, entry: Entry): Entry[] {
  const jobId = entry.report?.jobId ?? null;
  if (jobId === null) return [];
  return [...entries].filter(
    (other) => other.report?.jobId === jobId && mayRun(other.report.phase) && !other.isSuperseded && isOlder(other, entry),
  );
}

const mayRun = (phase: SandboxReport['phase']): boolean => phase === 'loading' || phase === 'running' || phase === 'stopping';

/** Of two attempts at one job: by the service's count where both say it, and differently; else by when they were picked up, of which clocks may think otherwise. */
function isOlder(one: Entry, other: Entry): boolean {
  const [first, second] = [one.report?.attempt ?? null, other.report?.attempt ?? null];
  return first !== null && second !== null && first !== second ? first < second : one.launch.pickedUpAt < other.launch.pickedUpAt;
}
