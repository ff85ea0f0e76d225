/** Connecting to a workspace and leaving it. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { JoinAnswer } from '../../src-contract/agent-service.ts';
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import type { EngineArguments } from '../../src-contract/engine-calls.ts';
import type { ProblemCode } from '../../src-contract/problems.ts';
import type { ProxySettings } from '../../src-contract/settings.ts';
import { contactOf } from '../engine/worker-state.ts';
import {
  createMachineIdentity,
  readMachineIdentity,
  writeMachineIdentity,
  type MachineIdentity,
} from '../service-link/machine-identity.ts';
import { brief, retry } from '../service-link/retry.ts';
import { createWorkspaceClient } from '../service-link/workspace-client.ts';
import { readTextFile, removeFiles, writePrivateFile } from '../storage/private-files.ts';
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
      const machineId = connection?.machineId ?? randomUUID();
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

  /** A proxy whose user is known keeps its password until another is given. */
  private async withPassword(proxy: ProxySettings): Promise<ProxySettings> {
    if (proxy.kind === 'none' || proxy.userName === undefined || proxy.password !== undefined) return proxy;
    const known = this.parts.settings.current.connection?.proxy;
    if (known?.kind !== 'manual' || known.url !== proxy.url || known.userName !== proxy.userName) return proxy;
    const password = await readTextFile(this.parts.layout.proxyPasswordFile);
    return password === undefined ? proxy : { ...proxy, password };
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
    const { layout, settings, clock } = this.parts;
    if (proxy.kind === 'manual' && proxy.password !== undefined) await writePrivateFile(layout.proxyPasswordFile, proxy.password);
    else await removeFiles(layout.proxyPasswordFile);
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
  if (proxy.kind === 'none') return proxy;
  return { kind: 'manual', url: proxy.url, ...(proxy.userName === undefined ? {} : { userName: proxy.userName }) };
}

/** Throws AppError `input-invalid`. */
function tidyRequest(given: Request): Request {
  const workspaceId = given.workspaceId.trim().toLowerCase();
  const workspaceKey = given.workspaceKey.trim();
  if (workspaceId === '') throw new AppError('input-invalid', { what: 'The workspace ID', reason: 'It is empty.' });
  if (workspaceKey === '') throw new AppError('input-invalid', { what: 'The workspace key', reason: 'It is empty.' });
  const serviceUrl = checkUrl('The service URL', given.serviceUrl, ['https:', 'http:']);
  const proxy: ProxySettings =
    given.proxy.kind === 'none'
      ? given.proxy
      : { ...given.proxy, url: checkUrl('The proxy', given.proxy.url, ['http:', 'https:'], proxyCredentialsElsewhere) };
  return { ...given, workspaceId, workspaceKey, serviceUrl, proxy };
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
