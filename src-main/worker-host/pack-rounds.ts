/** One look at the workspace's packs after the other: what is new is fetched, verified and put in place, what is gone is taken away. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { PackList } from '../../src-contract/agent-service.ts';
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import type { CallOptions } from '../engine/poll-decisions.ts';
import type { PackReceiver } from '../service-link/pack-receiver.ts';
import type { OfferedPack, WorkspaceClient } from '../service-link/workspace-client.ts';
import { agentSource, type WorkerParts } from './parts.ts';
import type { ServiceAccess } from './service-access.ts';

export type LinkedAccount = PackList['account'];

type Parts = Pick<WorkerParts, 'log' | 'engine' | 'layout' | 'settings'>;

export class PackRounds {
  /** The account that the workspace is linked to, as far as it has said. */
  account: LinkedAccount = null;
  private readonly parts: Parts;
  private readonly access: ServiceAccess;
  private readonly receiver: PackReceiver;
  private etag: string | undefined;
  /** Archives that were refused: the same bytes would be refused again. */
  private readonly refused = new Set<string>();

  constructor(parts: Parts, access: ServiceAccess, receiver: PackReceiver) {
    this.parts = parts;
    this.access = access;
    this.receiver = receiver;
  }

  /** Another connection: what was heard over the old one counts no more. */
  startOver(account: LinkedAccount): void {
    this.etag = undefined;
    this.refused.clear();
    this.noteAccount(account);
  }

  async round({ hold, seconds }: CallOptions, signal: AbortSignal): Promise<{ held: boolean }> {
    // Still joining: whoever joins wakes us when there is a workspace to ask.
    if (this.parts.settings.current.connection === null) return await untilAborted(signal);
    const client = await this.access.workspaceClient();
    const answer = await client.getPacks({
      ...(this.etag === undefined ? {} : { etag: this.etag }),
      waitSeconds: hold ? seconds : 0,
      signal,
    });
    if (answer.kind === 'unchanged') return { held: answer.held };
    this.noteAccount(answer.list.account);
    await this.receiveAll(client, answer.list, signal);
    // Only now: a round that failed midway finds the list changed again.
    this.etag = answer.etag;
    return { held: answer.etag !== undefined };
  }

  private noteAccount(account: LinkedAccount): void {
    this.account = account;
    const workspaceId = this.parts.settings.current.connection?.workspaceId;
    if (account !== null || workspaceId === undefined) this.parts.engine().clear('workspace-account');
    else this.parts.engine().raise('workspace-account', new AppError('workspace-not-linked', { workspaceId }).toProblem());
  }

  private async receiveAll(client: WorkspaceClient, list: PackList, signal: AbortSignal): Promise<void> {
    for (const { name, version } of this.receiver.packs) {
      if (list.packs.some((pack) => pack.name === name)) continue;
      await this.receiver.remove(name);
      this.parts.engine().clear(`pack:${name}`);
      const message = `The workspace no longer hands out the pack ${name} ${version}; it was removed.`;
      this.parts.log.write({ name: 'packRemoved', source: agentSource, message, fields: { pack: name, version } });
    }
    for (const pack of list.packs) {
      const present = this.receiver.packs.find((one) => one.name === pack.name);
      if (present?.sha256 === pack.sha256 && present.version === pack.version) continue;
      if (!this.refused.has(pack.sha256)) await this.receiveOne(client, pack, signal);
    }
    this.parts.engine().tellChanged();
  }

  private async receiveOne(client: WorkspaceClient, pack: OfferedPack, signal: AbortSignal): Promise<void> {
    const { log, layout } = this.parts;
    const { name, version } = pack;
    const fields = { pack: name, version };
    const archive = path.join(layout.packsFolder, `.${name}.archive`);
    log.write({
      name: 'packRequested',
      source: agentSource,
      message: `The workspace hands out the pack ${name} ${version} (${String(pack.bytes)} bytes); it is fetched.`,
      fields,
    });
    try {
      await client.downloadPack(pack, archive, { signal });
      const received = await this.receiver.receive(archive, pack);
      this.parts.engine().clear(`pack:${name}`);
      const message = `The pack ${name} ${version} was received, verified and placed in ${path.join(layout.packsFolder, received.folder)}.`;
      log.write({ name: 'packReceived', source: agentSource, message, fields });
    } catch (error) {
      if (!isAppError(error) || error.retryable) throw error;
      this.refused.add(pack.sha256);
      const problem = error.toProblem();
      this.parts.engine().raise(`pack:${name}`, problem, {
        name: 'packRefused',
        source: agentSource,
        message: `${problem.title}. ${problem.text}`,
        fields: { ...fields, code: problem.code },
      });
    } finally {
      await rm(archive, { force: true });
    }
  }
}

function untilAborted(signal: AbortSignal): Promise<{ held: boolean }> {
  return new Promise((resolve) => {
    const done = (): void => {
      resolve({ held: true });
    };
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}
