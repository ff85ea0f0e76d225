/** What is forgotten: jobs, with their attempts and records, some time after their last change; runbook versions that nothing names. */
import { lockFreeRows, type Writer } from './store.ts';

/** Azure Automation's own figure. */
export const jobRetentionMs = 30 * 24 * 60 * 60 * 1000;

/** The oldest first, at most `limit` of them, so that no transaction is long. Returns how many went. */
export async function deleteOldJobs(tx: Writer, changedBefore: number, limit: number): Promise<number> {
  // A job that somebody resumes at this moment stays.
  const jobs = await lockFreeRows(
    tx,
    tx.db
      .selectFrom('jobs')
      .select('id')
      .where('endedAt', 'is not', null)
      .where('lastModifiedAt', '<', changedBefore)
      .orderBy('lastModifiedAt')
      .limit(limit),
  ).execute();
  for (const { id } of jobs) {
    const attempts = await tx.db.selectFrom('attempts').select('sandboxId').where('jobId', '=', id).execute();
    for (const { sandboxId } of attempts) {
      await tx.db.deleteFrom('recordChunks').where('sandboxId', '=', sandboxId).execute();
      await tx.db.deleteFrom('jobMessages').where('sandboxId', '=', sandboxId).execute();
    }
    await tx.db.deleteFrom('checkpoints').where('jobId', '=', id).execute();
    await tx.db.deleteFrom('attempts').where('jobId', '=', id).execute();
    await tx.db.deleteFrom('jobs').where('id', '=', id).execute();
  }
  return jobs.length;
}

/** Versions that are neither published nor a draft, and that no job names any more. */
export async function deleteUnusedVersions(tx: Writer, createdBefore: number): Promise<void> {
  await tx.db
    .deleteFrom('runbookVersions')
    .where('createdAt', '<', createdBefore)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('runbooks')
            .select('runbooks.id')
            .where((named) =>
              named.or([
                named('runbooks.publishedVersionId', '=', named.ref('runbookVersions.id')),
                named('runbooks.draftVersionId', '=', named.ref('runbookVersions.id')),
              ]),
            ),
        ),
      ),
    )
    .where((where) =>
      where.not(
        where.exists(where.selectFrom('jobs').select('jobs.id').whereRef('jobs.runbookVersionId', '=', 'runbookVersions.id')),
      ),
    )
    .execute();
}
