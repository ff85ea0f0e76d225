/** A job’s page. */
import { many } from './counting.ts';

export const job = {
  reading: 'Reading the job',
  readingWhat: 'Waiting for the job',
  cannotShow: 'This job cannot be shown',
  outcomeUnknown: 'Ended',
  way: 'The way here',
  tabs: 'Parts of the job',
  records: 'Records',
  parameters: 'Parameters',
  facts: 'Resources and ids',
  noParameters: 'The job was started without parameters',
  noParametersText: 'What a job is started with stands here, by name.',
  emptyValue: '(empty)',
  uploadTrouble: (trouble: string) => `Records wait on this machine, nothing is lost: ${trouble}`,
  lead: {
    onGroup: (group: string) => `On group ${group}`,
    startedBy: (by: string, group: string) => `Started by ${by} on group ${group}`,
    pickedUp: 'picked up here at',
    attempt: (attempt: number) => `attempt ${attempt}`,
  },
  stop: {
    action: 'Stop job',
    underWay: 'Stopping',
    question: (runbook: string) => `Stop ${runbook}?`,
    consequence:
      'The runbook is asked to end, then everything that it started is ended. What it has done so far stays done; what it has written is kept. It cannot go on later from where it stopped.',
    leave: 'Let it run',
  },
  resume: {
    action: 'Resume job',
    done: 'Resumed',
    question: (runbook: string) => `Resume ${runbook}?`,
    consequence:
      'The job goes back into the queue of its group. Whichever worker takes it goes on from the checkpoint, with the variables that the workflow had there.',
    leave: 'Leave it suspended',
  },
  foot: {
    sandbox: 'Orchestrator.Sandbox',
    runtime: 'Runtime',
    exitCode: 'Exit code',
    processorTime: 'Processor time',
    peakMemory: 'Peak memory',
  },
  upload: {
    verified: (records: number) =>
      `Complete, verified: the service has ${records === 1 ? 'the record' : records === 2 ? 'both records' : `all ${many(records, 'record')}`}`,
    lacking: (missing: number) =>
      missing > 0
        ? `The service lacks ${many(missing, 'record')}; all are here`
        : 'The service does not have every record; all are here',
    sending: (waiting: number) => `${many(waiting, 'record waits', 'records wait')} to be sent`,
    allSent: 'All records sent, 0 waiting',
    unconfirmed: 'The service has not confirmed the records',
  },
  factNames: {
    pickedUp: 'Picked up',
    started: 'Started',
    ended: 'Ended',
    ranFor: 'Ran for',
    exitCode: 'Exit code',
    records: 'Records',
    atService: 'At the service',
    processorTime: 'Processor time',
    peakMemory: 'Peak memory',
    limits: 'Limits',
    processesLeft: 'Processes left',
    runAs: 'Ran as',
    kind: 'Kind',
    runtime: 'Runtime',
    sandboxProcess: 'Sandbox process',
    runtimeProcess: 'Runtime process',
    group: 'Worker group',
    jobId: 'Job ID',
    sandboxId: 'Sandbox ID',
  },
} as const;
