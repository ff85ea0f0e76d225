/**
 * The real parts, put together for tests and benchmarks: the built automation service as a process of its own, and workers that are
 * connected and registered with it. Everything listens on loopback, on ports that the system chooses; everything is ended by pid.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connectControl, type ControlClient } from '../../src-main/control/control-client.ts';
import type { Command } from '../../src-main/platform/executables.ts';
import type { EngineValue } from '../../src-contract/engine-calls.ts';
import type { RunbookKind } from '../../src-contract/kinds.ts';
import { createRestClient, type RestClient } from './rest-client.ts';

export const root = join(import.meta.dirname, '..', '..');
const node = join(root, 'node_modules', 'node', 'bin', 'node');

export interface Program {
  pid: number;
  child: ChildProcess;
  logFile: string;
  /** SIGTERM, then the end. Safe to call twice. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface ServiceReady {
  agentUrl: string;
  restUrl: string;
  caFile: string;
  caFingerprint: string;
  administratorToken?: string;
}

export function startProgram(
  executable: string,
  programArguments: string[],
  options: { logFile: string; env?: NodeJS.ProcessEnv },
): Program {
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn(executable, programArguments, { stdio: ['ignore', log, log], env: options.env ?? process.env });
  closeSync(log);
  if (child.pid === undefined) throw new Error(`${executable} could not be started`);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  return { pid: child.pid, child, logFile: options.logFile, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

export interface Service {
  program: Program;
  ready: ServiceReady;
  rest: RestClient;
  /** Ends this one and starts another on the same folder and ports. */
  restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  stop(): Promise<void>;
}

/** How the programs are started where nothing else is said. */
const bundles = {
  service: { file: node, leading: [join(root, 'out', 'service.cjs')] },
  hrw: { file: node, leading: [join(root, 'out', 'hrw.cjs')] },
} satisfies Record<string, Command>;

/** The first start writes an administrator token into the ready file; later starts keep the one that is given. */
export async function startService(
  folder: string,
  options: { env?: NodeJS.ProcessEnv; arguments?: string[]; command?: Command } = {},
): Promise<Service> {
  const { file, leading } = options.command ?? bundles.service;
  await mkdir(folder, { recursive: true });
  const readyFile = join(folder, 'ready.json');
  const begin = (ports: string[]): Program =>
    startProgram(
      file,
      [...leading, '--data', join(folder, 'data'), ...ports, '--ready-file', readyFile, ...(options.arguments ?? [])],
      { logFile: join(folder, 'service.log'), ...(options.env === undefined ? {} : { env: options.env }) },
    );
  let program = begin(['--agent-port', '0', '--rest-port', '0']);
  const ready = await readWhenWritten(readyFile, program, '');
  const token = ready.administratorToken ?? '';
  const rest = createRestClient({ restUrl: ready.restUrl, caPem: readFileSync(ready.caFile, 'utf8'), token });
  return {
    get program() {
      return program;
    },
    ready,
    rest,
    async restart(signal) {
      await (signal === 'SIGKILL' ? program.kill() : program.stop());
      const before = readFileSync(readyFile, 'utf8');
      program = begin(['--agent-port', new URL(ready.agentUrl).port, '--rest-port', new URL(ready.restUrl).port]);
      await readWhenWritten(readyFile, program, before);
    },
    async stop() {
      rest.close();
      await program.stop();
    },
  };
}

async function readWhenWritten(readyFile: string, program: Program, before: string): Promise<ServiceReady> {
  return await waitFor('the service', 30, () => {
    if (program.child.exitCode !== null) throw new Error(`the service ended:\n${readFileSync(program.logFile, 'utf8')}`);
    try {
      const text = readFileSync(readyFile, 'utf8');
      return text === before ? undefined : (JSON.parse(text) as ServiceReady);
    } catch {
      return undefined;
    }
  });
}

export const accountName = 'contoso';
export const workspaceName = 'contoso-workspace';

