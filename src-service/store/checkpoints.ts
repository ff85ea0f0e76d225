/** Checkpoints of workflows: one a job, the newest. Sealed, because a workflow's variables may hold what is secret. */
import type { CheckpointQuery } from '../../src-contract/jrds.ts';
import type { Vault } from '../vault/vault.ts';
import type { Attempt } from './attempts.ts';
import type { Reader, Writer } from './store.ts';

export interface Checkpoint {
  jobId: string;
  /** The attempt that made it. */
  sandboxId: string;
  kind: CheckpointQuery['kind'];
  line: number;
  createdAt: number;
}

const purposeOf = (jobId: string): string => `checkpoint of job ${jobId}`;

/** Instead of the one before. */
export async function putCheckpoint(
  tx: Writer,
  vault: Vault,
  { jobId, sandboxId }: Pick<Attempt, 'jobId' | 'sandboxId'>,
  { kind, line, text }: CheckpointQuery & { text: string },
  now: number,
): Promise<void> {
  const row = { sandboxId, kind, line, content: vault.seal(text, purposeOf(jobId)), createdAt: now };
  await tx.db
    .insertInto('checkpoints')
    .values({ jobId, ...row })
    .onConflict((conflict) => conflict.column('jobId').doUpdateSet(row))
    .execute();
}

export async function findCheckpoint(db: Reader, jobId: string): Promise<Checkpoint | undefined> {
  const row = await db
    .selectFrom('checkpoints')
    .select(['jobId', 'sandboxId', 'kind', 'line', 'createdAt'])
    .where('jobId', '=', jobId)
    .executeTakeFirst();
  return row && { ...row, kind: row.kind === 'suspend' ? 'suspend' : 'checkpoint' };
}

/** Its CLIXML. */
export async function readCheckpoint(db: Reader, vault: Vault, jobId: string): Promise<string | undefined> {
  const row = await db.selectFrom('checkpoints').select('content').where('jobId', '=', jobId).executeTakeFirst();
  return row && vault.open(row.content, purposeOf(jobId));
}

export async function deleteCheckpoint(tx: Writer, jobId: string): Promise<void> {
  await tx.db.deleteFrom('checkpoints').where('jobId', '=', jobId).execute();
}
