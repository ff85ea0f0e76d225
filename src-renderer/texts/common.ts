/** Words that stand on every page, or in more than one of them. */
import { counts, many } from './counting.ts';

export const common = {
  programName: 'Hybrid Runbook Worker',
  tryAgain: 'Try again',
  since: (what: string, time: string) => `${what}, since ${time}`,
  cancel: 'Cancel',
  copied: 'Copied',
  notCopied: 'Not copied',
  tooLongToCopy: 'Too long for the clipboard',
  openJob: 'Open job',
  openPage: (page: string) => `Open ${page}`,
  navigation: {
    label: 'Pages',
    jobs: 'Jobs',
    thisWorker: 'This worker',
    health: 'Health',
    pages: {
      overview: 'Overview',
      running: 'Running',
      history: 'History',
      start: 'Start a job',
      connection: 'Connection',
      group: 'Worker group',
      events: 'Event log',
      diagnostics: 'Diagnostics',
      settings: 'Settings',
    },
    runningJobs: (count: number) => `${many(count, 'job')} running`,
    whereInGroup: (machine: string, group: string) => `${machine} · group ${group}`,
  },

  role: {
    here: {
      reader: 'You are here as reader: you look on',
      operator: 'You are here as operator: you pause and stop',
      administrator: 'You are here as administrator',
    },
    /** Of the card that tells about the program. */
    title: 'Your role',
    roles: {
      reader: 'Reader: looks on',
      operator: 'Operator: also pauses, drains, stops jobs and runs diagnostics',
      administrator: 'Administrator: may change everything',
    },
    nobodyThere: (title: string) => `${title}: nobody is there to do this.`,
    needs: (needed: string, held: string) =>
      `This takes the role ${needed}; you are here as ${held}. Ask somebody who can read the worker’s ${needed} key.`,
  },

  gone: {
    start: 'Start the worker here',
    starting: 'Starting the worker',
    saidAbove: 'No worker is there to be asked for this.',
  },

  problem: {
    details: 'Technical details',
    showDetails: 'Show details',
    hideDetails: 'Hide details',
    copyDetails: 'Copy details',
    times: (count: number) => `${counts.format(count)} times`,
  },

  command: {
    title: 'The same as a command',
    copy: 'Copy',
    hrw: 'Command line',
    powershell: 'PowerShell, with the module of the pack',
  },

  fields: {
    show: (label: string) => `Show ${label.toLowerCase()}`,
    hide: (label: string) => `Hide ${label.toLowerCase()}`,
  },

  wizard: {
    steps: 'Steps',
    back: 'Back',
    next: 'Continue',
    nextAnyway: 'Continue anyway',
    finish: 'Finish',
    states: { done: 'done', current: 'now', failed: 'failed', later: 'not yet' },
  },

  steps: { started: 'under way', done: 'done', failed: 'failed', later: 'not started' },
  phases: {
    starting: 'Starting',
    loading: 'Loading',
    running: 'Running',
    stopping: 'Stopping',
    uploading: 'Sending records',
  },
  asking: 'Waits for permission',

  columns: {
    runbook: 'Runbook',
    status: 'Status',
    outcome: 'Outcome',
    startedBy: 'Started by',
    runningFor: 'For',
    lastRecord: 'Last record',
    records: 'Records',
    runtime: 'Runtime',
    processor: 'Processor',
    memory: 'Memory',
    actions: 'Stop',
    pickedUp: 'Picked up',
    ended: 'Ended',
    ranFor: 'Ran for',
    level: 'Level',
    time: 'Time',
    eventId: 'ID',
    message: 'Message',
    source: 'Source',
    channel: 'Channel',
    unknown: '–',
  },
} as const;