/** An account, a workspace linked to it, and the pack that makes workers. */
export async function makeAccount({ rest }: Pick<Service, 'rest'>) {
  await rest.call('accounts:create', { params: { accountName }, body: {} });
  const workspace = await rest.call('workspaces:create', { params: { workspace: workspaceName }, body: { accountName } });
  await rest.call('workspaces:add-pack', { params: { workspace: workspaceName, packName: 'AzureAutomation' }, body: {} });
  const workspaceKeys = await rest.call('workspaces:keys', { params: { workspace: workspaceName } });
  const registration = await rest.call('accounts:keys', { params: { accountName } });
  return {
    workspaceId: workspace.workspaceId,
    workspaceKey: workspaceKeys.primary,
    endpoint: registration.endpoint,
    accountKey: registration.keys.primary,
  };
}
export type Account = Awaited<ReturnType<typeof makeAccount>>;

/** A headless worker as a process of its own. */
export async function startHeadlessWorker(
  dataFolder: string,
  logFile: string,
  env: NodeJS.ProcessEnv = process.env,
  { file, leading }: Command = bundles.hrw,
): Promise<{ program: Program; control: ControlClient }> {
  const program = startProgram(file, [...leading, 'run', '--data', dataFolder], { logFile, env });
  return { program, control: await connectToWorker(dataFolder, program) };
}

/** Waits for the worker's control channel, whoever hosts its engine. */
export async function connectToWorker(dataFolder: string, program: Program, seconds = 30): Promise<ControlClient> {
  return await waitFor('the worker', seconds, async () => {
    if (program.child.exitCode !== null) throw new Error(`the worker ended:\n${readFileSync(program.logFile, 'utf8')}`);
    const controlFolder = join(dataFolder, 'control');
    return await connectControl({ dataFolder, controlFolder, addressFile: join(controlFolder, 'address.json') }).catch(
      () => undefined,
    );
  });
}

/** Connects to the workspace, waits for the pack, joins the group, waits until the first poll was answered. */
export async function joinGroup(
  control: ControlClient,
  service: Pick<Service, 'ready'>,
  account: Account,
  groupName: string,
): Promise<void> {
  const pem = readFileSync(service.ready.caFile, 'utf8');
  unwrap(
    await control.call('connection:connect', {
      workspaceId: account.workspaceId,
      workspaceKey: account.workspaceKey,
      serviceUrl: service.ready.agentUrl,
      trust: { kind: 'authority', pem },
      proxy: { kind: 'none' },
    }),
  );
  await waitForState(control, 'the pack', (state) => state.packs.some((pack) => pack.name === 'AzureAutomation'));
  unwrap(await control.call('registration:register', { groupName, endpoint: account.endpoint, token: account.accountKey }));
  await waitForState(control, 'the first poll', (state) => state.status === 'ready');
}

export async function waitForState(
  control: ControlClient,
  what: string,
  holds: (state: EngineValue<'worker:state'>) => boolean,
): Promise<EngineValue<'worker:state'>> {
  return await waitFor(what, 30, async () => {
    const state = unwrap(await control.call('worker:state', {}));
    return holds(state) ? state : undefined;
  });
}

export function unwrap<Value>(
  answer: { ok: true; value: Value } | { ok: false; problem: { title: string; text: string } },
): Value {
  if (!answer.ok) throw new Error(`${answer.problem.title}: ${answer.problem.text}`);
  return answer.value;
}

/** Makes, fills and publishes a runbook. */
export async function publishRunbook(
  { rest }: Pick<Service, 'rest'>,
  runbookName: string,
  kind: RunbookKind,
  script: string,
  settings: { logVerbose?: boolean; logDebug?: boolean } = {},
): Promise<void> {
  const params = { accountName, runbookName };
  await rest.call('runbooks:put', { params, body: { kind, ...settings } });
  await rest.call('runbooks:put-draft', { params, body: Buffer.from(script) });
  await rest.call('runbooks:publish', { params, body: {} });
}

/** Asks again and again until there is an answer; the error says what did not come. */
export async function waitFor<Found>(
  what: string,
  seconds: number,
  look: () => Found | undefined | Promise<Found | undefined>,
): Promise<Found> {
  for (const start = performance.now(); performance.now() - start < seconds * 1000;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`${what} did not come within ${String(seconds)} s`);
}
