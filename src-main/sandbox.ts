/**
 * Orchestrator.Sandbox: one process a job, which outlives whoever started it. The composition root: puts the sandbox together with the
 * service client, the runtimes and this machine.
 */
import '../src-contract/schemas-uncompiled.ts';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAppError } from '../src-contract/app-error.ts';
import { reportWithoutJob, sandboxContractVersion, type SandboxHandOver, type SandboxReport } from '../src-contract/sandbox.ts';
import { askProgram } from './platform/ask-program.ts';
import { thisProgram } from './platform/executables.ts';
import { identifyThisProcess } from './platform/process-identity.ts';
import { describeSearch } from './platform/runtimes.ts';
import { createBatchRuntime, readChcp } from './runtimes/batch/batch-runtime.ts';
import { bashRuntime } from './runtimes/bash/bash-runtime.ts';
import { readModules, withModules, withoutPowerShell7 } from './runtimes/modules.ts';
import { createPowerShellRuntime, hostScripts } from './runtimes/powershell/powershell-runtime.ts';
import { pythonRuntime } from './runtimes/python/python-runtime.ts';
import type { RuntimeDefinition } from './runtimes/runtime.ts';
import { controlAddress, openControlEndpoint } from './sandbox/control-endpoint.ts';
import { ConsoleView } from './sandbox/console-view.ts';
import { notePlace, prepareGround } from './sandbox/ground.ts';
import { acknowledge, cleanOwnEnvironment, letGoOfStandardStreams, readFirstLine } from './sandbox/hand-over.ts';
import { Permission } from './sandbox/permission.ts';
import type { Timing } from './sandbox/ports.ts';
import { SandboxLife } from './sandbox/sandbox-life.ts';
import { startSibling } from './sandbox/start-sibling.ts';
import { StateKeeper } from './sandbox/state-keeper.ts';
import { UsageMeter } from './sandbox/usage-meter.ts';
import { waitAhead } from './sandbox/warm-pair.ts';
import { createJrdsClient } from './service-link/jrds-client.ts';
import { backoffMs, outlast, retry } from './service-link/retry.ts';
import { programVersion } from './worker-host/version.ts';

/** A mistake of ours. Node itself writes what it was to stderr, which is a file of the sandbox's folder: its last words. */
const faultExitCode = 70;
/** For what is just being closed. */
const leaveMs = 5000;

async function main(): Promise<void> {
  // Node opens its debugger on this signal, which any process of the same user may send.
  process.on('SIGUSR1', () => undefined);
  const first = readFirstLine();
  cleanOwnEnvironment(process.env);
  // Everything that is needed later is in memory from here on: the program's files may be replaced under it.
  const runtimes = [bashRuntime, batchRuntime, preparePython(), preparePowerShell()];
  const ahead = first.kind === 'warm-order' ? await waitAhead(first.order, runtimes, process.env) : undefined;
  const handOver = first.kind === 'hand-over' ? first.handOver : ahead?.handOver;
  if (handOver === undefined) return;
  const { sandboxFolder } = handOver;
  mkdirSync(sandboxFolder, { recursive: true, mode: 0o700 });

  const state = new StateKeeper({
    file: path.join(sandboxFolder, 'state.json'),
    now: () => new Date(),
    initial: firstReport(handOver),
    onTroubleWriting: (error) => process.stderr.write(`The state could not be written: ${String(error)}\n`),
  });
  const view = new ConsoleView();
  const usage = new UsageMeter(timing.now);
  const permission = new Permission();
  const ground =
    ahead === undefined
      ? prepareGround(sandboxFolder, handOver.limits)
      : notePlace(ahead.ground.tree.place, sandboxFolder).then(() => ahead.ground);
  // Whoever needs it awaits it; until then a failure must not end the process unheard.
  ground.catch(() => undefined);
  const service = createJrdsClient({ address: handOver.address, credential: handOver.credential, version: programVersion });
  const life = new SandboxLife({
    handOver,
    service,
    timing,
    runtimes,
    describeSearch: (kind) => describeSearch(kind, { environment: process.env, platform: process.platform }),
    environment: process.env,
    state,
    ground,
    view,
    usage,
    permission,
    startSibling: (jobId) => {
      const start = (): number | undefined => startSibling(thisProgram(), handOver, jobId, process.env);
      // Born within the tree of this sandbox's job it would end with that.
      void ground.then(({ tree }) => tree.outside(start), start);
    },
  });
  const endpoint = await openControlEndpoint({
    folder: sandboxFolder,
    report: () => state.report,
    view,
    usage,
    permission,
    stop: (reason) => life.stop(reason),
    onFault: (error) => process.stderr.write(`A call of the engine failed: ${String(error)}\n`),
  });
  state.follow(endpoint.publish);
  view.follow(endpoint.publishConsole);
  await state.write();
  acknowledge(state.report.process);
  letGoOfStandardStreams(sandboxFolder);

  // Not sooner: whoever has asked the service for its job has to be known, or nobody would tell the service when it dies.
  await life.run();
  await state.close();
  service.close();
  await endpoint.close();
}

const timing: Timing = {
  now: () => new Date(),
  delay: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener('abort', end, { once: true });
    }),
  retry: (operation, options) => retry(operation, { policy: outlast, ...options }),
  retryDelayMs: (failures, error) =>
    backoffMs(outlast, failures, Math.random, isAppError(error) ? error.retryAfterMs : undefined),
};

/** Beside the program. */
const runtimesFolder = path.join(path.dirname(fileURLToPath(import.meta.url)), 'runtimes');

const batchRuntime = createBatchRuntime({
  readCodePage: async (executable) => readChcp(await askProgram(executable, ['/d', '/c', 'chcp'], { environment: process.env })),
});

function preparePowerShell(): RuntimeDefinition {
  const folder = path.join(runtimesFolder, 'powershell');
  const runtime = createPowerShellRuntime(
    new Map(hostScripts.map((name) => [name, readFileSync(path.join(folder, name), 'utf8')])),
  );
  // Elsewhere than on Windows PowerShell adds the places of its own itself, and the variable is that of whoever started the worker.
  const inherited = process.platform === 'win32' ? withoutPowerShell7(process.env['PSModulePath']) : undefined;
  return withModules(runtime, { files: readModules(path.join(folder, 'modules')), variable: 'PSModulePath', inherited });
}

function preparePython(): RuntimeDefinition {
  const files = readModules(path.join(runtimesFolder, 'python', 'modules'));
  return withModules(pythonRuntime, { files, variable: 'PYTHONPATH', inherited: undefined });
}

function firstReport(handOver: SandboxHandOver): SandboxReport {
  return {
    ...reportWithoutJob,
    contractVersion: sandboxContractVersion,
    sandboxId: handOver.sandboxId,
    process: identifyThisProcess(),
    controlAddress: controlAddress(handOver.sandboxFolder),
    phase: 'starting',
    since: new Date().toISOString(),
  };
}

// Last, when everything above is there.
process.title = 'Orchestrator.Sandbox';
main().then(
  // Everything is told: what still keeps this process (a runtime that nothing can end, say) is no reason to stay.
  () => setTimeout(() => process.exit(0), leaveMs).unref(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(faultExitCode);
  },
);
