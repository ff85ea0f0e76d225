/** A sandbox's report and what the engine knew when it started it, as people and programs see a job. */
import type { JobView } from '../../src-contract/engine-calls.ts';
import type { SandboxReport } from '../../src-contract/sandbox.ts';

export interface LaunchFacts {
  sandboxId: string;
  groupName: string;
  pickedUpAt: string;
}

/** `report` is undefined until the sandbox has said its first word. Job, name and kind are empty until it has loaded the job. */
export function jobViewOf(launch: LaunchFacts, report: SandboxReport | undefined): JobView {
  return {
    sandboxId: launch.sandboxId,
    jobId: report?.jobId ?? '',
    runbookName: report?.runbookName ?? '',
    kind: report?.kind ?? '',
    runtime: report?.runtime ?? null,
    groupName: launch.groupName,
    startedBy: report?.startedBy ?? null,
    attempt: report?.attempt ?? null,
    parameters: report?.parameters ?? {},
    phase: report?.phase ?? 'starting',
    outcome: report?.outcome ?? null,
    outcomeReason: report?.outcomeReason ?? null,
    exitCode: report?.exitCode ?? null,
    pickedUpAt: launch.pickedUpAt,
    startedAt: report?.startedAt ?? null,
    endedAt: report?.endedAt ?? null,
    processId: report?.process.pid ?? null,
    runtimePid: report?.runtimePid ?? null,
    recordCount: report?.recordCount ?? 0,
    acknowledgedCount: report?.acknowledgedCount ?? 0,
    lastRecord: report?.lastRecord ?? null,
    wallMs: report?.wallMs ?? null,
    cpuMs: report?.cpuMs ?? null,
    peakMemoryBytes: report?.peakMemoryBytes ?? null,
    runAs: report?.runAs ?? null,
    limits: report?.limits ?? null,
    processesLeft: report?.processesLeft ?? null,
    verified: report?.verified ?? null,
    uploadTrouble: report?.uploadTrouble ?? null,
    oldestWaitingAt: report?.oldestWaitingAt ?? null,
    hasConsole: report?.hasConsole ?? false,
    stop: report?.stop ?? null,
    asking: report?.phase === 'loading' ? report.asking : null,
  };
}
