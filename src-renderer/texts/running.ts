/** What runs here. */
import { counts, many } from './counting.ts';

export const running = {
  title: (count: number) => (count === 0 ? 'No job is running here' : `${many(count, 'job is', 'jobs are')} running here`),
  lead: (running: number, limit: number) => `${running} of ${many(limit, 'slot')} taken`,
  lastHeard: 'Running when the worker was last heard',
  unknownTitle: 'What runs here is not known',
  unknownText: 'A job that was running goes on without its worker, and the next one that starts finds it.',
  what: 'running jobs',
  noneFits: 'No running job has these words',
  noneFitsText: (running: number) => `${many(running, 'job runs', 'jobs run')} here.`,
  clear: 'Clear the search',
  emptyTitle: 'No job is running here',
  emptyReady: (group: string) => `A job that is started on group ${group} appears here as soon as this worker picks it up.`,
  emptyUnregistered: 'Jobs come once this machine is in a worker group.',
  process: (id: number) => `Process ${String(id)}`,
  sandboxAndRuntime: (sandbox: number, runtime: number | null) =>
    runtime === null ? `Orchestrator.Sandbox ${sandbox}` : `Orchestrator.Sandbox ${sandbox}, runtime ${runtime}`,
  recordsWaiting: (records: number, waiting: number) => `${counts.format(records)}, ${counts.format(waiting)} wait`,
  allSent: 'The service has every record',
  waits: (span: string) => `Records wait to be sent for ${span}`,
  stop: 'Stop',
  noRecordYet: 'no record yet',
  unnamed: 'Runbook is being loaded',
} as const;
