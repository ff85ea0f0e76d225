/** Makes a runtime ready for its job: the ground that it runs on, the command that starts it, and the way by which it reaches assets. */
import type { JobDataRead } from '../../src-contract/jrds.ts';
import type { SandboxHandOver } from '../../src-contract/sandbox.ts';
import type { AssetAccess } from './assets/asset-access.ts';
import { openRuntimeEndpoint, type RuntimeEndpoint } from './assets/runtime-endpoint.ts';
import { clearGround, prepareGround, type Ground } from './ground.ts';
import type { Choice, LoadedJob } from './job-loading.ts';
import type { Runtime, RuntimeCommand, RuntimeRequest } from './ports.ts';
import { jobEnvironment } from './runtime-environment.ts';
import type { WarmRuntime } from './runtime-process.ts';
import { fits, giveJob } from './warm-runtime.ts';

export type ChosenRuntime = Extract<Choice, { kind: 'runtime' }>;

/** How to start it, and where it reaches the account's assets. */
export interface ReadyRuntime {
  command: RuntimeCommand;
  endpoint: RuntimeEndpoint;
  /** What one that was started ahead waits for. */
  line?: string;
}

/** Where the job runs: what was prepared for it, or another place where a runtime that waited there cannot take this job. */
export class JobGround {
  readonly #handOver: SandboxHandOver;
  #ground: Promise<Ground>;

  constructor(handOver: SandboxHandOver, prepared: Promise<Ground>) {
    this.#handOver = handOver;
    this.#ground = prepared;
  }

  get current(): Promise<Ground> {
    return this.#ground;
  }

  /** A runtime that waits and does not fit is ended; its like is started as if none had waited. */
  async for(runtime: Runtime, executable: string): Promise<Ground> {
    const ground = await this.#ground;
    const { runAs, sandboxFolder, limits } = this.#handOver;
    if (ground.warm === undefined || fits(ground.warm, runtime, executable, runAs)) return ground;
    await this.clear();
    this.#ground = prepareGround(sandboxFolder, limits);
    return await this.#ground;
  }

  async clear(): Promise<void> {
    await clearGround(this.#ground);
  }
}

/** As the runtime's environment names them. */
export function idsOf({ jobId, trackingId }: JobDataRead, sandboxId: string): { jobId: string; activityId: string } {
  return { jobId, activityId: trackingId ?? sandboxId };
}

/** Throws where this machine cannot make ready what the job needs. */
export async function prepareRuntime(
  handOver: SandboxHandOver,
  place: JobGround,
  { job, settings, runbook, parameters, checkpoint }: LoadedJob,
  { runtime, runbookKind, executable }: ChosenRuntime,
  access: AssetAccess,
): Promise<ReadyRuntime> {
  const ground = await place.for(runtime, executable);
  const { pipes, workFolder, privateFolder } = ground;
  const request: RuntimeRequest = {
    kind: runbookKind,
    executable,
    runbookName: job.runbookName,
    script: runbook.definition,
    parameters,
    workFolder,
    privateFolder,
    reportPipe: pipes.reportPipe,
    controlPipe: pipes.controlPipe,
    logVerbose: settings.logVerbose === true,
    logDebug: settings.logDebug === true,
    logProgress: settings.logProgress === true,
    culture: handOver.culture,
    checkpoint,
  };
  const openEndpoint = (): Promise<RuntimeEndpoint> =>
    openRuntimeEndpoint(handOver.sandboxFolder, access, (error) => {
      process.stderr.write(`A call of the runtime failed: ${String(error)}\n`);
    });
  if (ground.warm !== undefined)
    return await giveWarm(ground, ground.warm, request, idsOf(job, handOver.sandboxId), openEndpoint);
  const command = await runtime.prepare(request);
  return { command, endpoint: await openEndpoint() };
}

async function giveWarm(
  ground: Ground,
  warm: WarmRuntime,
  request: RuntimeRequest,
  ids: { jobId: string; activityId: string },
  openEndpoint: () => Promise<RuntimeEndpoint>,
): Promise<ReadyRuntime> {
  const endpoint = await openEndpoint();
  try {
    const { line, checkpointFolder } = await giveJob(ground, warm, request, { ...jobEnvironment(ids), ...endpoint.environment });
    return { command: { ...warm.command, ...(checkpointFolder !== undefined && { checkpointFolder }) }, endpoint, line };
  } catch (error) {
    await endpoint.close();
    throw error;
  }
}
