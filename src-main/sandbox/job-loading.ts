/** Reads a job and its runbook from the service, and decides whether this sandbox can run it. */
import { AppError } from '../../src-contract/app-error.ts';
import type { JobDataRead, RunbookRead, UpdatableDataRead } from '../../src-contract/jrds.ts';
import { kindLabels, kindOfNumber, type RunbookKind, type StreamName } from '../../src-contract/kinds.ts';
import type { SandboxHandOver } from '../../src-contract/sandbox.ts';
import { readParameters, type JobParameter } from './parameters.ts';
import type { Runtime } from './ports.ts';

export interface LoadedJob {
  job: JobDataRead;
  settings: UpdatableDataRead;
  runbook: RunbookRead;
  parameters: JobParameter[];
  /** Undefined: a kind that this version does not know. */
  kind: RunbookKind | undefined;
  /** A workflow's, to go on from. */
  checkpoint: string | undefined;
}

export function combine(job: JobDataRead, settings: UpdatableDataRead, runbook: RunbookRead): Omit<LoadedJob, 'checkpoint'> {
  const declared = (runbook.parameters ?? []).map((one) => one.Name);
  return {
    job,
    settings,
    runbook,
    parameters: readParameters(job.parameters, declared),
    kind: kindOfNumber(runbook.runbookDefinitionKind),
  };
}

/** What the runbook declares its parameters to be, by their names in lower case. */
export function typesOf({ parameters }: RunbookRead): Map<string, string> {
  return new Map((parameters ?? []).map(({ Name, ParameterType }) => [Name.toLowerCase(), ParameterType?.Name ?? '']));
}

export type Choice =
  | { kind: 'runtime'; runtime: Runtime; runbookKind: RunbookKind; executable: string; label: string }
  /** In the words that the job shows. */
  | { kind: 'none'; reason: string };

export function chooseRuntime(
  loaded: LoadedJob,
  handOver: Pick<SandboxHandOver, 'runtimes'>,
  runtimes: readonly Runtime[],
  describeSearch: (kind: RunbookKind) => string,
): Choice {
  const { kind } = loaded;
  if (kind === undefined) {
    const name = `runbook kind ${loaded.runbook.runbookDefinitionKind}`;
    return { kind: 'none', reason: describe(name, 'nothing, because this version of the worker does not know the kind') };
  }
  const found = handOver.runtimes.find((one) => one.kind === kind);
  const runtime = runtimes.find((one) => one.kinds.includes(kind));
  if (found === undefined || runtime === undefined)
    return { kind: 'none', reason: describe(kindLabels[kind], describeSearch(kind)) };
  return { kind: 'runtime', runtime, runbookKind: kind, executable: found.executable, label: found.label };
}

/** The machine lacks what the job needs: a sentence of the problem catalogue, because people meet it in the job as well. */
function describe(kind: string, tried: string): string {
  const { title, text, nextStep } = new AppError('runtime-missing', { kind, tried }).toProblem();
  return `${title}. ${text} ${nextStep}`;
}

/** Streams that the runbook's settings switch off. Foreign services leave some of the settings out: then off, as in theirs. */
export function droppedStreams({ logVerbose, logDebug, logProgress }: UpdatableDataRead): ReadonlySet<StreamName> {
  const dropped = new Set<StreamName>();
  if (logVerbose !== true) dropped.add('Verbose');
  if (logDebug !== true) dropped.add('Debug');
  if (logProgress !== true) dropped.add('Progress');
  return dropped;
}
