/** Joining a worker group and leaving it. */
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import type { EngineArguments, RegistrationStep } from '../../src-contract/engine-calls.ts';
import { workerPackName } from '../../src-contract/packs.ts';
import type { Settings } from '../../src-contract/settings.ts';
import { createMachineIdentity, writeMachineIdentity, type MachineIdentity } from '../service-link/machine-identity.ts';
import type { PackReceiver } from '../service-link/pack-receiver.ts';
import { checkEndpoint, checkGroupName, deregister, register, type Registered } from '../service-link/registration-client.ts';
import { brief, retry } from '../service-link/retry.ts';
import { removeFiles } from '../storage/private-files.ts';
import type { PackRounds } from './pack-rounds.ts';
import { Progress, workerSource, type WorkerParts } from './parts.ts';
import type { ServiceAccess } from './service-access.ts';

type Request = EngineArguments<'registration:register'>;
type Connection = NonNullable<Settings['connection']>;

/** How long registering waits for the first poll's answer before it says that it is still on its way. */
const firstPollMs = 10_000;

export class RegistrationFlow {
  private readonly parts: WorkerParts;
  private readonly access: ServiceAccess;
  private readonly packs: PackRounds;
  private readonly receiver: PackReceiver;
  /** The machine that the account was asked to forget, by a call whose answer never came: the account may have done it. */
  private askedToForget: string | undefined;

  constructor(parts: WorkerParts, access: ServiceAccess, packs: PackRounds, receiver: PackReceiver) {
    this.parts = parts;
    this.access = access;
    this.packs = packs;
    this.receiver = receiver;
  }

  async register(given: Request, signal: AbortSignal): Promise<void> {
    const request = { groupName: given.groupName.trim(), endpoint: given.endpoint.trim(), token: given.token.trim() };
    const progress = new Progress<RegistrationStep>(this.parts.publish, 'register');
    try {
      const connection = await progress.step('pack', `Check that the ${workerPackName} pack is here`, () =>
        this.checkMayRegister(),
      );
      await progress.step('service', 'Check the group’s name and the account’s endpoint', () =>
        this.checkRequest(request, connection),
      );
      // The workspace knows the machine by this id, and the account asks the workspace whether it does.
      const { machineId } = connection;
      const identity = await progress.step(
        'key',
        'Make the worker’s key and certificate',
        () => createMachineIdentity(machineId, this.parts.clock.now()),
        ({ thumbprint }) => `Thumbprint ${thumbprint}`,
      );
      await progress.step('register', `Register in the group ${request.groupName}`, async () => {
        const registered = await this.callRegister(request, connection, machineId, identity, signal);
        try {
          await this.keep(request, machineId, identity, registered);
        } catch (error) {
          throw await this.takeBack(request, connection, machineId, identity, error, signal);
        }
      });
      await progress.step(
        'poll',
        'Ask for work the first time',
        () => this.waitForFirstPoll(signal),
        (detail) => detail,
      );
    } catch (error) {
      if (isAppError(error)) {
        this.parts.log.write({
          name: 'registrationFailed',
          source: workerSource,
          message: `Registering in the group ${request.groupName} failed. ${error.message}`,
          fields: { code: error.code },
        });
      }
      throw error;
    }
  }

  /** `local`: only what is here, without a word to the account. */
  async unregister(given: EngineArguments<'registration:unregister'>, signal: AbortSignal): Promise<void> {
    const { settings, layout, log } = this.parts;
    const { registration, connection } = settings.current;
    if (registration === null) throw new AppError('not-registered', {});
    const token = given.token?.trim() ?? '';
    if (!given.local && token === '') {
      const reason = 'It is needed to tell the account that this machine leaves.';
      throw new AppError('input-invalid', { what: 'The account’s key', reason });
    }
    const progress = new Progress(this.parts.publish, 'unregister');
    await this.parts.engine().withoutCalls(async () => {
      if (!given.local) {
        await progress.step('service', `Remove this machine from the group ${registration.groupName}`, () =>
          this.callDeregister(registration, connection, token, signal),
        );
      }
      await progress.step('local', 'Remove the worker’s key and certificate from this machine', async () => {
        await settings.change({ registration: null });
        const { workerIdentity, nextWorkerIdentity, workerTurn } = layout;
        const pairs = [workerIdentity, nextWorkerIdentity].flatMap((pair) => [pair.certificateFile, pair.privateKeyFile]);
        await removeFiles(...pairs, workerTurn);
      });
      this.parts.engine().dispatch({ kind: 'unregistered' }, given.local ? 'asked to, here only' : 'asked to');
    });
    await this.access.forget();
    log.write({
      name: 'workerDeregistered',
      source: workerSource,
      message: given.local
        ? `This machine forgot that it is in the group ${registration.groupName}; the account was not told.`
        : `This machine left the group ${registration.groupName}.`,
      fields: { groupName: registration.groupName, machineId: registration.machineId },
    });
  }

  private checkMayRegister(): Connection {
    const { connection, registration } = this.parts.settings.current;
    if (registration !== null) {
      const { groupName, accountId, accountName } = registration;
      throw new AppError('already-registered', { groupName, account: accountName ?? accountId });
    }
    if (connection === null) throw new AppError('not-connected', {});
    if (!this.receiver.packs.some((pack) => pack.name === workerPackName)) {
      throw new AppError('pack-missing', { pack: workerPackName });
    }
    return connection;
  }

