/** The service in this process, both ports open, with callers of each role and a worker that does what a test tells it. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Role } from '../../src-contract/engine-calls.ts';
import type { AttemptOutcome, JobStatus, RunbookKind, StreamName } from '../../src-contract/kinds.ts';
import { emptyChain, encodeFrame } from '../../src-contract/node/journal-frame.ts';
import { createJrdsClient, type JrdsClient } from '../../src-main/service-link/jrds-client.ts';
import { createMachineIdentity } from '../../src-main/service-link/machine-identity.ts';
import { register } from '../../src-main/service-link/registration-client.ts';
import { runService, type RunningService } from '../../src-service/running-service.ts';
import { createRestClient, RestRefusal, type RestClient } from '../harness/rest-client.ts';
import { tempFolder } from '../harness/temp-folder.ts';

export const accountName = 'contoso';
export const groupName = 'berlin';
const version = '0.1.0';
const proxy = { kind: 'none' } as const;

export interface RestFixture {
  service: RunningService;
  caPem: string;
  token: string;
  /** As administrator. */
  rest: RestClient;
  /** With a token of that role. */
  as: (role: Role) => Promise<RestClient>;
  /** Any request at all, for what a well-behaved client would never send. */
  send: (
    path: string,
    init?: RequestInit,
  ) => Promise<{ status: number; code: string | undefined; headers: Headers; text: string }>;
  close: () => Promise<void>;
}

/** With the account and the worker group made. */
export async function startRestFixture(options: { databaseUrl?: string; installersFolder?: string } = {}): Promise<RestFixture> {
  const service = await runService({
    version,
    dataFolder: await tempFolder(),
    host: '127.0.0.1',
    publicNames: [],
    agentPort: 0,
    restPort: 0,
    ...options,
  });
  const caPem = readFileSync(service.caFile, 'utf8');
  const token = service.administratorToken ?? '';
  const clients: RestClient[] = [];
  const clientOf = (bearer: string): RestClient => {
    const client = createRestClient({ restUrl: service.urls.restUrl, caPem, token: bearer });
    clients.push(client);
    return client;
  };
  const rest = clientOf(token);
  await rest.call('accounts:create', { params: { accountName }, body: {} });
  await rest.call('groups:put', { params: { accountName, groupName }, body: {} });
  return {
    service,
    caPem,
    token,
    rest,
    as: async (role) => clientOf((await rest.call('tokens:create', { body: { name: `a ${role}`, role } })).token),
    send: (path, init) => sendRaw(service.urls.restUrl, caPem, path, init),
    close: async () => {
      for (const client of clients) client.close();
      await service.close();
    },
  };
}

async function sendRaw(restUrl: string, caPem: string, path: string, init: RequestInit = {}) {
  const { request } = await import('node:https');
  return new Promise<{ status: number; code: string | undefined; headers: Headers; text: string }>((resolve, reject) => {
    const headers = Object.fromEntries(new Headers(init.headers));
    const call = request(new URL(path, restUrl), { method: init.method ?? 'GET', headers, ca: caPem, agent: false }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => {
        const text = Buffer.concat(pieces).toString('utf8');
        const answered = new Headers(
          Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)]),
        );
        resolve({ status: answer.statusCode ?? 0, code: codeIn(text), headers: answered, text });
      });
    });
    call.on('error', reject);
    call.end(typeof init.body === 'string' || init.body instanceof Uint8Array ? init.body : undefined);
  });
}

function codeIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { code?: string }).code;
  } catch {
    return undefined;
  }
}

export async function refusalOf(call: Promise<unknown>): Promise<RestRefusal & { details: Record<string, unknown> }> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof RestRefusal)) throw error;
    const { details } = JSON.parse(error.body) as { details: Record<string, unknown> };
    return Object.assign(error, { details });
  }
  throw new Error('The call succeeded, but a refusal was expected.');
}

export async function publish({ rest }: RestFixture, runbookName: string, kind: RunbookKind, script: string): Promise<void> {
  const params = { accountName, runbookName };
  await rest.call('runbooks:put', { params, body: { kind } });
  await rest.call('runbooks:put-draft', { params, body: script });
  await rest.call('runbooks:publish', { params, body: {} });
}

export async function startJob(
  { rest }: RestFixture,
  runbookName: string,
  parameters: Record<string, unknown> = {},
): Promise<string> {
  const jobName = randomUUID();
  await rest.call('jobs:start', {
    params: { accountName, jobName },
    body: { runbook: { name: runbookName }, parameters, runOn: groupName },
  });
  return jobName;
}

export interface ScriptedWorker {
  machineId: string;
  machineName: string;
  /** Polls until it is given a job. */
  takeJob: (kinds?: readonly RunbookKind[], translatesWorkflows?: boolean) => Promise<ScriptedAttempt>;
  client: JrdsClient;
  close: () => void;
}

