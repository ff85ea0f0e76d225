/** Settings, and about this program. */
import { many } from './counting.ts';

export const settings = {
  title: (limit: number) => `Up to ${many(limit, 'job')} at once on this machine`,
  lead: 'Changes take effect at once; jobs that run are not touched.',
  reading: 'Reading the settings',
  readingChoices: 'Reading what you chose',
  jobs: 'Jobs',
  fields: {
    limit: { label: 'Jobs at once', hint: 'Empty: as many as this machine has processor cores. At most 50.' },
    stopGraceSeconds: {
      label: 'Seconds to end after “Stop job”',
      hint: 'A runbook that has not ended by then is ended, with everything it started. 1 to 3,600.',
    },
    retentionDays: { label: 'Days to keep ended jobs', hint: 'Their records leave this machine afterwards. 1 to 3,650.' },
    retentionMb: {
      label: 'MB that records of ended jobs may take',
      hint: 'Beyond it the oldest leave this machine before their days are over. At least 16.',
    },
    startLimitSeconds: {
      label: 'Seconds for a runtime to begin its runbook',
      hint: 'One that has not begun by then is ended, and the job has not started. 5 to 3,600.',
    },
    warmMemoryMb: {
      label: 'MB for sandboxes that wait for a job',
      hint: 'Jobs of kinds that ran lately then start at once. 0: none waits.',
    },
    culture: { label: 'Culture of PowerShell runbooks', hint: 'Such as de-CH. Empty: this machine’s own.' },
    runAs: {
      label: 'User that runbooks run as',
      hint: 'For a worker that is root on Linux. Empty: hrw-runbook where there is such a user, else root.',
    },
    memoryLimitMb: { label: 'Memory of one job in MB', hint: 'With everything it starts. Empty: no limit. At least 64.' },
    processLimit: { label: 'Processes of one job', hint: 'At the same time. Empty: no limit. At least 4.' },
    cpuLimitPercent: { label: 'Processor share of one job in percent', hint: '100 is one core. Empty: no limit. At least 5.' },
  },
  mistakes: {
    limit: 'Enter a whole number from 1 to 50, or nothing.',
    stopGraceSeconds: 'Enter a number from 1 to 3,600.',
    retentionDays: 'Enter a whole number from 1 to 3,650.',
    retentionMb: 'Enter a whole number from 16 on.',
    startLimitSeconds: 'Enter a number from 5 to 3,600.',
    warmMemoryMb: 'Enter a whole number from 0 on.',
    culture: 'Enter the name of a culture, such as de-CH, or nothing.',
    runAs: 'Enter the name of a user of this machine, or nothing.',
    memoryLimitMb: 'Enter a whole number from 64 on, or nothing.',
    processLimit: 'Enter a whole number from 4 on, or nothing.',
    cpuLimitPercent: 'Enter a whole number from 5 on, or nothing.',
  },
  save: 'Save changes',
  saved: 'Saved',
  notifications: {
    title: 'Notifications',
    hint: 'For you, at this desktop; also while the window is closed. A press on one opens what it is about.',
    kinds: {
      'job-went-wrong': 'A job went wrong here',
      'needs-attention': 'This worker needs attention',
      'job-ended': 'A job ended well, or was stopped',
    },
  },
  log: {
    title: 'Event log',
    label: 'Keep',
    hint: 'When the worker ran, and what a person decided here, is kept whatever is chosen. Events go with the days that ended jobs are kept.',
    levels: { Information: 'Everything', Warning: 'Warnings and errors', Error: 'Errors' },
  },
  desktop: {
    title: 'This desktop',
    hint: 'For you, at this desktop. Changes hold at once.',
    startAtLogon: 'Start in the tray when you log on',
    appearance: 'Appearance',
    appearances: { system: 'As the system', light: 'Light', dark: 'Dark' },
    contrast: 'A contrast theme of the system always goes first.',
  },
  about: {
    title: 'About',
    licences: 'Licences of what is inside',
    licencesTitle: 'Licences of what is inside',
    licencesReading: 'Reading the licences',
    close: 'Close',
    version: 'Version',
    window: 'Window',
    windowValue: (electron: string, chromium: string, node: string) => `Electron ${electron}, Chromium ${chromium}, Node ${node}`,
    engine: 'Engine',
    attachedTo: {
      'own-engine': (processId: number) => `Runs in this application, process ${processId}`,
      'other-engine': (processId: number) => `Runs elsewhere, process ${processId}; this window is attached to it`,
    },
    runningSince: 'Running since',
    dataFolder: 'Data folder',
  },
} as const;
