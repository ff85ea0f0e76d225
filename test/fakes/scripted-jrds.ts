/**
 * A job runtime data service with one job, for tests of the sandbox: real HTTPS, held calls, frames verified as the service does it. What it
 * was told is kept; what it answers can be bent (`answerFirst`), and it can be away (`leave`, `comeBack`).
 */
import { createHash, randomUUID, type Hash } from 'node:crypto';
import { userInfo } from 'node:os';
import { gunzipSync } from 'node:zlib';
import type { ChangeStatusBody, PostStreamBody } from '../../src-contract/jrds.ts';
import { jobStatusNumbers, pendingActions, runbookKinds, type RunbookKind } from '../../src-contract/kinds.ts';
import { decodeFrame, emptyChain } from '../../src-contract/node/journal-frame.ts';
import { openPolicy } from '../../src-contract/policy.ts';
import { describeProblem, type Problem } from '../../src-contract/problems.ts';
import type { StreamRecord } from '../../src-contract/records.ts';
import { journalHeader, noLimits, type SandboxHandOver } from '../../src-contract/sandbox.ts';
import { createAuthority } from './certificate-authority.ts';
import { startScriptedService, type ScriptedAnswer, type ScriptedService, type SeenRequest } from './scripted-service.ts';

export interface ScriptedJob {
  kind: RunbookKind | number;
  script: string;
  runbookName?: string;
  /** JSON text each, as on the wire. */
  parameters?: Record<string, string>;
  settings?: { logVerbose?: boolean; logDebug?: boolean; logProgress?: boolean };
  /** Parameters that are declared as PSCredential. */
  credentialParameters?: readonly string[];
  assets?: ScriptedAssets;
}

export interface ScriptedAssets {
  /** JSON text each. */
  variables?: Record<string, { value: string; isEncrypted: boolean }>;
  credentials?: Record<string, { userName: string; value: string }>;
}

export interface JrdsOptions {
  job: ScriptedJob;
  /** A checkpoint that an earlier attempt left. */
  checkpoint?: string;
  /** Speaks the plain protocol: no features, no held calls, one record a call. */
  foreign?: boolean;
  /** Records themselves are kept too, not only their count and hash. Off for millions. */
  keepRecords?: boolean;
  /** More jobs in the same sandbox, as a foreign service may have them. */
  furtherJobIds?: string[];
}

const accountId = '0a0b0c0d-0000-4000-8000-000000000001';
const runbookVersionId = '7a7b7c7d-0000-4000-8000-000000000003';
const holdMs = 2000;

export class ScriptedJrds {
  readonly jobId = '9a9b9c9d-0000-4000-8000-000000000004';
  /** A new one each time: process trees are named after it, and those of two runs on one machine must not meet. */
  readonly sandboxId = randomUUID();
  readonly statuses: ChangeStatusBody[] = [];
  readonly records: StreamRecord[] = [];
  readonly posted: PostStreamBody[] = [];
  readonly decisions: string[] = [];
  readonly checkpoints: { kind: string | null; line: number; text: string }[] = [];
  recordCount = 0;
  uploads = 0;
  acknowledgedMessages = 0;
  unloaded = false;
  fenced = false;
  /** Asked before the script answers; undefined lets it. `path` is below the account, without the query. */
  answerFirst: (path: string, request: SeenRequest) => ScriptedAnswer | Promise<ScriptedAnswer> | undefined = () => undefined;
  readonly #options: JrdsOptions;
  readonly #certificate: { key: string; cert: string; sha256: string };
  readonly #authorityPem: string;
  #service: ScriptedService | undefined;
  #port = 0;
  #chain: Buffer = emptyChain;
  readonly #hashes = new Map<string, Hash>();
  #messages: string[];
  #wake: (() => void)[] = [];
  #stopping = false;
  #activated = false;

  private constructor(options: JrdsOptions, certificate: { key: string; cert: string; sha256: string }, authorityPem: string) {
    this.#options = options;
    this.#certificate = certificate;
    this.#authorityPem = authorityPem;
    this.#messages = [this.jobId, ...(options.furtherJobIds ?? [])];
  }

  static async start(options: JrdsOptions): Promise<ScriptedJrds> {
    const authority = await createAuthority('Scripted authority');
    const jrds = new ScriptedJrds(options, await authority.issue(), authority.pem);
    await jrds.comeBack();
    return jrds;
  }

  get chain(): string {
    return this.#chain.toString('hex');
  }

  get final(): ChangeStatusBody | undefined {
    return this.statuses.find((status) => status.isFinalStatus === true);
  }

  /** One for each job that ended. */
  get finals(): ChangeStatusBody[] {
    return this.statuses.filter((status) => status.isFinalStatus === true);
  }

  /** As a service that lost its last writes. */
  forgetRecords(): void {
    this.#chain = emptyChain;
    this.recordCount = 0;
    this.records.length = 0;
    this.#hashes.clear();
  }

  get isStopping(): boolean {
    return this.#stopping;
  }