export interface ScriptedAttempt {
  jobId: string;
  sandboxId: string;
  /** As the sandbox calls the service. */
  sandbox: JrdsClient;
  write: (
    ...entries: { stream?: StreamName; text: string; part?: { index: number; last: boolean }; time?: string }[]
  ) => Promise<void>;
  end: (status: JobStatus, outcome: AttemptOutcome, exception?: string) => Promise<void>;
  /** Says that it has written so many more records (or fewer) than it has sent, until the service takes that. */
  endClaiming: (more: number) => Promise<void>;
  close: () => void;
}

/** Registered with the account's own calls: certificate, key, group. */
export async function startScriptedWorker(
  { service, caPem, rest }: RestFixture,
  machineName = 'server-7',
): Promise<ScriptedWorker> {
  const { endpoint, keys } = await rest.call('accounts:keys', { params: { accountName } });
  const machineId = randomUUID();
  const identity = await createMachineIdentity(machineId);
  const trust = { kind: 'authority', pem: caPem } as const;
  const access = { endpoint, key: keys.primary, machineId, identity, trust, proxy, version, groupName };
  const registered = await register(access);
  // The registration names the host it runs on; tests tell their workers apart.
  await service.context.store.db.updateTable('workers').set({ machineName }).where('machineId', '=', machineId).execute();
  const address = { jrdsUri: registered.jrdsUri, accountId: registered.accountId, trust, proxy };
  const client = createJrdsClient({ address, credential: { kind: 'worker-certificate', ...identity }, groupName, version });
  const opened: JrdsClient[] = [client];
  return {
    machineId,
    machineName,
    client,
    close: () => {
      for (const one of opened) one.close();
    },
    async takeJob(kinds = ['Bash', 'Python3', 'PowerShell', 'PowerShellWorkflow'], translatesWorkflows = false) {
      const query = { kinds, translatesWorkflows, freeSlots: 1, limit: 1, state: 'ready', waitSeconds: 10 } as const;
      const { actions } = await client.getSandboxActions(query);
      const [action] = actions;
      if (action === undefined) throw new Error('no job came');
      const secret = action.SandboxCookie ?? '';
      const sandbox = createJrdsClient({ address, credential: { kind: 'sandbox-secret', secret }, version });
      opened.push(sandbox);
      return beginAttempt(sandbox, action.SandboxId);
    },
  };
}

async function beginAttempt(sandbox: JrdsClient, sandboxId: string): Promise<ScriptedAttempt> {
  const found = await sandbox.getJobActions(sandboxId, { waitSeconds: 5 });
  if (found.kind !== 'actions') throw new Error('the sandbox was ended');
  const metadata = found.actions.map((one) => one.MessageMetadata);
  await sandbox.acknowledge(sandboxId, metadata);
  const jobId = found.actions[0]?.JobId ?? '';
  const job = await sandbox.getJob(jobId);
  for (const status of ['Activating', 'Running'] as const) await sandbox.changeStatus(sandboxId, jobId, { status, job });
  let chain: Buffer = emptyChain;
  let seq = 0;
  const upload = async (...lines: object[]): Promise<void> => {
    const frame = encodeFrame(chain, Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join('')));
    const body = gzipSync(frame.bytes);
    await sandbox.uploadFrames(sandboxId, jobId, { from: seq, chain: chain.toString('hex'), body });
    chain = frame.chain;
  };
  const time = new Date().toISOString();
  const runbook = { runbookName: job.runbookName, runbookKind: 'Bash' };
  await upload({ kind: 'begin', contractVersion: 1, jobId, sandboxId, attempt: 1, ...runbook, time });
  return {
    jobId,
    sandboxId,
    sandbox,
    async write(...entries) {
      const records = entries.map(({ stream = 'Output', ...entry }, index) => ({
        time: new Date().toISOString(),
        ...entry,
        seq: seq + index,
        stream,
      }));
      await upload({ kind: 'records', first: seq, count: records.length }, ...records);
      seq += records.length;
    },
    async end(status, outcome, exception) {
      const report = { ...reportOf(outcome, exception), recordCount: seq, chain: chain.toString('hex') };
      const change = { status, isFinal: true, job, report, ...(exception === undefined ? {} : { exception }) };
      const answer = await sandbox.changeStatus(sandboxId, jobId, change);
      if (answer.kind !== 'accepted') throw new Error('the service lacks records');
      await sandbox.unload(sandboxId, jobId, { jobId });
    },
    async endClaiming(more) {
      const report = { ...reportOf('completed'), recordCount: seq + more, chain: 'ab'.repeat(32) };
      const change = { status: 'Completed', isFinal: true, job, report } as const;
      while ((await sandbox.changeStatus(sandboxId, jobId, change)).kind !== 'accepted');
      await sandbox.unload(sandboxId, jobId, { jobId });
    },
    close: () => sandbox.close(),
  };
}

function reportOf(outcome: AttemptOutcome, exception?: string) {
  return {
    outcome,
    reason: exception ?? 'exit code 0',
    exitCode: outcome === 'completed' ? 0 : 1,
    runtime: 'bash',
    processId: 1,
    wallMs: 5,
    cpuMs: 1,
    peakMemoryBytes: 1,
    processesLeft: 0,
  };
}
