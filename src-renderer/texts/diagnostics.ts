/** What is wrong, how do we know, what repairs it? */
import { many } from './counting.ts';

export const diagnostics = {
  reading: 'Looking at the service, the disk and the runtimes',
  titleReading: 'Looking at this worker',
  titleFailed: 'This worker could not be looked at',
  titleNotYours: 'Looking at this worker is for operators',
  titleGood: 'Nothing is wrong with this worker',
  titleAttention: (count: number) =>
    `Nothing is wrong; ${count === 1 ? 'one thing wants' : `${many(count, 'thing')} want`} your attention`,
  titleWrong: (count: number) => (count === 1 ? 'One thing is wrong' : `${many(count, 'thing')} are wrong`),
  lead: (time: string, seconds: string) => `Looked at ${time}, for ${seconds} s.`,
  again: 'Look again',
  looking: 'Looking…',
  copy: 'Copy all',
  findings: 'Findings',
  results: { good: 'Good', attention: 'Attention', failed: 'Wrong', 'not-checked': 'Not checked' },
  showSeen: 'What was seen',
  hideSeen: 'Hide what was seen',
  bundle: {
    title: 'Support bundle',
    hint: 'One zip for whoever is asked for help: what Diagnostics saw, the event log, settings and the last jobs. No key, no password, nothing that a runbook wrote. You see what is in it before anything is saved.',
    prepare: 'Show what would be in it',
    preparing: 'Looking and gathering…',
    contents: 'Contents of the bundle',
    file: 'File',
    size: 'Size',
    about: 'What it is',
    save: 'Save bundle',
    saving: 'Saving…',
    discard: 'Discard it',
    saved: (file: string, size: string) => `Saved as ${file} (${size}). Look at it before you hand it on.`,
  },
  path: {
    title: 'Can runbooks reach a folder?',
    hint: 'Listed with the rights that runbooks have on this machine. A share: \\\\server\\share.',
    label: 'Folder or share',
    test: 'Test',
    testing: 'Testing…',
  },
} as const;
