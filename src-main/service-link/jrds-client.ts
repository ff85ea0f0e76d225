/**
 * The Job Runtime Data Service as the worker and its sandboxes call it: one method a call of the protocol, each answer parsed.
 * It makes one attempt; repeating is the caller's decision (`retry`). An expected outcome is a union, a failure an AppError:
 * `retryable` where the service did not judge the call, not retryable where it did.
 */
import * as jrds from '../../src-contract/jrds.ts';
import { featureNames, headers, type FeatureName } from '../../src-contract/jrds.ts';
import { runbookKinds, type JobStatus, type RunbookKind } from '../../src-contract/kinds.ts';
import type { JrdsAddress, SandboxCredential } from '../../src-contract/sandbox.ts';
import { AppError } from '../../src-contract/app-error.ts';
import type { z } from 'zod';
import {
  failureOf,
  parseAnswer,
  problemOf,
  readJson,
  refuseDamaged,
  refuseForeignPage,
  refuseStrangersRefusal,
} from './answers.ts';
import { createHttpsClient, type CallAnswer, type CallRequest, type Timeouts } from './https-client.ts';

export interface JrdsClientOptions {
  address: JrdsAddress;
  credential: SandboxCredential;
  /** Needed for `getSandboxActions` only. */
  groupName?: string;
  /** Of this program, for `HRW-Version` and User-Agent. */
  version: string;
  timeouts?: Partial<Timeouts>;
  /** What the service has said before that it offers, to another client. */
  features?: ReadonlySet<string>;
}

interface Waiting {
  /** Ask the service to hold the call this long (`Prefer: wait`). 0 or absent: answer at once. */
  waitSeconds?: number;
  signal?: AbortSignal;
}

interface Ending {
  signal?: AbortSignal;
}

interface SandboxActionsQuery extends Waiting {
  kinds: readonly RunbookKind[];
  /** Workflows run here as what workflow compatibility makes of them. */
  translatesWorkflows?: boolean;
  freeSlots: number;
  limit: number;
  state: jrds.WorkerReadiness;
  /** What the last answer had in it; undefined: there is none yet. */
  turn?: string | undefined;
}

interface SandboxActionsFound {
  actions: jrds.SandboxActions['value'];
  /** The service held the call: ask again at once. false: wait before the next poll. */
  held: boolean;
  /** The service asks for another worker certificate (call #15). */
  rotateCertificate: boolean;
  /** For the next call; undefined from a service that gives none. */
  turn: string | undefined;
  features: ReadonlySet<FeatureName>;
}

type JobActionsFound =
  | { kind: 'actions'; actions: jrds.JobActions['value']; held: boolean }
  /** 401: the protocol's way to end a sandbox. A fenced sandbox gets the AppError `attempt-fenced` instead. */
  | { kind: 'unloaded' };

interface StatusChange extends Ending {
  status: JobStatus;
  isFinal?: boolean;
  /** Text for a failed or suspended job. */
  exception?: string;
  /** Fills `extendedProperty`, which Microsoft's workers send with every status but Activating and Stopping. */
  job?: jrds.JobDataRead;
  /** Sent only to a service that offers `outcome`. */
  report?: jrds.AttemptReport;
}

type StatusChanged =
  | { kind: 'accepted' }
  | { kind: 'records-missing'; /** The service wants this sequence next. */ acknowledged: number; chain: string };

interface FramesUpload extends Ending {
  /** Sequence of the first record in the body; of a body without records, the sequence that comes next. */
  from: number;
  /** Chain before the first frame of the body, lower-case hex. */
  chain: string;
  /** Whole frames as on disk, gzip-compressed. */
  body: Buffer;
}

type FramesUploaded =
  | ({ kind: 'acknowledged' } & jrds.Acknowledged)
  /** The service stands elsewhere: go on with the frame that follows this chain. */
  | ({ kind: 'resume-at' } & jrds.Acknowledged);

type MessageMetadata = jrds.JobActions['value'][number]['MessageMetadata'];

