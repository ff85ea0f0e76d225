/** What installing and removing touch, handed in by the composition root: the machine, the worker, the service. */
import type { Answer } from '../../src-contract/app-error.ts';
import type { EngineArguments, EngineCallName, EngineEvent, EngineValue } from '../../src-contract/engine-calls.ts';
import type { MachineSetup } from '../../src-contract/machine-setup.ts';
import type { Problem } from '../../src-contract/problems.ts';
import type { ProxySettings, Trust } from '../../src-contract/settings.ts';

/** The worker over its control channel. */
export interface SetupWorker {
  call<Name extends EngineCallName>(name: Name, callArguments: EngineArguments<Name>): Promise<Answer<EngineValue<Name>>>;
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

/** Refused by the worker: a problem in words, kept as it was said. */
export class WorkerRefused extends Error {
  override readonly name = 'WorkerRefused';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.title}. ${problem.text}`);
    this.problem = problem;
  }
}

export async function ask<Name extends EngineCallName>(
  worker: SetupWorker,
  name: Name,
  callArguments: EngineArguments<Name>,
): Promise<EngineValue<Name>> {
  const answer = await worker.call(name, callArguments);
  if (!answer.ok) throw new WorkerRefused(answer.problem);
  return answer.value;
}
