/** What this machine lets run, and the question whether one runbook may. */
import type { Weekday } from '../../src-contract/policy.ts';
import { many } from './counting.ts';

export const policy = {
  title: 'Local policy',
  hint: 'What this machine lets run, whatever the service sends. A runbook that a rule refuses ends at once, with the rule’s name. Changes hold for jobs that are picked up from then on, and each stands in the event log.',
  ownAdministrator: 'This worker runs as you, so you are its administrator: whoever can use this account can change these rules.',
  reading: 'Reading the rules',
  rules: {
    kinds: { label: 'Only these kinds of runbook', hint: '' },
    runbooks: {
      label: 'Only these runbooks',
      hint: 'One a line, * for any part of a name. The service says what a runbook is called: to trust its content, demand a signature.',
    },
    trustedKeys: {
      label: 'Signed runbooks only',
      hint: 'Folder of public keys (Ed25519, PEM) on this machine. The runbook’s last line is the signature.',
    },
    hours: {
      label: 'Only within working hours',
      hint: 'When a runbook may start, in this machine’s time. An end before the beginning is on the next day.',
    },
    askSeconds: {
      label: 'Ask me first',
      hint: 'A notification shows what would run. Time for an answer, such as 90s, 5m or 1h: without one it is refused.',
    },
    longestRunSeconds: {
      label: 'End what runs too long',
      hint: 'Such as 90s, 30m, 2h or 1d. What runs longer is ended, and the job has failed.',
    },
  },
  field: {
    runbooks: 'Names',
    trustedKeys: 'Folder',
    askSeconds: 'Time for an answer',
    longestRunSeconds: 'Longest run',
    from: 'From',
    to: 'To',
    days: 'Days',
    kinds: 'Kinds',
  },
  days: {
    Mon: 'Monday',
    Tue: 'Tuesday',
    Wed: 'Wednesday',
    Thu: 'Thursday',
    Fri: 'Friday',
    Sat: 'Saturday',
    Sun: 'Sunday',
  } satisfies Record<Weekday, string>,
  mistakes: {
    kinds: 'Choose one kind at least.',
    runbooks: 'Enter a name at least; names hold no blank.',
    trustedKeys: 'Enter the path of a folder.',
    hours: 'Choose a day at least, and two times such as 08:00.',
    askSeconds: 'Enter a time such as 5m, 14 days at most.',
    longestRunSeconds: 'Enter a time such as 2h, 14 days at most.',
  },
  save: 'Save rules',
  saved: 'Saved',
  question: {
    title: (name: string) => `May ${name} run here?`,
    lead: 'Nothing of it has run. This is all of it, as it would run.',
    reading: 'Fetching what would run',
    runsOut: (left: string) => `Refused by itself in ${left}`,
    ranOut: 'Its time is over',
    startedBy: 'Started by',
    nobody: 'not known',
    kind: 'Kind',
    sha256: 'SHA-256',
    parameters: 'Parameters',
    noParameters: 'none',
    script: 'The script',
    size: (lines: number, bytes: string) => `${many(lines, 'line')}, ${bytes}`,
    hiddenShown: 'It holds characters that no eye would see. They are written out, such as \\u202e: look at them well.',
    allow: 'Let it run',
    refuse: 'Refuse it',
  },
} as const;
