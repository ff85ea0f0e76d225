/**
 * What an attempt came to. Pure: facts in, one outcome with its reason out.
 *
 * - An exit code alone is believed only of runtimes without a host of ours. With one, both its last word and the process's end are needed.
 * - A runtime that dies of its own fault (SIGSEGV and its like) has failed: running it again would most likely end the same way. One that
 *   was ended by another signal was interrupted from outside (somebody's kill, the kernel short of memory): the rerun policy decides.
 * - What a limit or this machine's policy has ended has failed too, whatever signal it was: it would run into the limit again. One that met a limit and completed all
 *   the same has completed.
 * - A missing runtime is a failure, not `never-started`: no other attempt on this machine would find it either.
 */
import { AppError } from '../../src-contract/app-error.ts';
import type { AttemptOutcome } from '../../src-contract/kinds.ts';

export interface HostWords {
  /** Version of the runtime, as its host gave it. */
  begun: string | undefined;
  ended: { exitCode: number; exception: string | null } | undefined;
  garbled: string | undefined;
}

/** A host that had not begun the runbook when its time was over; it was ended. */
export interface StuckStart {
  seconds: number;
  /** Libraries in its process. */
  modules: readonly string[];
}

export type RuntimeEnd =
  /** It could not be started at all. */
  | { kind: 'not-started'; reason: string }
  /** It did not come to that: this machine could not make ready what a job needs. */
  | { kind: 'not-prepared'; reason: string }
  | {
      kind: 'ended';
      exitCode: number | null;
      signal: NodeJS.Signals | null;
      /** undefined: this runtime has no host of ours. */
      host: HostWords | undefined;
      /** The last part of what it wrote to stderr, or to its console. */
      errorTail: string;
      stuck?: StuckStart;
      /** A limit of this worker that the job ran into, as a clause. */
      limitHit?: string | undefined;
    };

export interface AttemptFacts {
  /** As a person reads it: Bash 5.2.15. */
  runtime: string;
  end: RuntimeEnd | undefined;
  /** Who or what asked to stop; undefined when nobody did. */
  stopReason: string | undefined;
  /** What the job says where this machine's policy has ended it for running too long. */
  overrun: string | undefined;
  /** The service has given up on this attempt. */
  fenced: boolean;
  /** The line of the Suspend-Workflow that ended it; the service has the checkpoint. */
  suspendedAt: number | undefined;
}

export interface Verdict {
  outcome: AttemptOutcome;
  /** A clause; for a failed attempt the exception as the job shows it. */
  reason: string;
  exitCode: number | null;
}

const faults = new Set<NodeJS.Signals>([
  'SIGSEGV',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGABRT',
  'SIGTRAP',
  'SIGSYS',
  'SIGXFSZ',
  'SIGXCPU',
]);

export function decideOutcome({ runtime, end, stopReason, overrun, fenced, suspendedAt }: AttemptFacts): Verdict {
  const exitCode = end?.kind === 'ended' ? (end.host?.ended?.exitCode ?? end.exitCode) : null;
  if (fenced) return { outcome: 'interrupted', reason: 'the service gave up on this attempt', exitCode };
  // Before a stop by a person: that came while it was being ended, or the policy would not have come to it.
  if (overrun !== undefined) return { outcome: 'failed', reason: overrun, exitCode };
  if (stopReason !== undefined) return { outcome: 'stopped', reason: stopReason, exitCode };
  if (end === undefined) return { outcome: 'never-started', reason: 'the runtime was not started', exitCode };
  if (end.kind === 'not-prepared') return { outcome: 'never-started', reason: end.reason, exitCode };
  if (end.kind === 'not-started') return { outcome: 'failed', reason: end.reason, exitCode };
  const verdict = end.host === undefined ? judgeByExit(runtime, end) : judgeByHost(runtime, end, end.host, exitCode);
  if (verdict.outcome === 'completed') {
    if (suspendedAt === undefined) return verdict;
    return { outcome: 'suspended', reason: `the workflow suspended itself at line ${String(suspendedAt)}`, exitCode };
  }
  if (end.limitHit === undefined) return verdict;
  return { outcome: 'failed', reason: `A limit of this worker: ${end.limitHit}. ${sentenceOf(verdict.reason)}`, exitCode };
}

function sentenceOf(clause: string): string {
  return clause.charAt(0).toUpperCase() + clause.slice(1);
}

type Ended = Extract<RuntimeEnd, { kind: 'ended' }>;

function judgeByExit(runtime: string, { exitCode, signal, errorTail }: Ended): Verdict {
  if (signal !== null) {
    return faults.has(signal)
      ? { outcome: 'failed', reason: withTail(`${runtime} crashed (${signal})`, errorTail), exitCode }
      : { outcome: 'interrupted', reason: `${runtime} was ended by ${signal}, which did not come from here`, exitCode };
  }
  if (exitCode === 0) return { outcome: 'completed', reason: 'the runbook ended with exit code 0', exitCode };
  const words = errorTail.trim();
  return {
    outcome: 'failed',
    reason: words === '' ? `The runbook ended with exit code ${String(exitCode)}.` : words,
    exitCode,
  };
}

function judgeByHost(runtime: string, end: Ended, host: HostWords, exitCode: number | null): Verdict {
  const how = end.signal === null ? `ended with exit code ${String(end.exitCode)}` : `was ended by ${end.signal}`;
  if (host.begun === undefined && end.stuck !== undefined)
    return { outcome: 'never-started', reason: describeStuck(runtime, end.stuck, end.errorTail), exitCode };
  if (host.begun === undefined) {
    const reason = withTail(`${runtime} ${how} before it began the runbook`, end.errorTail);
    return { outcome: 'never-started', reason, exitCode };
  }
  if (host.garbled !== undefined)
    return { outcome: 'interrupted', reason: `what ${runtime} reported cannot be read: ${host.garbled}`, exitCode };
  if (host.ended === undefined) {
    const reason = withTail(`${runtime} ${how} in the middle of the runbook`, end.errorTail);
    return { outcome: 'interrupted', reason, exitCode };
  }
  if (host.ended.exception !== null) return { outcome: 'failed', reason: host.ended.exception, exitCode };
  if (host.ended.exitCode !== 0)
    return { outcome: 'failed', reason: `The runbook ended with exit code ${String(host.ended.exitCode)}.`, exitCode };
  return { outcome: 'completed', reason: 'the runbook ended', exitCode };
}

function describeStuck(runtime: string, { seconds, modules }: StuckStart, errorTail: string): string {
  const loaded = modules.length === 0 ? 'what is loaded into it could not be read' : `loaded into it: ${modules.join(', ')}`;
  return withTail(`${runtime} had not begun the runbook after ${String(seconds)} s and was ended; ${loaded}`, errorTail);
}

function withTail(sentence: string, errorTail: string): string {
  const words = errorTail.trim();
  return words === '' ? sentence : `${sentence}: ${words}`;
}

/** In no other's name than the one that the settings have: another worker of the group may be able to. */
export function cannotRunAs({ name, reason }: { name: string; reason: string }): Verdict {
  const { title, text } = new AppError('run-as-unavailable', { user: name, reason }).toProblem();
  return { outcome: 'never-started', reason: `${title}. ${text}`, exitCode: null };
}
