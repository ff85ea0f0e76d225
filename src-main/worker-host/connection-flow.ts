/** Connecting to a workspace and leaving it. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { JoinAnswer } from '../../src-contract/agent-service.ts';
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import type { EngineArguments, WayTest } from '../../src-contract/engine-calls.ts';
import type { ProblemCode } from '../../src-contract/problems.ts';
import type { ProxySettings, Trust } from '../../src-contract/settings.ts';
import { contactOf } from '../engine/worker-state.ts';
import {
  createMachineIdentity,
  machineIdOf,
  readMachineIdentity,
  writeMachineIdentity,
  type MachineIdentity,
} from '../service-link/machine-identity.ts';
import { probeAddress } from '../service-link/probe.ts';
import { brief, retry } from '../service-link/retry.ts';
import { findSystemProxy, targetOf, type ManualProxy } from '../service-link/system-proxy.ts';
import { createWorkspaceClient } from '../service-link/workspace-client.ts';
import { removeFiles } from '../storage/private-files.ts';
import { readSecretFile, writeSecretFile } from '../storage/secret-files.ts';
import type { PackRounds } from './pack-rounds.ts';
import { agentSource, Progress, type WorkerParts } from './parts.ts';
import type { ServiceAccess } from './service-access.ts';

type Request = EngineArguments<'connection:connect'>;

const aboutTrust: ReadonlySet<ProblemCode> = new Set([
  'certificate-untrusted',
  'certificate-other-authority',
  'certificate-pin-mismatch',
  'tls-intercepted',
]);

export class ConnectionFlow {
  private readonly parts: WorkerParts;
  private readonly access: ServiceAccess;
  private readonly packs: PackRounds;

  constructor(parts: WorkerParts, access: ServiceAccess, packs: PackRounds) {
    this.parts = parts;
    this.access = access;
    this.packs = packs;
  }

  async connect(given: Request, signal: AbortSignal): Promise<void> {
    const request = tidyRequest(given);
    const { settings, publish } = this.parts;
    const { connection, registration } = settings.current;
    const isSameWorkspace = connection?.workspaceId === request.workspaceId && connection.serviceUrl === request.serviceUrl;
    // A group belongs to an account, and the account to a workspace: another workspace would leave the registration hanging.
    if (registration !== null && !isSameWorkspace) {
      throw new AppError('still-registered', { groupName: registration.groupName });
    }
    const engine = this.parts.engine();
    const isNew = contactOf(engine.state).kind === 'none';
    if (isNew) engine.dispatch({ kind: 'connect-asked' }, `connecting to workspace ${request.workspaceId}`);
    const progress = new Progress(publish, 'connect');
    try {
      const machineId = connection?.machineId ?? (await this.triedMachineId()) ?? randomUUID();
      const proxy = await this.withPassword(request.proxy);
      const identity = await progress.step('key', 'Make this machine’s key and certificate', () => this.agentIdentity(machineId));
      const joined = await progress.step(
        'join',
        `Join the workspace at ${new URL(request.serviceUrl).host}`,
        () => this.join({ ...request, proxy }, machineId, identity, signal),
        (answer) => `Workspace ${answer.workspaceName}`,
      );
      await progress.step('save', 'Keep the connection', () => this.keep(request, proxy, machineId, joined));
      this.noteConnected(request, joined);
    } catch (error) {
      if (isNew) engine.dispatch({ kind: 'join-failed' }, isAppError(error) ? error.code : 'failed');
      this.noteFailure(request, error);
      throw error;
    }
  }

  /** The service is told if it can be reached; what is here goes in any case. */
  async disconnect(signal: AbortSignal): Promise<void> {
    const { settings, layout, log } = this.parts;
    const { connection, registration } = settings.current;
    if (connection === null) throw new AppError('not-connected', {});
    if (registration !== null) throw new AppError('still-registered', { groupName: registration.groupName });
    const told = await this.parts.engine().withoutCalls(async () => {
      const answer = await this.leave(connection.machineId, signal);
      await settings.change({ connection: null });
      const { certificateFile, privateKeyFile } = layout.agentIdentity;
      await removeFiles(certificateFile, privateKeyFile, layout.proxyPasswordFile);
      this.parts.engine().dispatch({ kind: 'disconnected' }, 'asked to');
      return answer;
    });
    await this.access.forget();
    this.packs.startOver(null);
    log.write({
      name: 'agentDisconnected',
      source: agentSource,
      message: `This machine left the workspace ${connection.workspaceName}. ${told}`,
      fields: { workspaceId: connection.workspaceId },
    });
  }

  /** In words. A service that cannot be reached keeps an agent that never calls again; that is no reason to stay. */
  private async leave(machineId: string, signal: AbortSignal): Promise<string> {
    try {
      const client = await this.access.workspaceClient();
      await retry(() => client.leave(machineId, { signal }), { policy: brief, signal });
      return 'The service was told.';
    } catch (error) {
      if (!isAppError(error)) throw error;
      return `The service could not be told: ${error.message}`;
    }
  }

  /**
   * Another trust or proxy for the connection that there is. Both addresses of the service are reached in the new way, the agent's with this
   * machine's certificate, before anything is kept: a way that leads nowhere would cut the machine off from whoever could mend it.
   */
  async change(given: EngineArguments<'connection:change'>, signal: AbortSignal): Promise<void> {
    const { settings, publish, version, layout } = this.parts;
    const { connection, registration } = settings.current;
    if (connection === null) throw new AppError('not-connected', {});
    const { serviceUrl, workspaceId } = connection;
    const { trust } = given;
    const proxy = await this.withPassword(tidyProxy(given.proxy));
    const progress = new Progress(publish, 'change');
    await progress.step('reach', `Reach ${new URL(serviceUrl).host} in the new way`, async () => {
      const identity = await readMachineIdentity(layout.agentIdentity);
      if (identity === undefined) throw new AppError('agent-unknown', { workspaceId });
      const client = createWorkspaceClient({ serviceUrl, workspaceId, trust, proxy, identity, version });
      try {
        await retry(() => client.getPacks({ signal }), { policy: brief, signal });
      } finally {
        client.close();
      }
      await this.reachAccount(serviceUrl, registration?.jrdsUri, { trust, proxy }, signal);
    });
    await progress.step('save', 'Keep the connection', async () => {
      await this.keepPassword(proxy);
      await settings.change({ connection: { ...connection, trust, proxy: withoutPassword(proxy) } });
      await this.access.forget();
    });
    const engine = this.parts.engine();
    engine.clear('connect');
    engine.askAnew();
    this.parts.log.write({
      name: 'connectionChanged',
      source: agentSource,
      message: `The connection to the workspace ${connection.workspaceName} was changed: ${wayInWords(trust, proxy)}, before ${wayInWords(connection.trust, connection.proxy)}.`,
      fields: { workspaceId },
    });
  }

  /** The account's own address may be another than the workspace's. Whatever it answers to a plain call, it was reached. */
  private async reachAccount(
    serviceUrl: string,
    jrdsUri: string | undefined,
    { trust, proxy }: { trust: Trust; proxy: ProxySettings },
    signal: AbortSignal,
  ): Promise<void> {
    const url = jrdsUri === undefined ? undefined : new URL(jrdsUri).origin;
    if (url === undefined || url === new URL(serviceUrl).origin) return;
    const { answer } = await probeAddress({ address: { url, trust, proxy }, userAgent: this.userAgent() }, signal);
    if (answer.kind === 'failed') throw answer.error;
  }

  async test(given: EngineArguments<'connection:test'>, signal: AbortSignal): Promise<WayTest> {
    const serviceUrl = tidyServiceUrl(given.serviceUrl);
    const proxy = await this.withPassword(tidyProxy(given.proxy));
    const url = new URL(serviceUrl);
    const way = proxy.kind === 'system' ? await findSystemProxy(targetOf(url)) : proxy;
    const address = { url: url.origin, trust: given.trust, proxy };
    const { stages, answer } = await probeAddress({ address, userAgent: this.userAgent() }, signal);
    let before = 0;
    return {
      proxy: way.kind === 'manual' ? proxyName('proxy' in way ? way.proxy : way) : null,
      because: 'because' in way ? way.because : null,
      stages: stages.map(({ stage, atMs }) => {
        const tookMs = Math.round(atMs - before);
        before = atMs;
        return { stage, tookMs };
      }),
      certificate: answer.kind === 'answered' ? { issuer: answer.issuer, fingerprint: answer.fingerprint } : null,
      problem: answer.kind === 'failed' ? answer.error.toProblem() : null,
    };
  }

  private userAgent(): string {
    return `HybridRunbookWorker/${this.parts.version}`;
  }

  /** A proxy whose user is known keeps its password until another is given. */
  private async withPassword(proxy: ProxySettings): Promise<ProxySettings> {
    if (proxy.kind !== 'manual' || proxy.userName === undefined || proxy.password !== undefined) return proxy;
    const known = this.parts.settings.current.connection?.proxy;
    if (known?.kind !== 'manual' || known.url !== proxy.url || known.userName !== proxy.userName) return proxy;
    const password = await readSecretFile(this.parts.layout.proxyPasswordFile);
    return password === undefined ? proxy : { ...proxy, password };
  }

  /**
   * Of a try to join that failed: the workspace may know the machine since then, by this id and the certificate that is still here. With
   * another id it would list the machine twice, and one of the two for ever.
   */
  private async triedMachineId(): Promise<string | undefined> {
    const tried = await readMachineIdentity(this.parts.layout.agentIdentity);
    return tried === undefined ? undefined : machineIdOf(tried);
  }

  private async agentIdentity(machineId: string): Promise<MachineIdentity> {
    const { layout, clock } = this.parts;
    const known = await readMachineIdentity(layout.agentIdentity);
    if (known !== undefined && known.notAfter > clock.now()) return known;
    const made = await createMachineIdentity(machineId, clock.now());
    await writeMachineIdentity(made, layout.agentIdentity);
    return made;
  }

  private async join(request: Request, machineId: string, identity: MachineIdentity, signal: AbortSignal): Promise<JoinAnswer> {
    const { version, clock } = this.parts;
    const { serviceUrl, workspaceId, workspaceKey, trust, proxy } = request;
    const now = () => clock.now();
    const client = createWorkspaceClient({ serviceUrl, workspaceId, trust, proxy, identity, version, now });
    const body = {
      machineId,
      machineName: hostname(),
      thumbprint: identity.thumbprint,
      version,
      operatingSystem: process.platform === 'win32' ? 'windows' : process.platform,
    };
    try {
      return await retry(() => client.join(workspaceKey, body, { signal }), { policy: brief, signal });
    } finally {
      client.close();
    }
  }

  private async keep(request: Request, proxy: ProxySettings, machineId: string, joined: JoinAnswer): Promise<void> {
    const { settings, clock } = this.parts;
    await this.keepPassword(proxy);
    await settings.change({
      connection: {
        workspaceId: request.workspaceId,
        workspaceName: joined.workspaceName,
        serviceUrl: request.serviceUrl,
        trust: request.trust,
        proxy: withoutPassword(proxy),
        machineId,
        since: clock.now().toISOString(),
      },
    });
    await this.access.forget();
  }

  private async keepPassword(proxy: ProxySettings): Promise<void> {
    const { proxyPasswordFile } = this.parts.layout;
    if (proxy.kind === 'manual' && proxy.password !== undefined) await writeSecretFile(proxyPasswordFile, proxy.password);
    else await removeFiles(proxyPasswordFile);
  }

  private noteConnected(request: Request, joined: JoinAnswer): void {
    const engine = this.parts.engine();
    engine.clear('connect');
    this.packs.startOver(joined.account);
    engine.dispatch({ kind: 'joined' }, `joined workspace ${request.workspaceId}`);
    engine.askAnew();
    this.parts.log.write({
      name: 'agentConnected',
      source: agentSource,
      message: `This machine is connected to the workspace ${joined.workspaceName} at ${request.serviceUrl}.`,
      fields: { workspaceId: request.workspaceId },
    });
  }

  private noteFailure(request: Request, error: unknown): void {
    if (!isAppError(error)) return;
    const { code, message } = error;
    this.parts.log.write({
      name: aboutTrust.has(code) ? 'certificateNotTrusted' : 'agentConnectionFailed',
      source: agentSource,
      message: `Connecting to the workspace ${request.workspaceId} at ${request.serviceUrl} failed. ${message}`,
      fields: { code },
    });
  }
}

