/** The overview. */
import { many } from './counting.ts';

export const overview = {
  asking: 'Asking the worker how it is',
  askingFor: 'Waiting for the worker’s answer',
  cannotAsk: 'The worker does not answer',
  leadNotConnected: 'Once it is connected to a workspace and in a worker group, runbooks can run here.',
  connectedTo: 'Connected to',
  workspace: 'Workspace',
  forSpan: (span: string) => `for ${span}`,
  lastAnswer: 'last answer',
  inGroup: 'In group',
  ofAccount: 'of account',
  inNoGroup: 'In no worker group yet, so no job is sent here',
  pause: 'Pause taking jobs',
  resume: 'Resume taking jobs',
  runningNow: 'Running now',
  slots: (running: number, limit: number) => `${running} of ${many(limit, 'slot')}`,
  showAllRunning: (count: number) => `Show all ${count} running jobs`,
  thisMachine: 'This machine',
  machine: {
    name: 'Name',
    canRun: 'Can run',
    canRunNothing: 'Nothing: no PowerShell, Python or Bash was found',
    runbooks: 'Runbooks',
    atOnce: 'At once',
    jobs: (limit: number) => many(limit, 'job'),
    engine: 'Engine',
    engineValue: (version: string, processId: number, mode: 'app' | 'headless') =>
      `${version}, process ${processId}, ${mode === 'app' ? 'in this application' : 'without a window'}`,
  },
  start: {
    title: 'What is still to do',
    connect: 'Connect to a workspace',
    connectText: 'With its ID, its key and the service’s URL.',
    pack: 'Wait for the pack',
    packText: 'The workspace sends it by itself, usually within seconds.',
    join: 'Join a worker group',
    joinText: 'With the account’s endpoint and key. Then runbooks that are started on the group run here.',
  },
  lastJobs: 'Last jobs',
  wholeHistory: 'Whole history',
} as const;
