/** The clients that follow from the settings' connection and registration: made when first needed, made anew when those change. */
import { kindOfNumber } from '../../src-contract/kinds.ts';
import { AppError } from '../../src-contract/app-error.ts';
import type { ProxySettings } from '../../src-contract/settings.ts';
import type { WaitingJobs } from '../../src-contract/jrds.ts';
import type { JrdsAddress } from '../../src-contract/sandbox.ts';
import type { PollAnswer } from '../engine/ports.ts';
import type { CallOptions, PollRequest } from '../engine/poll-decisions.ts';
import { createJrdsClient, type JrdsClient } from '../service-link/jrds-client.ts';
import { readMachineIdentity, writeMachineIdentity, type MachineIdentity } from '../service-link/machine-identity.ts';
import { createWorkspaceClient, type WorkspaceClient } from '../service-link/workspace-client.ts';
import type { LaunchFacts } from '../launcher/sandbox-folders.ts';
import type { ServiceConnection } from '../launcher/renewed-connection.ts';
import { readSecretFile } from '../storage/secret-files.ts';
import type { WorkerParts } from './parts.ts';
import { WorkerTurn } from './worker-turn.ts';

type Parts = Pick<WorkerParts, 'layout' | 'settings' | 'version' | 'runtimes' | 'fault'>;

/** It becomes a folder's name. */
const safeSandboxId = /^[A-Za-z0-9-]{1,64}$/;

export class ServiceAccess {
  private readonly parts: Parts;
  private workspace: Promise<WorkspaceClient> | undefined;
  private jrds: Promise<JrdsClient> | undefined;
  /** Resolves once the machine's runtimes are known: a poll that named no kinds would be taken for a foreign worker's. */
  private readonly runtimesFound: Promise<unknown>;

  private readonly turn: WorkerTurn;
  /** The service wants another certificate of this worker. */
  onRotationAsked: () => void = () => undefined;

  /** Gives up the calls under way: one that its client ended would look like a failure. */
  private readonly giveUpCalls: () => void;

  constructor(parts: Parts, runtimesFound: Promise<unknown>, giveUpCalls: () => void) {
    this.parts = parts;
    this.giveUpCalls = giveUpCalls;
    this.runtimesFound = runtimesFound;
    this.turn = new WorkerTurn(parts.layout.workerTurn, (error) => {
      parts.fault(error, 'keep what the next call for work has to bring');
    });
  }

  /** With the password that settings do not hold. */
  async proxy(): Promise<ProxySettings> {
    const proxy = this.parts.settings.current.connection?.proxy ?? { kind: 'none' };
    if (proxy.kind !== 'manual' || proxy.userName === undefined) return proxy;
    const password = await readSecretFile(this.parts.layout.proxyPasswordFile);
    return password === undefined ? proxy : { ...proxy, password };
  }

  workspaceClient(): Promise<WorkspaceClient> {
    this.workspace ??= this.openWorkspace().catch((error: unknown) => {
      this.workspace = undefined;
      throw error;
    });
    return this.workspace;
  }

  async poll(request: PollRequest, { hold, seconds }: CallOptions, signal: AbortSignal): Promise<PollAnswer> {
    await this.runtimesFound;
    const client = await this.jrdsClient();
    const found = await client.getSandboxActions({
      kinds: [...new Set(this.parts.runtimes().map((runtime) => runtime.kind))],
      translatesWorkflows: this.parts.runtimes().some((runtime) => runtime.isTranslated === true),
      freeSlots: request.freeSlots,
      limit: request.limit,
      state: request.readiness,
      turn: await this.turn.read(),
      waitSeconds: hold ? seconds : 0,
      signal,
    });
    await this.turn.keep(found.turn);
    if (found.rotateCertificate) this.onRotationAsked();
    const odd = found.actions.find(({ SandboxId }) => !safeSandboxId.test(SandboxId));
    if (odd !== undefined) {
      const what = `a sandbox id that is none (${JSON.stringify(odd.SandboxId.slice(0, 60))})`;
      throw new AppError('answer-not-understood', { host: this.jrdsHost(), status: 200, what }, { retryable: true });
    }
    return {
      held: found.held,
      actions: found.actions.map(({ SandboxId, SandboxCookie, RunbookKind }) => ({
        sandboxId: SandboxId.toLowerCase(),
        secret: SandboxCookie ?? null,
        kind: kindOfNumber(RunbookKind ?? Number.NaN),
      })),
    };
  }

  async resumeJob(jobId: string): Promise<void> {
    await (await this.jrdsClient()).resumeJob(jobId);
  }