  /** SHA-256 of a stream's text as the runtime wrote it: lines with their ends, parts joined. */
  sha256(stream: string): string {
    return (this.#hashes.get(stream) ?? createHash('sha256')).copy().digest('hex');
  }

  /** Of this service; a test adds what it is about. */
  handOver(
    given: Pick<SandboxHandOver, 'sandboxFolder' | 'journalsFolder' | 'runtimes'> & Partial<SandboxHandOver>,
  ): SandboxHandOver {
    return {
      contractVersion: 1,
      sandboxId: this.sandboxId,
      address: {
        jrdsUri: `https://localhost:${this.#port}`,
        accountId,
        trust: { kind: 'authority', pem: this.#authorityPem },
        proxy: { kind: 'none' },
      },
      credential: { kind: 'sandbox-secret', secret: 'c2FuZGJveCBzZWNyZXQ=' },
      groupName: 'group-a',
      stopGraceSeconds: 5,
      startLimitSeconds: 60,
      culture: '',
      runAs: { kind: 'own', name: userInfo().username },
      limits: noLimits,
      policy: openPolicy,
      ...given,
    };
  }

  stopJob(): void {
    this.#stopping = true;
    this.#messages.push(this.jobId);
    this.#wakeHeld();
  }

  fence(): void {
    this.fenced = true;
    this.#wakeHeld();
  }

  /** Nothing answers any more, and open connections are cut. */
  async leave(): Promise<void> {
    await this.#service?.close();
    this.#service = undefined;
  }

  async comeBack(): Promise<void> {
    this.#service = await startScriptedService(this.#certificate, (request) => this.#answer(request), this.#port);
    this.#port = this.#service.port;
  }

  async close(): Promise<void> {
    this.#wakeHeld();
    await this.leave();
  }

  async #answer(request: SeenRequest): Promise<ScriptedAnswer> {
    // Of millions of records the requests themselves must not be kept.
    if (this.#service !== undefined) this.#service.requests.length = 0;
    const url = new URL(request.url, 'https://localhost');
    const path = url.pathname.replace(/^\/automationAccounts\/[^/]+/, '');
    const answer =
      (await this.answerFirst(path, request)) ??
      (this.fenced
        ? refusal(401, describeProblem('attempt-fenced', { sandboxId: this.sandboxId }))
        : await this.#script(path, url, request));
    if (this.#options.foreign === true) return answer;
    // A test that plays somebody on the way gives it without.
    return {
      ...answer,
      headers: { 'hrw-features': 'wait, record-batches, sandbox-secret, outcome, checkpoints', ...answer.headers },
    };
  }

  async #script(path: string, url: URL, request: SeenRequest): Promise<ScriptedAnswer> {
    const { body } = request;
    if (path.endsWith('/getJobActions')) return this.#jobActions(request);
    if (path.endsWith('/AcknowledgeJobActions')) {
      this.acknowledgedMessages += (JSON.parse(body.toString()) as { MessageMetadatas: unknown[] }).MessageMetadatas.length;
      return { body: {} };
    }
    if (path.endsWith('/changeStatus')) return this.#changeStatus(JSON.parse(body.toString()) as ChangeStatusBody);
    if (path.endsWith('/unload')) {
      this.unloaded = true;
      this.#wakeHeld();
      return { body: {} };
    }
    if (path.endsWith('/records/acknowledged')) return { body: this.#stands() };
    if (path.endsWith('/records')) return this.#take(url, body);
    if (path.endsWith('/checkpoint')) return this.#checkpoint(url, request);
    if (path.endsWith('/postJobStream')) return this.#post(JSON.parse(body.toString()) as PostStreamBody);
    if (path.endsWith('/getUpdatableData')) return { body: this.#updatableData() };
    if (path.startsWith('/jobs/')) return { body: this.#job(path.split('/')[2] ?? '') };
    if (path.startsWith('/runbooks/')) return { body: this.#runbook() };
    const asset = /^\/(variables|credentials)\/([^/]+)$/.exec(path);
    if (asset !== null) return this.#asset(asset[1] as keyof ScriptedAssets, decodeURIComponent(asset[2] ?? ''));
    return { status: 404, body: 'no such call' };
  }

  async #jobActions(request: SeenRequest): Promise<ScriptedAnswer> {
    const holds = this.#options.foreign !== true && String(request.headers['prefer']).includes('wait=');
    if (holds && this.#messages.length === 0 && !this.unloaded) await this.#hold();
    if (this.fenced) return refusal(401, describeProblem('attempt-fenced', { sandboxId: this.sandboxId }));
    if (this.unloaded) return { status: 401, body: { message: 'unloaded' } };
    const value = this.#messages.splice(0).map((jobId, index) => ({
      MessageMetadata: { PopReceipt: `receipt-${index}`, MessageId: `message-${index}` },
      MessageSource: 'Queue',
      LockToken: null,
      JobId: jobId,
    }));
    return { body: { value }, ...(holds ? { headers: { 'preference-applied': 'wait=2' } } : {}) };
  }

  #hold(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, holdMs);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wakeHeld(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  #changeStatus(body: ChangeStatusBody): ScriptedAnswer {
    const report = body.hrw;
    if (report !== undefined && report.chain !== this.chain && report.recordCount > this.recordCount)
      return { status: 409, body: this.#stands() };
    this.#activated = true;
    this.statuses.push(body);
    return { body: {} };
  }

  #stands(): { acknowledged: number; chain: string } {
    return { acknowledged: this.recordCount, chain: this.chain };
  }

  #take(url: URL, body: Buffer): ScriptedAnswer {
    this.uploads += 1;
    if (Number(url.searchParams.get('from')) !== this.recordCount || url.searchParams.get('chain') !== this.chain)
      return { status: 409, body: this.#stands() };
    const bytes = gunzipSync(body);
    for (let at = 0; at < bytes.length;) {
      const decision = decodeFrame(this.#chain, bytes, at);
      if (decision.kind !== 'frame') return { status: 422, body: decision.kind };
      const { payload, chain, length } = decision.frame;
      this.#note(payload);
      this.#chain = Buffer.from(chain);
      at += length;
    }
    return { body: this.#stands() };
  }

  #note(payload: Buffer): void {
    const text = payload.toString('utf8');
    const end = text.indexOf('\n');
    const header = journalHeader.parse(JSON.parse(end === -1 ? text : text.slice(0, end)));
    if (header.kind === 'end') throw new Error('the end frame is not for the service');
    if (header.kind === 'decision') this.decisions.push(header.text);
    if (header.kind !== 'records') return;
    const records = JSON.parse(`[${text.slice(end + 1).replaceAll('\n', ',')}]`) as StreamRecord[];
    if (records.length !== header.count || header.first !== this.recordCount) throw new Error('records are missing or doubled');
    for (const record of records) {
      if (record.seq !== this.recordCount) throw new Error(`sequence ${record.seq} where ${this.recordCount} was to come`);
      this.recordCount += 1;
      this.#hash(record);
      if (this.#options.keepRecords !== false) this.records.push(record);
    }
  }

  #hash({ stream, text, part }: StreamRecord): void {
    let hash = this.#hashes.get(stream);
    if (hash === undefined) this.#hashes.set(stream, (hash = createHash('sha256')));
    hash.update(part === undefined || part.last ? `${text}\n` : text);
  }

  #checkpoint(url: URL, { method, body }: SeenRequest): ScriptedAnswer {
    if (method === 'GET') return { body: this.#options.checkpoint ?? '' };
    const { searchParams } = url;
    this.checkpoints.push({
      kind: searchParams.get('kind'),
      line: Number(searchParams.get('line')),
      text: body.toString('utf8'),
    });
    return { body: {} };
  }

  #asset(kind: keyof ScriptedAssets, name: string): ScriptedAnswer {
    const found = this.#options.job.assets?.[kind]?.[name];
    return found === undefined ? { status: 404, body: 'no such asset' } : { body: { name, ...found } };
  }

  #post(body: PostStreamBody): ScriptedAnswer {
    this.posted.push(body);
    return { body: {} };
  }

  #job(jobId: string): Record<string, unknown> {
    const { parameters = {}, runbookName = 'Test-Runbook' } = this.#options.job;
    const started = jobId === this.jobId ? this.#activated : false;
    return {
      jobId,
      jobStatus: started ? jobStatusNumbers.Running : jobStatusNumbers.New,
      pendingAction: this.#stopping && jobId === this.jobId ? pendingActions.Stop : started ? null : pendingActions.Activate,
      parameters: Object.entries(parameters).map(([Name, Value]) => ({ Name, Value })),
      runbookName,
      runbookVersionId,
      trackingId: this.sandboxId,
      accountName: 'contoso',
    };
  }

  #updatableData(): Record<string, unknown> {
    const { logVerbose = false, logDebug = false, logProgress = false } = this.#options.job.settings ?? {};
    const hrw =
      this.#options.foreign === true
        ? {}
        : { hrw: { attempt: 1, rerun: 'restart', hasCheckpoint: this.#options.checkpoint !== undefined } };
    return { isDraft: false, logVerbose, logDebug, logProgress, jobStartedBy: 'somebody', ...hrw };
  }

  #runbook(): Record<string, unknown> {
    const { kind, script, runbookName = 'Test-Runbook', credentialParameters = [] } = this.#options.job;
    const runbookDefinitionKind = typeof kind === 'number' ? kind : runbookKinds[kind];
    const parameters = credentialParameters.map((Name) => ({
      Name,
      ParameterType: { Name: 'System.Management.Automation.PSCredential' },
    }));
    return { name: runbookName, definition: script, runbookDefinitionKind, runbookVersionId, parameters };
  }
}

function refusal(status: number, problem: Problem): ScriptedAnswer {
  return { status, body: { ...problem, status, correlationId: 'test' } };
}
