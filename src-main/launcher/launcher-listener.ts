/** What the launcher tells whoever made it. */
import type { AppError } from '../../src-contract/app-error.ts';
import type { SandboxReport } from '../../src-contract/sandbox.ts';
import type { LaunchFacts } from './sandbox-folders.ts';

export interface SandboxSnapshot {
  launch: LaunchFacts;
  report: SandboxReport | undefined;
  status: 'running' | 'finishing';
}

export interface LauncherListener {
  /** How many take a slot. */
  countChanged: (running: number) => void;
  changed: (sandbox: SandboxSnapshot) => void;
  adopted: (sandbox: SandboxSnapshot) => void;
  notStarted: (launch: LaunchFacts, error: AppError) => void;
  /** A sandbox died without having ended its job; `seen` says what is known of its death. */
  crashed: (sandbox: SandboxSnapshot, seen: string) => void;
  /** The last word about a sandbox in which no job ran: its id may be started anew. */
  gone: (sandbox: SandboxSnapshot) => void;
  /** The last word about a sandbox; its folder goes when the promise resolves. */
  ended: (sandbox: SandboxSnapshot) => Promise<void>;
  /** Something that was left of an earlier run was removed. */
  leftoverRemoved: (what: string) => void;
  fault: (error: unknown, what: string) => void;
}
