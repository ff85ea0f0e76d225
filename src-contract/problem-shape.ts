/** What a problem is: an entry of the catalogue (problems.ts), and as it travels. */
import * as z from 'zod';

type Severity = 'warning' | 'error';

export interface Entry<Details> {
  severity: Severity;
  title: (details: Details) => string;
  text: (details: Details) => string;
  nextStep: (details: Details) => string;
}

export function entry<Details extends Record<string, string | number> = Record<string, never>>(
  one: Entry<Details>,
): Entry<Details> {
  return one;
}

/** Of minutes: `20 minutes`, `5 hours`, `3 days`. */
export function spanOf(minutes: number): string {
  if (minutes >= 2 * 24 * 60) return `${String(Math.round(minutes / (24 * 60)))} days`;
  return minutes >= 2 * 60 ? `${String(Math.round(minutes / 60))} hours` : `${String(minutes)} minutes`;
}

/** A detail that may be missing. Read like this: whoever receives a problem takes one whose words read what is not there for incomplete. */
export function optional<Details extends object, Key extends keyof Details>(
  details: Details,
  key: Key,
): Details[Key] | undefined {
  return Object.hasOwn(details, key) ? details[key] : undefined;
}

export const problem = z.object({
  code: z.string(),
  severity: z.enum(['warning', 'error']),
  title: z.string(),
  text: z.string(),
  nextStep: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number()])),
});
/** A problem in words, as it travels between processes and over REST (`application/problem+json` adds `status`). */
export type Problem = z.infer<typeof problem>;
