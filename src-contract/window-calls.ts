/** Between the window and the Electron main process: the engine's calls, passed through, and a few of the shell's own. */
import * as z from 'zod';
import type { Answer } from './app-error.ts';
import type { EngineArguments, EngineCallName, EngineEvent, EngineValue } from './engine-calls.ts';
import { eventQuery, jobQuery } from './lists.ts';
import type { Problem } from './problems.ts';
import { serviceDeskCalls } from './service-desk.ts';

/** What the person at a desktop may be told of while the window is closed. */
export const notificationKind = z.enum(['job-went-wrong', 'needs-attention', 'job-ended']);
export type NotificationKind = z.infer<typeof notificationKind>;

export const shellCalls = {
  ...serviceDeskCalls,
  /** Where the window should open, once: a deep link such as `jobs/<sandbox id>`; empty for the overview. */
  'shell:start-place': { arguments: z.strictObject({}), value: z.object({ place: z.string() }) },
  'shell:copy-text': { arguments: z.strictObject({ text: z.string().max(1_000_000) }), value: z.strictObject({}) },
  /** Lets the person choose a certificate file; answers its PEM text or null when cancelled. */
  'shell:choose-certificate': { arguments: z.strictObject({}), value: z.object({ pem: z.string().nullable() }) },
  /** Writes every row that fits into a file that the person chooses; `file` is null when they chose none. */
  'shell:export-list': {
    arguments: z.discriminatedUnion('list', [
      z.strictObject({ list: z.literal('jobs'), query: jobQuery, format: z.enum(['csv', 'json']) }),
      z.strictObject({ list: z.literal('events'), query: eventQuery, format: z.enum(['csv', 'json']) }),
    ]),
    value: z.object({ file: z.string().nullable(), rows: z.int() }),
  },
  /** Writes an attempt, all of its records and notes, into a file that the person chooses; `file` is null when they chose none. */
  'shell:save-job': {
    arguments: z.strictObject({ sandboxId: z.string(), format: z.enum(['text', 'json']) }),
    value: z.object({ file: z.string().nullable(), records: z.int() }),
  },
  'shell:notifications': { arguments: z.strictObject({}), value: z.object({ about: z.array(notificationKind) }) },
  /** For this person at this desktop; holds at once. */
  'shell:notify-about': {
    arguments: z.strictObject({ about: z.array(notificationKind).max(10) }),
    value: z.object({ about: z.array(notificationKind) }),
  },
  /** Unencrypted facts that pages show. */
  'shell:about': {
    arguments: z.strictObject({}),
    value: z.object({
      version: z.string(),
      electron: z.string(),
      chromium: z.string(),
      node: z.string(),
      attachedTo: z.enum(['own-engine', 'other-engine']),
    }),
  },
} as const;
export type ShellCallName = keyof typeof shellCalls;
export type ShellArguments<Name extends ShellCallName> = z.infer<(typeof shellCalls)[Name]['arguments']>;
export type ShellValue<Name extends ShellCallName> = z.infer<(typeof shellCalls)[Name]['value']>;

/** What the preload puts on `window.hrw`. */
export interface WindowBridge {
  call<Name extends EngineCallName>(name: Name, callArguments: EngineArguments<Name>): Promise<Answer<EngineValue<Name>>>;
  shell<Name extends ShellCallName>(name: Name, callArguments: ShellArguments<Name>): Promise<Answer<ShellValue<Name>>>;
  /** Returns how to unsubscribe. */
  subscribe(listener: (event: WindowEvent) => void): () => void;
}

/** What the window is told: the engine's events, and two of the shell's own. */
export type WindowEvent =
  | EngineEvent
  /** A deep link while the window is open. */
  | { event: 'place-requested'; payload: { place: string } }
  /** The engine that runs in another process is gone (`problem` says so), or is there again: what the window knew is out of date. */
  | { event: 'engine-contact-changed'; payload: { problem: Problem | null } };