export interface JrdsClient {
  /** What the service has said it offers (`HRW-Features`); until the first answer what it is known to have said; nothing with a foreign service. */
  readonly features: ReadonlySet<FeatureName>;
  getSandboxActions(query: SandboxActionsQuery): Promise<SandboxActionsFound>;
  getJobActions(sandboxId: string, options?: Waiting): Promise<JobActionsFound>;
  acknowledge(sandboxId: string, messages: readonly MessageMetadata[], options?: Ending): Promise<void>;
  getJob(jobId: string, options?: Ending): Promise<jrds.JobDataRead>;
  getUpdatableData(jobId: string, options?: Ending): Promise<jrds.UpdatableDataRead>;
  getRunbook(runbookVersionId: string, options?: Ending): Promise<jrds.RunbookRead>;
  changeStatus(sandboxId: string, jobId: string, change: StatusChange): Promise<StatusChanged>;
  uploadFrames(sandboxId: string, jobId: string, upload: FramesUpload): Promise<FramesUploaded>;
  acknowledgedRecords(sandboxId: string, jobId: string, options?: Ending): Promise<jrds.Acknowledged>;
  /** Needs `checkpoints`, as the next. */
  putCheckpoint(sandboxId: string, jobId: string, checkpoint: Ending & jrds.CheckpointQuery & { body: Buffer }): Promise<void>;
  getCheckpoint(sandboxId: string, jobId: string, options?: Ending): Promise<string>;
  /** A suspended job that this worker ran goes back into the queue. With the worker’s certificate. */
  resumeJob(jobId: string, options?: Ending): Promise<void>;
  /** For a service without `record-batches`: one record a call. */
  postStream(jobId: string, body: jrds.PostStreamBody, options?: Ending): Promise<void>;
  unload(sandboxId: string, jobId: string, body: z.infer<typeof jrds.unloadBody>, options?: Ending): Promise<void>;
  trace(body: z.infer<typeof jrds.traceBody>, options?: Ending): Promise<void>;
  /** Assets: a name that the account does not know is the AppError `resource-unknown`. */
  getVariable(name: string, options?: Ending): Promise<z.infer<typeof jrds.variableRead>>;
  /** `isEncrypted`: what the service says of the variable; false where it does not say. */
  setVariable(name: string, value: string | null, options?: Ending): Promise<{ isEncrypted: boolean }>;
  getCredential(name: string, options?: Ending): Promise<z.infer<typeof jrds.credentialRead>>;
  getConnection(name: string, options?: Ending): Promise<z.infer<typeof jrds.connectionRead>>;
  getCertificate(name: string, options?: Ending): Promise<z.infer<typeof jrds.certificateRead>>;
  /** With a service that offers `child-jobs`. The id is the caller's: the same call twice is one job. */
  startChildJob(
    sandboxId: string,
    jobId: string,
    childId: string,
    body: jrds.ChildJobBody,
    options?: Ending,
  ): Promise<jrds.ChildJob>;
  getChildJob(sandboxId: string, jobId: string, childId: string, options?: Ending): Promise<jrds.ChildJob>;
  /** With a service that offers `own-group`, and with the worker's certificate: these two. */
  waitingJobs(options?: Ending): Promise<jrds.WaitingJobs>;
  startTestJob(testId: string, options?: Ending): Promise<jrds.TestJob>;
  /** Call #15, made with the certificate that is to be replaced. */
  rotateCertificate(body: z.infer<typeof jrds.rotationBody>, options?: Ending): Promise<void>;
  /** Ends kept connections; a call under way is ended with an AbortError. */
  close: () => void;
}

type Call = Omit<CallRequest, 'path'> & {
  /** Below `{base}/automationAccounts/{accountId}`, segments already encoded. */
  path: string;
  query?: Record<string, string>;
  json?: unknown;
  /** In words, for `service-refused`. */
  what: string;
};

const segment = encodeURIComponent;

