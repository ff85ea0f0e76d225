/** Forgets old jobs, a few at a time, for as long as the service runs. */
import type { ServiceContext } from './context.ts';
import { deleteOldJobs, deleteUnusedVersions, jobRetentionMs } from './store/retention.ts';

const everyMs = 60_000;
/** In a minute; a day of them is more than any account makes. */
const jobsAtOnce = 100;

/** Returns its end. */
export function keepForgetting(context: ServiceContext): () => Promise<void> {
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running
      .then(() => forgetOld(context))
      .catch((error: unknown) => {
        context.log.error('Old jobs could not be deleted; it is tried again in a minute', {}, error);
      });
  }, everyMs);
  return () => {
    clearInterval(timer);
    return running;
  };
}

export async function forgetOld({ store, clock, log }: ServiceContext): Promise<void> {
  const before = clock.now() - jobRetentionMs;
  const count = await store.write((tx) => deleteOldJobs(tx, before, jobsAtOnce));
  await store.write((tx) => deleteUnusedVersions(tx, before));
  if (count > 0) log.info('Deleted jobs that changed more than 30 days ago', { count });
}