  private checkRequest(request: Request, { workspaceId, workspaceName }: Connection): void {
    checkGroupName(request.groupName);
    const accountId = checkEndpoint(request.endpoint);
    const linked = this.packs.account;
    if (linked !== null && linked.accountId !== accountId) {
      throw new AppError('workspace-wrong-account', {
        workspaceId,
        workspaceName,
        linkedAccountId: linked.accountId,
        linkedAccountName: linked.name,
        accountId,
      });
    }
    if (request.token === '') throw new AppError('input-invalid', { what: 'The account’s key', reason: 'It is empty.' });
  }

  private async callRegister(
    request: Request,
    connection: Connection,
    machineId: string,
    identity: MachineIdentity,
    signal: AbortSignal,
  ): Promise<Registered> {
    const access = await this.accessTo(request.endpoint, request.token, connection, signal);
    const { groupName } = request;
    return await retry(() => register({ ...access, groupName, machineId, identity }), { policy: brief, signal });
  }

  private async callDeregister(
    registration: NonNullable<Settings['registration']>,
    connection: Connection | null,
    token: string,
    signal: AbortSignal,
  ): Promise<void> {
    const identity = await this.access.workerIdentity();
    // Without its certificate the account cannot know who leaves.
    if (identity === undefined || connection === null)
      throw new AppError('machine-unknown', { machineId: registration.machineId });
    const { groupName, machineId } = registration;
    const access = await this.accessTo(registration.endpoint, token, connection, signal);
    await this.forgetAt({ ...access, groupName, machineId, identity });
  }

  /** What the account does not know any more after such a call, it has forgotten because of it; without one, a person has to know. */
  private async forgetAt(access: Parameters<typeof deregister>[0]): Promise<void> {
    const { machineId, signal } = access;
    const ask = async (): Promise<void> => {
      try {
        await deregister(access);
      } catch (error) {
        if (!isAppError(error)) throw error;
        if (error.code === 'machine-unknown' && this.askedToForget === machineId) return;
        if (error.retryable) this.askedToForget = machineId;
        throw error;
      }
    };
    await retry(ask, { policy: brief, ...(signal === undefined ? {} : { signal }) });
    this.askedToForget = undefined;
  }

  private async keep(request: Request, machineId: string, identity: MachineIdentity, registered: Registered): Promise<void> {
    const { layout, settings, clock, log } = this.parts;
    // What was brought and asked before belongs to another registration.
    this.askedToForget = undefined;
    await removeFiles(layout.workerTurn);
    await writeMachineIdentity(identity, layout.workerIdentity);
    await settings.change({
      registration: {
        groupName: request.groupName,
        endpoint: request.endpoint,
        accountId: registered.accountId,
        accountName: registered.accountName ?? this.packs.account?.name ?? null,
        machineId,
        jrdsUri: registered.jrdsUri,
        restApiUri: registered.restApiUri,
        thumbprint: identity.thumbprint,
        since: clock.now().toISOString(),
      },
    });
    await this.access.forget();
    log.write({
      name: 'workerRegistered',
      source: workerSource,
      message: `This machine is registered in the group ${request.groupName} of account ${registered.accountId}.`,
      fields: { groupName: request.groupName, accountId: registered.accountId, machineId, thumbprint: identity.thumbprint },
    });
    this.parts.engine().dispatch({ kind: 'registered' }, `registered in the group ${request.groupName}`);
  }

  /**
   * The account has this machine, and this machine cannot keep that (a full disk, a folder that is not its own): neither side is to be left
   * with half of it. Answers what to tell.
   */
  private async takeBack(
    request: Request,
    connection: Connection,
    machineId: string,
    identity: MachineIdentity,
    failure: unknown,
    signal: AbortSignal,
  ): Promise<AppError> {
    const { settings, layout, fault } = this.parts;
    const { certificateFile, privateKeyFile } = layout.workerIdentity;
    try {
      await removeFiles(privateKeyFile, certificateFile);
      if (settings.current.registration !== null) await settings.change({ registration: null });
    } catch (error) {
      fault(error, 'remove what was kept of a registration');
    }
    let left = 'The account was told to forget this machine';
    try {
      const access = await this.accessTo(request.endpoint, request.token, connection, signal);
      await this.forgetAt({ ...access, groupName: request.groupName, machineId, identity });
    } catch (error) {
      fault(error, 'tell the account to forget this machine');
      left = `The account goes on listing this machine in the group ${request.groupName}`;
    }
    if (isAppError(failure)) return failure;
    const reason = failure instanceof Error ? failure.message : String(failure);
    const details = { dataFolder: layout.folder, reason: `the registration cannot be kept (${reason}). ${left}` };
    return new AppError('data-folder-unusable', details, { cause: failure });
  }

  private async accessTo(endpoint: string, key: string, connection: Connection, signal: AbortSignal) {
    const { version, clock } = this.parts;
    return {
      endpoint,
      key,
      trust: connection.trust,
      proxy: await this.access.proxy(),
      version,
      workspaceId: connection.workspaceId,
      now: () => clock.now(),
      signal,
    };
  }

  /** Registered either way; the detail says whether the service has answered already. */
  private async waitForFirstPoll(signal: AbortSignal): Promise<string> {
    const { clock } = this.parts;
    const deadline = clock.monotonicMs() + firstPollMs;
    while (clock.monotonicMs() < deadline && !signal.aborted) {
      const { state } = this.parts.engine();
      if (state.status === 'offline') return `Not yet: ${state.trouble.title}`;
      if (state.status !== 'connecting') return 'The service answered';
      await clock.sleep(20, signal);
    }
    return 'Not yet: the service has not answered so far; it is asked again';
  }
}
