/** The workspace that an agent belongs to: joining it, leaving it, hearing which packs it hands out, and fetching one. */
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { joinAnswer, packList, type JoinAnswer, type JoinBody, type PackList } from '../../src-contract/agent-service.ts';
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import { holdSeconds, maxPackBytes } from '../../src-contract/limits.ts';
import type { ProxySettings, Trust } from '../../src-contract/settings.ts';
import { clockFailureOf, failureOf, parseAnswer, problemOf, refuseForeignPage } from './answers.ts';
import { createHttpsClient, type CallAnswer, type HttpsClientOptions, type Timeouts } from './https-client.ts';
import { backoffMs, defaultDelay, outlast, type Delay } from './retry.ts';
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

export type PacksAnswer =
  | { kind: 'changed'; list: PackList; etag: string | undefined; held: boolean }
  /** As the etag given: nothing is new. */
  | { kind: 'unchanged'; held: boolean };

export interface WatchOptions {
  /** After every answer, also of an unchanged list: the moment of last contact. */
  onContact?: () => void;
  /** A failure that is going to be repeated. One that is not (the workspace no longer knows us) is thrown. */
  onFailure?: (error: AppError, waitMs: number, failures: number) => void;
  waitSeconds?: number;
  /** Where the service does not hold calls. */
  pollMs?: number;
  delay?: Delay;
  random?: () => number;
  signal: AbortSignal;
}

export interface WorkspaceClient {
  /** Once, with the workspace key, which is not needed again. */
  join(key: string, body: JoinBody, options?: { signal?: AbortSignal }): Promise<JoinAnswer>;
  leave(machineId: string, options?: { signal?: AbortSignal }): Promise<void>;
  getPacks(options?: { etag?: string; waitSeconds?: number; signal?: AbortSignal }): Promise<PacksAnswer>;
  /** Yields the list at once and after each change, through outages, until the signal ends it (quietly). */
  watchPacks(options: WatchOptions): AsyncGenerator<PackList, void, undefined>;
  /** Writes the archive to `file`, which appears only when size and hash are those of the list. */
  downloadPack(pack: OfferedPack, file: string, options?: { signal?: AbortSignal }): Promise<void>;
  close: () => void;
}

const defaultPollMs = 30_000;
const leastGapMs = 1_000;

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
      if (failure.code !== 'service-refused' || problemOf(answer) !== undefined) throw failure;
      if (answer.status === 401 || answer.status === 403)
        throw clockFailureOf(answer) ?? new AppError('workspace-key-refused', { workspaceId }, { cause: failure });
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

    async *watchPacks({ onContact, onFailure, waitSeconds = holdSeconds, pollMs = defaultPollMs, signal, ...chance }) {
      const { delay = defaultDelay, random = Math.random } = chance;
      let etag: string | undefined;
      let failures = 0;
      try {
        for (;;) {
          let waitMs = 0;
          try {
            const isFirst = etag === undefined;
            const askedAt = performance.now();
            const answer = await getPacks({ ...(etag === undefined ? {} : { etag }), waitSeconds, signal });
            failures = 0;
            onContact?.();
            if (answer.kind === 'changed') {
              etag = answer.etag;
              yield answer.list;
            }
            // A list without an etag cannot be waited for either. The first question is never held.
            if (etag === undefined || (!answer.held && !isFirst)) waitMs = pollMs * (0.9 + random() / 5);
            // A service that says it holds and does not (it may be ending) is not asked in a tight loop.
            else if (answer.kind === 'unchanged') waitMs = Math.max(0, leastGapMs - (performance.now() - askedAt));
          } catch (error) {
            if (!isAppError(error) || !error.retryable) throw error;
            failures += 1;
            waitMs = backoffMs(outlast, failures, random, error.retryAfterMs);
            onFailure?.(error, waitMs, failures);
          }
          if (waitMs > 0) await delay(waitMs, signal);
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },

    async downloadPack(pack, file, { signal } = {}) {
      const { name, version } = pack;
      const refuse = (reason: string): AppError => new AppError('pack-invalid', { pack: name, version, reason });
      if (pack.bytes > maxPackBytes) throw refuse(`It is larger than ${maxPackBytes / 1024 / 1024} MiB.`);
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