  /** Undefined: the service does not tell. */
  async waitingJobs(signal: AbortSignal): Promise<WaitingJobs | undefined> {
    const client = await this.registeredClient();
    return client.features.has('own-group') ? client.waitingJobs({ signal }) : undefined;
  }

  /** Undefined: the service has no such sample. */
  async startTestJob(testId: string, signal: AbortSignal): Promise<string | undefined> {
    const client = await this.registeredClient();
    return client.features.has('own-group') ? (await client.startTestJob(testId, { signal })).jobId : undefined;
  }

  /** Throws AppError `not-registered`. What the service offers is known from its first answer on, which registering waits for. */
  private async registeredClient(): Promise<JrdsClient> {
    if (this.parts.settings.current.registration === null) throw new AppError('not-registered', {});
    return this.jrdsClient();
  }

  private jrdsHost(): string {
    return new URL(this.parts.settings.current.registration?.jrdsUri ?? 'https://unknown').host;
  }

  /** Where a new sandbox finds the service. */
  async jrdsAddress(): Promise<JrdsAddress> {
    const { connection, registration } = this.parts.settings.current;
    if (registration === null || connection === null) throw new AppError('not-registered', {});
    const { jrdsUri, accountId } = registration;
    return { jrdsUri, accountId, trust: connection.trust, proxy: await this.proxy() };
  }

  workerIdentity(): Promise<MachineIdentity | undefined> {
    return readMachineIdentity(this.parts.layout.workerIdentity);
  }

  /** Before anybody reads it: a pair that was being replaced when an engine died may be torn, and the new one, which is whole, takes its place. */
  async mendIdentity(): Promise<void> {
    const { layout, settings } = this.parts;
    if (settings.current.registration === null || (await this.workerIdentity()) !== undefined) return;
    const next = await readMachineIdentity(layout.nextWorkerIdentity);
    if (next !== undefined) await writeMachineIdentity(next, layout.workerIdentity);
  }

  /** For finishing a dead sandbox: with the present certificate, at the account that its job came from, whose service has said `known`. */
  async connectFor(launch: LaunchFacts, known: ReadonlySet<string>): Promise<ServiceConnection | undefined> {
    const { registration } = this.parts.settings.current;
    const identity = await this.workerIdentity();
    if (registration === null || identity === undefined) return undefined;
    if (launch.accountId !== '' && launch.accountId !== registration.accountId) return undefined;
    const client = createJrdsClient({
      address: await this.jrdsAddress(),
      credential: credentialOf(identity),
      version: this.parts.version,
      features: known,
    });
    return {
      service: client,
      close: () => {
        client.close();
      },
    };
  }

  /** Connection, registration or certificate changed: the next call is made with what holds now. */
  async forget(): Promise<void> {
    const { workspace, jrds } = this;
    this.workspace = undefined;
    this.jrds = undefined;
    this.turn.forget();
    this.giveUpCalls();
    (await workspace?.catch(() => undefined))?.close();
    (await jrds?.catch(() => undefined))?.close();
  }

  private jrdsClient(): Promise<JrdsClient> {
    this.jrds ??= this.openJrds().catch((error: unknown) => {
      this.jrds = undefined;
      throw error;
    });
    return this.jrds;
  }

  private async openWorkspace(): Promise<WorkspaceClient> {
    const { connection } = this.parts.settings.current;
    if (connection === null) throw new AppError('not-connected', {});
    const identity = await readMachineIdentity(this.parts.layout.agentIdentity);
    // The pair was lost or damaged: the workspace cannot know us by another one.
    if (identity === undefined) throw new AppError('agent-unknown', { workspaceId: connection.workspaceId });
    return createWorkspaceClient({
      serviceUrl: connection.serviceUrl,
      workspaceId: connection.workspaceId,
      trust: connection.trust,
      proxy: await this.proxy(),
      identity,
      version: this.parts.version,
    });
  }

  private async openJrds(): Promise<JrdsClient> {
    const groupName = this.parts.settings.current.registration?.groupName ?? '';
    const identity = await this.workerIdentity();
    if (identity === undefined) throw new AppError('worker-not-accepted', { groupName });
    return createJrdsClient({
      address: await this.jrdsAddress(),
      credential: credentialOf(identity),
      groupName,
      version: this.parts.version,
    });
  }
}

export function credentialOf({ certificatePem, privateKeyPem }: MachineIdentity) {
  return { kind: 'worker-certificate', certificatePem, privateKeyPem } as const;
}
