/**
 * What an administrator of this machine lets run here, whatever the service sends. Judged in the sandbox on the bytes to be run; said in the
 * same words by the window, the command line and the event log.
 */
import * as z from 'zod';
import { kindLabels, runbookKind } from './kinds.ts';

export const weekday = z.enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']);
export type Weekday = z.infer<typeof weekday>;

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'A time is written HH:MM');

/** In this machine's own time. An end before the beginning is on the next day; both the same: the whole day. */
export const workingHours = z.strictObject({ days: z.array(weekday).min(1).max(7), from: clockTime, to: clockTime });
export type WorkingHours = z.infer<typeof workingHours>;

/** A name as the service writes it, in any case; `*` stands for any part of it. */
const namePattern = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^,\s]+$/, 'A name of a runbook has no blank and no comma');

/** Longer than this no timer reaches. */
const longestSeconds = 14 * 24 * 60 * 60;

/** null in each: the rule asks for nothing. */
export const storedPolicy = z.strictObject({
  kinds: z.array(runbookKind).min(1).max(runbookKind.options.length).nullable(),
  runbooks: z.array(namePattern).min(1).max(200).nullable(),
  hours: workingHours.nullable(),
  /** From the runtime's start on; what runs longer is stopped and has failed. */
  longestRunSeconds: z.int().min(1).max(longestSeconds).nullable(),
  /** A person is asked first; no answer within so many seconds is a no. */
  askSeconds: z.int().min(1).max(longestSeconds).nullable(),
});
export type StoredPolicy = z.infer<typeof storedPolicy>;

/** With the rule that is a setting of its own (Settings.trustedKeys). */
export const localPolicy = storedPolicy.extend({
  /** Folder of public keys (Ed25519, PEM), absolute: only runbooks signed with one of them run. */
  trustedKeys: z.string().min(1).max(4096).nullable(),
});
export type LocalPolicy = z.infer<typeof localPolicy>;
export type PolicyRule = keyof LocalPolicy;

/** In the order in which they are judged: what costs a person's attention comes last. */
export const policyRules = [
  'kinds',
  'runbooks',
  'trustedKeys',
  'hours',
  'askSeconds',
  'longestRunSeconds',
] as const satisfies readonly PolicyRule[];

export const noStoredPolicy: StoredPolicy = {
  kinds: null,
  runbooks: null,
  hours: null,
  longestRunSeconds: null,
  askSeconds: null,
};
export const openPolicy: LocalPolicy = { ...noStoredPolicy, trustedKeys: null };

/** As a refused job names them. */
export const policyRuleNames: Record<PolicyRule, string> = {
  kinds: 'Kinds of runbook',
  runbooks: 'Runbooks by name',
  trustedKeys: 'Signed runbooks only',
  hours: 'Working hours',
  askSeconds: 'Ask me first',
  longestRunSeconds: 'Longest run',
};

/** What a rule lets run, without a full stop. */
export function describeRule(rule: PolicyRule, policy: LocalPolicy): string {
  switch (rule) {
    case 'kinds':
      return policy.kinds === null ? 'any kind' : policy.kinds.map((kind) => kindLabels[kind]).join(', ');
    case 'runbooks':
      return policy.runbooks === null ? 'any name' : policy.runbooks.join(', ');
    case 'trustedKeys':
      return policy.trustedKeys === null ? 'signed or not' : `signed with a key of ${policy.trustedKeys}`;
    case 'hours':
      return policy.hours === null ? 'at any time' : formatHours(policy.hours);
    case 'askSeconds':
      return policy.askSeconds === null
        ? 'without asking'
        : `once a person has allowed it, within ${formatSpan(policy.askSeconds)}`;
    case 'longestRunSeconds':
      return policy.longestRunSeconds === null ? 'for any time' : `for ${formatSpan(policy.longestRunSeconds)} at most`;
  }
}

export function changedRules(before: LocalPolicy, after: LocalPolicy): PolicyRule[] {
  return policyRules.filter((rule) => JSON.stringify(before[rule]) !== JSON.stringify(after[rule]));
}

/** Mon-Fri 08:00-18:00 */
export function formatHours({ days, from, to }: WorkingHours): string {
  const places = weekday.options.flatMap((day, place) => (days.includes(day) ? [place] : []));
  const runs: [number, number][] = [];
  for (const place of places) {
    const last = runs.at(-1);
    if (last?.[1] === place - 1) last[1] = place;
    else runs.push([place, place]);
  }
  const name = (place: number): string => weekday.options[place] ?? '';
  const words = runs.map(([first, last]) => {
    if (first === last) return name(first);
    return `${name(first)}${last === first + 1 ? ',' : '-'}${name(last)}`;
  });
  return `${words.join(',')} ${from}-${to}`;
}

/** The other way round; undefined for what says no hours. Days may be left out: every day. */
export function parseHours(text: string): WorkingHours | undefined {
  const found = /^(?:([a-z,-]+)\s+)?(\d\d:\d\d)\s*-\s*(\d\d:\d\d)$/i.exec(text.trim());
  if (found === null) return undefined;
  const [, given, from, to] = found;
  const days = given === undefined ? [...weekday.options] : given.split(',').flatMap(daysOf);
  const distinct = weekday.options.filter((day) => days.includes(day));
  return days.includes(undefined) ? undefined : workingHours.safeParse({ days: distinct, from, to }).data;
}

/** `Mon`, or `Fri-Mon`, which goes over the end of the week. */
function daysOf(part: string): (Weekday | undefined)[] {
  const [first, last = first, more] = part.split('-').map((word) => weekday.options.findIndex((day) => isDay(day, word)));
  if (first === undefined || last === undefined || more !== undefined || first < 0 || last < 0) return [undefined];
  const count = ((last - first + 7) % 7) + 1;
  return Array.from({ length: count }, (_, index) => weekday.options[(first + index) % 7]);
}

function isDay(day: Weekday, word: string): boolean {
  return day.toLowerCase() === word.toLowerCase();
}

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Of `90s`, `30m`, `2h`, `1d`; undefined for what is none of these. */
export function parseSpan(text: string): number | undefined {
  const found = /^(\d{1,7})\s*([smhd])$/i.exec(text.trim());
  return found === null ? undefined : Number(found[1]) * unitSeconds[(found[2] ?? 's').toLowerCase() as keyof typeof unitSeconds];
}

/** In the largest unit that leaves nothing over. */
export function formatSpan(seconds: number): string {
  const unit = (['d', 'h', 'm'] as const).find((one) => seconds >= unitSeconds[one] && seconds % unitSeconds[one] === 0) ?? 's';
  return `${String(seconds / unitSeconds[unit])}${unit}`;
}

/** What a person is asked: exactly what would run. `script` is every byte of it. */
export const policyQuestion = z.strictObject({
  sandboxId: z.string(),
  jobId: z.string(),
  runbookName: z.string(),
  kind: z.string(),
  startedBy: z.string().nullable(),
  /** As reports carry them: without secrets. */
  parameters: z.record(z.string(), z.string()),
  script: z.string(),
  /** Of the script's bytes, lower-case hex. An answer names it: what was not shown cannot be allowed. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  since: z.string(),
  /** Without an answer until then it is refused. */
  until: z.string(),
});
export type PolicyQuestion = z.infer<typeof policyQuestion>;

/** Control characters but tab and the ends of lines; what has no width; what turns the direction of text around. */
const hidden =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\r(?!\n)/g;

/** For a person who is to see all of a script: what no eye would see is written out, as in `\u202e`. */
export function revealHidden(text: string): string {
  return text.replaceAll(hidden, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
