/** Rows to begin with, for tests of the store and of what stands on it. */
import { randomUUID } from 'node:crypto';
import type { RunbookKind, RerunPolicy } from '../../src-contract/kinds.ts';
import { insertAccount, type Account } from '../../src-service/store/accounts.ts';
import { emptyChainHex, insertAttempt, lockAttempt } from '../../src-service/store/attempts.ts';
import { createJob, type Job } from '../../src-service/store/jobs.ts';
import { appendChunk, type NewChunk } from '../../src-service/store/record-chunks.ts';
import { findRunbook, insertRunbook, publishDraft, putDraft, type Runbook } from '../../src-service/store/runbooks.ts';
import type { Store } from '../../src-service/store/store.ts';
import { maskOf } from '../../src-service/store/stream-mask.ts';
import { ensureGroup, putWorker, type Worker } from '../../src-service/store/workers.ts';

export const longAgo = Date.UTC(2026, 10, 23, 9, 0, 0);

export async function sampleAccount(store: Store, name = 'contoso'): Promise<Account> {
  const account = { id: randomUUID(), name, primaryKey: 'sealed 1', secondaryKey: 'sealed 2', createdAt: longAgo };
  await store.write((tx) => insertAccount(tx, account));
  return { ...account, nameKey: name.toLowerCase() };
}

export async function sampleRunbook(
  store: Store,
  accountId: string,
  options: { name?: string; kind?: RunbookKind; rerun?: RerunPolicy; logVerbose?: boolean } = {},
): Promise<Runbook & { publishedVersionId: string }> {
  const { name = 'Copy-LocalFiles', kind = 'Bash', rerun = 'restart', logVerbose = false } = options;
  await store.write(async (tx) => {
    const settings = { description: '', rerun, logVerbose, logDebug: false, logProgress: false };
    const runbook = await insertRunbook(tx, { accountId, name, kind, ...settings }, longAgo);
    if (runbook === undefined) throw new Error(`there is already a runbook ${name}`);
    await putDraft(tx, runbook.id, { definition: 'echo hello', parameters: null }, longAgo);
    await publishDraft(tx, runbook.id, longAgo);
  });
  const runbook = await findRunbook(store.db, accountId, name);
  if (typeof runbook?.publishedVersionId !== 'string') throw new Error('the sample was not published');
  return { ...runbook, publishedVersionId: runbook.publishedVersionId };
}

export async function sampleJob(
  store: Store,
  runbook: Runbook & { publishedVersionId: string },
  options: { name?: string; groupName?: string; now?: number } = {},
): Promise<Job> {
  const { name = randomUUID(), groupName = 'Main', now = longAgo } = options;
  const { job } = await store.write((tx) =>
    createJob(
      tx,
      {
        id: randomUUID(),
        name,
        requestHash: 'one request',
        runbook,
        runbookVersionId: runbook.publishedVersionId,
        isDraft: false,
        groupName,
        parameters: [],
        startedBy: 'a test',
        triggerSource: 1,
      },
      now,
    ),
  );
  return job;
}

export async function sampleWorker(store: Store, accountId: string, options: Partial<Worker> = {}): Promise<Worker> {
  const machineId = randomUUID();
  const worker: Worker = {
    accountId,
    machineId,
    machineName: 'WORKER-A',
    groupName: 'Main',
    ipAddress: null,
    operatingSystem: 'Linux',
    thumbprint: machineId.replaceAll('-', '').padEnd(40, '0').toUpperCase(),
    certificateSha256: machineId.replaceAll('-', '').padEnd(64, '0'),
    previousThumbprint: null,
    previousSha256: null,
    previousUntil: null,
    turnNumber: null,
    turnNonce: null,
    turnStrikes: 0,
    turnStruckAt: null,
    clonedAt: null,
    registeredAt: longAgo,
    lastSeenAt: null,
    version: null,
    kinds: null,
    readiness: null,
    freeSlots: null,
    slotLimit: null,
    translatesWorkflows: false,
    holdsCalls: true,
    ...options,
  };
  await store.write(async (tx) => {
    await ensureGroup(tx, accountId, worker.groupName, longAgo);
    await putWorker(tx, worker);
  });
  return worker;
}

/** Answers its sandbox's id. */
export async function attemptWith(
  store: Store,
  job: { id: string; accountId: string },
  number: number,
  chunks: NewChunk[],
): Promise<string> {
  const sandboxId = randomUUID();
  await store.write(async (tx) => {
    const attempt = { sandboxId, jobId: job.id, accountId: job.accountId, number, machineId: 'm', machineName: 'M' };
    await insertAttempt(tx, { ...attempt, holdsCalls: true, secretHash: randomUUID() }, longAgo);
  });
  for (const chunk of chunks) {
    await store.write(async (tx) => {
      const attempt = await lockAttempt(tx, sandboxId);
      if (attempt !== undefined) await appendChunk(tx, attempt, chunk, longAgo);
    });
  }
  return sandboxId;
}

/** One record of a foreign worker. */
export function linesChunk(seq: number, stream: 'Warning' | 'Output'): NewChunk {
  const body = Buffer.from(`${JSON.stringify({ seq, time: new Date(longAgo).toISOString(), stream, text: 'late' })}\n`);
  const rest = { chainBefore: null, chainAfter: emptyChainHex, foreignSeq: 7, plainBytes: body.length };
  return { recordCount: 1, streamMask: maskOf([stream]), format: 'lines', encoding: 'plain', body, ...rest };
}
