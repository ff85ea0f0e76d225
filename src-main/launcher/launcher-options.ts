/** What the launcher is made with, and what it starts a sandbox with. */
import type { SandboxHandOver } from '../../src-contract/sandbox.ts';
import type { Command } from '../platform/executables.ts';
import type { LauncherListener } from './launcher-listener.ts';
import type { ServiceConnection } from './renewed-connection.ts';
import type { LaunchFacts } from './sandbox-folders.ts';
import type { WarmPairs } from './warm-pairs.ts';

export interface LauncherOptions {
  sandboxesFolder: string;
  journalsFolder: string;
  executable: Command;
  environment: NodeJS.ProcessEnv;
  now: () => Date;
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  retryDelayMs: (failures: number, error: unknown) => number;
  /** For finishing a dead sandbox; undefined when this worker no longer has a certificate for that account. */
  connectService: (launch: LaunchFacts, known: ReadonlySet<string>) => Promise<ServiceConnection | undefined>;
  listener: LauncherListener;
  /** Sandboxes that wait; without any, each is started when its job comes. */
  warm?: WarmPairs;
}

/** Known at once, so that the sandbox counts from the moment it was decided on. */
export type NewSandbox = Pick<LaunchFacts, 'sandboxId' | 'groupName' | 'jrdsUri' | 'accountId'> & {
  /** Of the job's runbook, where the service has said it. */
  kind?: string | undefined;
};
/** The rest of the hand-over, which may have to be read first. */
export type HandOverParts = Pick<
  SandboxHandOver,
  | 'address'
  | 'credential'
  | 'runtimes'
  | 'stopGraceSeconds'
  | 'startLimitSeconds'
  | 'culture'
  | 'policy'
  | 'runAs'
  | 'limits'
  | 'onlyJobId'
>;