export function createJrdsClient(options: JrdsClientOptions): JrdsClient {
  const { address, credential, version } = options;
  const features = new Set<FeatureName>(featureNames.filter((name) => options.features?.has(name)));
  const https = createHttpsClient({
    address: { url: address.jrdsUri, trust: address.trust, proxy: address.proxy },
    ...(credential.kind === 'worker-certificate' ? { certificate: credential } : {}),
    userAgent: `HybridRunbookWorker/${version}`,
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
  });
  const commonHeaders: Record<string, string> = {
    accept: 'application/json',
    [headers.version]: version,
    ...(credential.kind === 'sandbox-secret' ? { authorization: `Bearer ${credential.secret}` } : {}),
  };

  async function send(call: Call): Promise<CallAnswer> {
    const { path, query = {}, json, what: _what, ...rest } = call;
    const search = new URLSearchParams({ ...query, 'api-version': jrds.apiVersion });
    const body = json === undefined ? call.body : Buffer.from(JSON.stringify(json));
    const answer = await https.call({
      ...rest,
      path: `/automationAccounts/${segment(address.accountId)}${path}?${search.toString()}`,
      headers: { ...commonHeaders, ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...call.headers },
      ...(body === undefined ? {} : { body }),
    });
    if (features.size > 0 && offeredIn(answer) === '') refuseStrangersRefusal(answer);
    rememberFeatures(answer, features);
    return answer;
  }

  /** The body is parsed and anything but 200 is a failure. */
  async function read<Schema extends z.ZodType>(call: Call, schema: Schema): Promise<z.output<Schema>> {
    const answer = await send(call);
    if (answer.status !== 200) throw failureOf(answer, call.what);
    return parseAnswer(answer, schema);
  }

  /** The body says nothing; but a portal's page with 200 must not pass for the service's consent. */
  async function tell(call: Call): Promise<void> {
    const answer = await send(call);
    if (answer.status !== 200) throw failureOf(answer, call.what);
    refuseForeignPage(answer);
  }

  async function readAsset<Schema extends z.ZodType>(kind: string, name: string, schema: Schema, ending: Ending) {
    const what = `read the ${kind} ${name}`;
    const answer = await send({ method: 'GET', path: `/${kind}s/${segment(name)}`, what, ...ending });
    if (answer.status !== 200) throw assetFailure(answer, what, kind, name);
    return parseAnswer(answer, schema);
  }

  const jobPath = (sandboxId: string, jobId: string) => `/Sandboxes/${segment(sandboxId)}/jobs/${segment(jobId)}`;

  return {
    features,

    async getSandboxActions({ kinds, translatesWorkflows, freeSlots, limit, state, turn, waitSeconds, signal }) {
      const groupName = options.groupName ?? '';
      const what = 'ask for work';
      const answer = await send({
        method: 'GET',
        path: '/Sandboxes/GetSandboxActions',
        query: { HybridWorkerGroupName: groupName },
        headers: {
          [headers.kinds]: kinds.map((kind) => runbookKinds[kind]).join(','),
          [headers.freeSlots]: String(freeSlots),
          [headers.limit]: String(limit),
          [headers.state]: state,
          ...(translatesWorkflows === true ? { [headers.workflows]: 'translated' } : {}),
          [headers.turn]: turn ?? 'first',
        },
        what,
        ...waiting(waitSeconds),
        ...ending(signal),
      });
      // Which group this worker was in, the service may no longer know.
      if (answer.status === 401 && [undefined, 'worker-not-accepted'].includes(problemOf(answer)?.code))
        throw new AppError('worker-not-accepted', { groupName }, { cause: failureOf(answer, what) });
      if (answer.status !== 200) throw failureOf(answer, what);
      return {
        actions: parseAnswer(answer, jrds.sandboxActions).value,
        held: wasHeld(answer),
        rotateCertificate: answer.headers['rotateworkercertificate'] !== undefined,
        turn: readTurn(answer),
        features,
      };
    },

    async getJobActions(sandboxId, { waitSeconds, signal } = {}) {
      const what = 'ask for the jobs of a sandbox';
      const answer = await send({
        method: 'GET',
        path: `/Sandboxes/${segment(sandboxId)}/jobs/getJobActions`,
        what,
        ...waiting(waitSeconds),
        ...ending(signal),
      });
      if (answer.status === 401 && endsSandbox(answer)) return { kind: 'unloaded' };
      if (answer.status !== 200) throw failureOf(answer, what);
      return { kind: 'actions', actions: parseAnswer(answer, jrds.jobActions).value, held: wasHeld(answer) };
    },

    acknowledge: (sandboxId, messages, options = {}) =>
      tell({
        method: 'POST',
        path: `/Sandboxes/${segment(sandboxId)}/jobs/AcknowledgeJobActions`,
        json: { MessageMetadatas: [...messages] } satisfies z.input<typeof jrds.acknowledgeBody>,
        what: 'acknowledge job actions',
        ...options,
      }),

    getJob: (jobId, options = {}) =>
      read({ method: 'GET', path: `/jobs/${segment(jobId)}`, what: 'read the job', ...options }, jrds.jobDataRead),

    getUpdatableData: (jobId, options = {}) =>
      read(
        { method: 'GET', path: `/jobs/${segment(jobId)}/getUpdatableData`, what: 'read the job’s settings', ...options },
        jrds.updatableDataRead,
      ),

    getRunbook: (runbookVersionId, options = {}) =>
      read(
        { method: 'GET', path: `/runbooks/${segment(runbookVersionId)}`, what: 'read the runbook', ...options },
        jrds.runbookRead,
      ),

    async changeStatus(sandboxId, jobId, change) {
      const what = `report the status ${change.status}`;
      const answer = await send({
        method: 'POST',
        path: `${jobPath(sandboxId, jobId)}/changeStatus`,
        json: statusBody(address.accountId, change, features.has('outcome')),
        what,
        ...ending(change.signal),
      });
      if (answer.status === 409) {
        const missing = jrds.acknowledged.safeParse(readJson(answer));
        if (missing.success) return { kind: 'records-missing', ...missing.data };
      }
      if (answer.status !== 200) throw failureOf(answer, what);
      refuseForeignPage(answer);
      return { kind: 'accepted' };
    },

    async uploadFrames(sandboxId, jobId, { from, chain, body, signal }) {
      const what = 'upload records';
      const answer = await send({
        method: 'POST',
        path: `${jobPath(sandboxId, jobId)}/records`,
        query: { from: String(from), chain },
        headers: { 'content-type': jrds.framesContentType, 'content-encoding': 'gzip' },
        body,
        what,
        ...ending(signal),
      });
      if (answer.status === 409) {
        const stands = jrds.acknowledged.safeParse(readJson(answer));
        if (stands.success) return { kind: 'resume-at', ...stands.data };
      }
      if (answer.status !== 200) throw failureOf(answer, what);
      return { kind: 'acknowledged', ...parseAnswer(answer, jrds.acknowledged) };
    },

    acknowledgedRecords: (sandboxId, jobId, options = {}) =>
      read(
        {
          method: 'GET',
          path: `${jobPath(sandboxId, jobId)}/records/acknowledged`,
          what: 'ask which records the service has',
          ...options,
        },
        jrds.acknowledged,
      ),

    putCheckpoint: (sandboxId, jobId, { kind, line, body, signal }) =>
      tell({
        method: 'PUT',
        path: `${jobPath(sandboxId, jobId)}/checkpoint`,
        query: { kind, line: String(line) },
        headers: { 'content-type': jrds.checkpointContentType },
        body,
        what: 'keep a checkpoint',
        ...ending(signal),
      }),

    async getCheckpoint(sandboxId, jobId, options = {}) {
      const what = 'read the checkpoint';
      const answer = await send({ method: 'GET', path: `${jobPath(sandboxId, jobId)}/checkpoint`, what, ...options });
      if (answer.status !== 200) throw failureOf(answer, what);
      refuseForeignPage(answer);
      refuseDamaged(answer);
      return answer.body.toString('utf8');
    },

    resumeJob: (jobId, options = {}) =>
      tell({ method: 'POST', path: `/jobs/${segment(jobId)}/resume`, json: {}, what: 'resume the job', ...options }),

    postStream: (jobId, body, options = {}) =>
      tell({ method: 'POST', path: `/jobs/${segment(jobId)}/postJobStream`, json: body, what: 'post a record', ...options }),

    unload: (sandboxId, jobId, body, options = {}) =>
      tell({ method: 'POST', path: `${jobPath(sandboxId, jobId)}/unload`, json: body, what: 'unload the job', ...options }),

    trace: (body, options = {}) => tell({ method: 'POST', path: '/logs', json: body, what: 'post a trace', ...options }),

    getVariable: (name, options = {}) => readAsset('variable', name, jrds.variableRead, options),
    getCredential: (name, options = {}) => readAsset('credential', name, jrds.credentialRead, options),
    getConnection: (name, options = {}) => readAsset('connection', name, jrds.connectionRead, options),
    getCertificate: (name, options = {}) => readAsset('certificate', name, jrds.certificateRead, options),

    async setVariable(name, value, options = {}) {
      const what = `set the variable ${name}`;
      // The protocol's clients always send false here, and a service never downgrades its stored flag.
      const json = { name, value, isEncrypted: false } satisfies z.input<typeof jrds.variableWrite>;
      const answer = await send({ method: 'POST', path: `/variables/${segment(name)}`, json, what, ...options });
      if (answer.status !== 200) throw assetFailure(answer, what, 'variable', name);
      refuseForeignPage(answer);
      const told = jrds.variableRead.safeParse(readJson(answer));
      return { isEncrypted: told.success && told.data.isEncrypted };
    },

    startChildJob: (sandboxId, jobId, childId, body, options = {}) =>
      read(
        {
          method: 'PUT',
          path: `${jobPath(sandboxId, jobId)}/children/${segment(childId)}`,
          json: body,
          what: `start the runbook ${body.runbookName}`,
          ...options,
        },
        jrds.childJob,
      ),

    getChildJob: (sandboxId, jobId, childId, options = {}) =>
      read(
        {
          method: 'GET',
          path: `${jobPath(sandboxId, jobId)}/children/${segment(childId)}`,
          what: `look at the job ${childId}`,
          ...options,
        },
        jrds.childJob,
      ),

    waitingJobs: (options = {}) =>
      read({ method: 'GET', path: '/Workers/waitingJobs', what: 'say which jobs wait', ...options }, jrds.waitingJobs),

    startTestJob: (testId, options = {}) =>
      read(
        { method: 'PUT', path: `/Workers/testJobs/${segment(testId)}`, json: {}, what: 'start the test job', ...options },
        jrds.testJob,
      ),

    rotateCertificate: (body, options = {}) =>
      tell({
        method: 'POST',
        path: '/hybridCertificateRotation',
        json: body,
        what: 'replace the worker’s certificate',
        ...options,
      }),

    close: () => https.close(),
  };
}

