/** The workspace that an agent belongs to: joining it, leaving it, hearing which packs it hands out, and fetching one. */
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { joinAnswer, packList, type JoinAnswer, type JoinBody, type PackList } from '../../src-contract/agent-service.ts';
import { AppError } from '../../src-contract/app-error.ts';
import { maxPackBytes } from '../../src-contract/limits.ts';
import type { ProxySettings, Trust } from '../../src-contract/settings.ts';
import { clockFailureOf, failureOf, parseAnswer, problemOf, refuseForeignPage } from './answers.ts';
import { createHttpsClient, type CallAnswer, type HttpsClientOptions, type Timeouts } from './https-client.ts';
import { sendSigned } from './signed-call.ts';
import type { ClientCertificate } from './trust.ts';

export interface WorkspaceClientOptions {
  serviceUrl: string;
  workspaceId: string;
  trust: Trust;
  proxy: ProxySettings;
  /** The agent's own pair; it is what the service knows this agent by after joining. */
  identity: ClientCertificate;
  /** Of this program. */
  version: string;
  timeouts?: Partial<Timeouts>;
  now?: () => Date;
}

export type OfferedPack = PackList['packs'][number];

type PacksAnswer =
  | { kind: 'changed'; list: PackList; etag: string | undefined; held: boolean }
  /** As the etag given: nothing is new. */
  | { kind: 'unchanged'; held: boolean };

export interface WorkspaceClient {
  /** Once, with the workspace key, which is not needed again. */
  join(key: string, body: JoinBody, options?: { signal?: AbortSignal }): Promise<JoinAnswer>;
  leave(machineId: string, options?: { signal?: AbortSignal }): Promise<void>;
  /** With the etag of the list that is known, the service holds the call until there is another; without one it answers at once. */
  getPacks(options?: { etag?: string; waitSeconds?: number; signal?: AbortSignal }): Promise<PacksAnswer>;
  /**
   * Writes the archive to `file`, which appears only when size and hash are those of the list. Something on the way may have put something
   * else in its place (a page, half of it): such a failure is retryable, unlike one of the archive that was announced.
   */
  downloadPack(pack: OfferedPack, file: string, options?: { signal?: AbortSignal }): Promise<void>;
  close: () => void;
}

export function createWorkspaceClient(options: WorkspaceClientOptions): WorkspaceClient {
  const { workspaceId } = options;
  const connection: HttpsClientOptions & { certificate: ClientCertificate } = {
    address: { url: options.serviceUrl, trust: options.trust, proxy: options.proxy },
    certificate: options.identity,
    userAgent: `HybridRunbookWorker/${options.version}`,
    ...(options.timeouts === undefined ? {} : { timeouts: options.timeouts }),
  };
  const https = createHttpsClient(connection);
  const base = `/workspaces/${encodeURIComponent(workspaceId)}`;

  /** Without a reason of the service's own, a refused agent is one that the workspace has forgotten. */
  function refusalOf(answer: CallAnswer, what: string): AppError {
    const failure = failureOf(answer, what);
    const isForgotten = answer.status === 401 || answer.status === 403;
    return failure.code === 'service-refused' && isForgotten
      ? new AppError('agent-unknown', { workspaceId }, { cause: failure })
      : failure;
  }

  async function getPacks({ etag, waitSeconds = 0, signal }: { etag?: string; waitSeconds?: number; signal?: AbortSignal } = {}) {
    const answer = await https.call({
      method: 'GET',
      path: `${base}/packs`,
      headers: { accept: 'application/json', ...(etag === undefined ? {} : { 'if-none-match': etag }) },
      // Without an etag there is nothing to wait for: the first list is wanted now.
      ...(waitSeconds > 0 && etag !== undefined ? { heldSeconds: waitSeconds } : {}),
      ...(signal === undefined ? {} : { signal }),
    });
    const held = /(?:^|,)\s*wait\s*=/i.test(String(answer.headers['preference-applied'] ?? ''));
    if (answer.status === 304 && etag !== undefined) return { kind: 'unchanged', held } as const;
    if (answer.status !== 200) throw refusalOf(answer, 'ask for the workspace’s packs');
    return { kind: 'changed', list: parseAnswer(answer, packList), etag: answer.headers.etag, held } as const;
  }

  return {
    async join(key, body, { signal } = {}) {
      const answer = await sendSigned({
        connection,
        key,
        method: 'POST',
        path: `${base}/agents`,
        body,
        now: options.now?.() ?? new Date(),
        ...(signal === undefined ? {} : { signal }),
      });
      if (answer.status === 200 || answer.status === 201) return parseAnswer(answer, joinAnswer);
      const failure = failureOf(answer, 'join the workspace');
      const keyRefused = (): AppError =>
        new AppError('workspace-key-refused', { workspaceId, keyEnding: key.slice(-4) }, { cause: failure });
      // The service cannot say which key was used; we can.
      if (failure.code === 'workspace-key-refused') throw keyRefused();
      if (failure.code !== 'service-refused' || problemOf(answer) !== undefined) throw failure;
      if (answer.status === 401 || answer.status === 403) throw clockFailureOf(answer) ?? keyRefused();
      throw answer.status === 404 ? new AppError('workspace-unknown', { workspaceId }, { cause: failure }) : failure;
    },

    async leave(machineId, { signal } = {}) {
      const answer = await https.call({
        method: 'DELETE',
        path: `${base}/agents/${encodeURIComponent(machineId)}`,
        ...(signal === undefined ? {} : { signal }),
      });
      if (answer.status !== 200 && answer.status !== 204) throw refusalOf(answer, 'leave the workspace');
      refuseForeignPage(answer);
    },

    getPacks,

    async downloadPack(pack, file, { signal } = {}) {
      const { name, version } = pack;
      const refuse = (reason: string, retryable = true): AppError =>
        new AppError('pack-invalid', { pack: name, version, reason }, { retryable });
      if (pack.bytes > maxPackBytes) throw refuse(`It is larger than ${maxPackBytes / 1024 / 1024} MiB.`, false);
      const part = `${file}.part`;
      const hash = createHash('sha256');
      let bytes = 0;
      const handle = await open(part, 'w', 0o600);
      try {
        const answer = await https.download(
          {
            method: 'GET',
            path: `${base}/packs/${encodeURIComponent(name)}/${encodeURIComponent(version)}`,
            maxAnswerBytes: maxPackBytes,
            ...(signal === undefined ? {} : { signal }),
          },
          async (piece) => {
            bytes += piece.length;
            if (bytes > pack.bytes) throw refuse(`The service announced ${pack.bytes} bytes and sends more.`);
            hash.update(piece);
            await handle.write(piece);
          },
        );
        if (answer.status === 404) throw new AppError('pack-unknown', { pack: name, version });
        if (answer.status !== 200) throw refusalOf(answer, `fetch the pack ${name} ${version}`);
        if (bytes !== pack.bytes || hash.digest('hex') !== pack.sha256)
          throw refuse('What arrived is not what the service announced (size or SHA-256).');
        await handle.sync();
      } catch (error) {
        await handle.close();
        await rm(part, { force: true });
        throw error;
      }
      await handle.close();
      await rename(part, file);
    },

    close: () => https.close(),
  };
}