export function withoutPassword(proxy: ProxySettings): ProxySettings {
  if (proxy.kind !== 'manual') return proxy;
  return { kind: 'manual', url: proxy.url, ...(proxy.userName === undefined ? {} : { userName: proxy.userName }) };
}

/** Throws AppError `input-invalid`. */
function tidyRequest(given: Request): Request {
  const workspaceId = given.workspaceId.trim().toLowerCase();
  const workspaceKey = given.workspaceKey.trim();
  if (workspaceId === '') throw new AppError('input-invalid', { what: 'The workspace ID', reason: 'It is empty.' });
  if (workspaceKey === '') throw new AppError('input-invalid', { what: 'The workspace key', reason: 'It is empty.' });
  return { ...given, workspaceId, workspaceKey, serviceUrl: tidyServiceUrl(given.serviceUrl), proxy: tidyProxy(given.proxy) };
}

function tidyServiceUrl(given: string): string {
  return checkUrl('The service URL', given, ['https:', 'http:']);
}

function tidyProxy(given: ProxySettings): ProxySettings {
  if (given.kind !== 'manual') return given;
  return { ...given, url: checkUrl('The proxy', given.url, ['http:', 'https:'], proxyCredentialsElsewhere) };
}

function proxyName({ url, userName }: ManualProxy): string {
  return userName === undefined ? url : `${url} as ${userName}`;
}

/** For the event log. */
function wayInWords(trust: Trust, proxy: ProxySettings): string {
  const trusted = { system: 'the system’s authorities', authority: 'one authority', fingerprint: 'one certificate' }[trust.kind];
  const through =
    proxy.kind === 'none' ? 'no proxy' : proxy.kind === 'system' ? 'the system’s proxy' : `the proxy ${proxyName(proxy)}`;
  return `${through}, trusting ${trusted}`;
}

const proxyCredentialsElsewhere = ' They are given apart from it (`--proxy-user` and `--proxy-password-file`).';

/** `elsewhere`: where a user name and password are given instead. */
function checkUrl(what: string, text: string, protocols: readonly string[], elsewhere = ''): string {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw new AppError('input-invalid', { what, reason: 'It should look like https://host:port.' });
  }
  if (!protocols.includes(url.protocol)) throw new AppError('input-invalid', { what, reason: 'It should begin with https://.' });
  if (url.username !== '' || url.password !== '') {
    throw new AppError('input-invalid', { what, reason: `It should carry no user name and no password.${elsewhere}` });
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