function waiting(waitSeconds: number | undefined): { heldSeconds?: number } {
  return waitSeconds === undefined || waitSeconds <= 0 ? {} : { heldSeconds: waitSeconds };
}

function ending(signal: AbortSignal | undefined): Ending {
  return signal === undefined ? {} : { signal };
}

function wasHeld({ headers: given }: CallAnswer): boolean {
  return /(?:^|,)\s*wait\s*=/i.test(String(given['preference-applied'] ?? ''));
}

/** It goes into a file and back into a header: nothing longer or odder than ours. */
function readTurn({ headers: given }: CallAnswer): string | undefined {
  const turn = given[headers.turn];
  return typeof turn === 'string' && /^[\w.-]{1,200}$/.test(turn) ? turn : undefined;
}

/** Empty: it is not of our service, or of one that offers nothing. */
function offeredIn({ headers: given }: CallAnswer): string {
  return String(given[headers.features] ?? '');
}

function rememberFeatures(answer: CallAnswer, features: Set<FeatureName>): void {
  const offered = offeredIn(answer)
    .split(',')
    .map((name) => name.trim());
  for (const name of featureNames) if (offered.includes(name)) features.add(name);
}

/** Any 401 does, but for two that say that something else is wrong. A page is somebody else's 401. */
function endsSandbox(answer: CallAnswer): boolean {
  refuseForeignPage(answer);
  const code = problemOf(answer)?.code;
  return code !== 'attempt-fenced' && code !== 'certificate-not-proven';
}

function assetFailure(answer: CallAnswer, what: string, kind: string, name: string): AppError {
  const failure = failureOf(answer, what);
  return answer.status === 404 && failure.code === 'service-refused'
    ? new AppError('resource-unknown', { what: kind, name }, { cause: failure })
    : failure;
}

function statusBody(accountId: string, change: StatusChange, offersOutcome: boolean): jrds.ChangeStatusBody {
  const { status, isFinal = false, exception, job, report } = change;
  const isBare = status === 'Activating' || status === 'Stopping' || job === undefined;
  return {
    jobStatus: status,
    isFinalStatus: isFinal,
    exception: exception ?? null,
    extendedProperty: isBare
      ? null
      : {
          accountid: accountId,
          accountname: job.accountName ?? null,
          trackingid: job.trackingId ?? null,
          jobid: job.jobId,
          resourcegroup: job.resourceGroupName ?? null,
          runbookname: job.runbookName,
          subscriptionid: job.subscriptionId ?? null,
          runon: job.runOn ?? null,
        },
    ...(report === undefined || !offersOutcome ? {} : { hrw: report }),
  };
}
