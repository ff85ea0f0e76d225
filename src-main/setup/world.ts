/** What installing and removing touch, handed in by the composition root: the machine, the worker, the service. */
import type { EngineEvent } from '../../src-contract/engine-calls.ts';
import type { MachineSetup } from '../../src-contract/machine-setup.ts';
import type { Problem } from '../../src-contract/problems.ts';
import type { AskedWorker } from '../../src-contract/refused.ts';
import type { ProxySettings, Trust } from '../../src-contract/settings.ts';

/** The worker over its control channel. */
export interface SetupWorker extends AskedWorker {
  subscribe(listener: (event: EngineEvent) => void): () => void;
  close(): Promise<void>;
}

/** The service in a way that no worker uses yet. */
export interface Way {
  serviceUrl: string;
  trust: Trust;
  proxy: ProxySettings;
}

/** `problem` null: the service answered, and showed that certificate. */
export interface WayFound {
  problem: Problem | null;
  certificate: { issuer: string; fingerprint: string } | null;
}

export interface SetupWorld {
  machine: MachineSetup;
  /** The installation that this program belongs to. */
  own: { version: string; programFolder: string };
  /** Of a worker that is a service of this machine. */
  dataFolder: string;
  /** Throws AppError `engine-not-running` and whatever else keeps a control channel shut. */
  connect(dataFolder: string): Promise<SetupWorker>;
  tryWay(way: Way): Promise<WayFound>;
  sleep: (milliseconds: number) => Promise<void>;
  /** For the log and whoever looks on, a sentence a line. */
  say: (line: string) => void;
}
