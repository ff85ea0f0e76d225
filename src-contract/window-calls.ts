/** Between the window and the Electron main process: the engine's calls, passed through, and a few of the shell's own. */
import * as z from 'zod';
import type { Answer } from './app-error.ts';
import { role, type EngineArguments, type EngineCallName, type EngineEvent, type EngineValue } from './engine-calls.ts';
import { eventQuery, jobQuery } from './lists.ts';
import type { Problem } from './problems.ts';
import { serviceDeskCalls } from './service-desk.ts';

/** What the person at a desktop may be told of while the window is closed. */
export const notificationKind = z.enum(['job-went-wrong', 'needs-attention', 'job-ended']);
export type NotificationKind = z.infer<typeof notificationKind>;

export const appearance = z.enum(['system', 'light', 'dark']);
export type Appearance = z.infer<typeof appearance>;

/** How the application is at this desktop, for this person. */
export const desktopChoices = z.strictObject({
  /** In the tray, without a window. */
  startAtLogon: z.boolean(),
  /** A contrast theme of the operating system goes before it. */
  appearance,
});
export type DesktopChoices = z.infer<typeof desktopChoices>;

/**
 * A call that copies has so many at most: as many rows as can be copied at once (2,000) with 2,000 characters each. What is longer is not
 * cut; the window says so, and offers a file.
 */
export const maxCopiedCharacters = 4_000_000;

export const shellCalls = {
  ...serviceDeskCalls,
  /** Where the window should open, once: a deep link such as `jobs/<sandbox id>`; empty for the overview. */
  'shell:start-place': { arguments: z.strictObject({}), value: z.object({ place: z.string() }) },
  'shell:copy-text': { arguments: z.strictObject({ text: z.string().max(maxCopiedCharacters) }), value: z.strictObject({}) },
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
  /** As `shell:export-list`, of a table that the window has whole: a cell a column in each row. */
  'shell:export-table': {
    arguments: z.strictObject({
      /** Of the file that is offered. */
      name: z.string().regex(/^[a-z][a-z-]{0,40}$/),
      columns: z.array(z.strictObject({ key: z.string().max(100), title: z.string().max(100) })).max(50),
      rows: z.array(z.array(z.union([z.string().max(100_000), z.number(), z.null()])).max(50)).max(2_000),
      format: z.enum(['csv', 'json']),
    }),
    value: z.object({ file: z.string().nullable(), rows: z.int() }),
  },
  /** Writes an attempt, all of its records and notes, into a file that the person chooses; `file` is null when they chose none. */
  'shell:save-job': {
    arguments: z.strictObject({ sandboxId: z.string(), format: z.enum(['text', 'csv', 'json']) }),
    value: z.object({ file: z.string().nullable(), records: z.int() }),
  },
  /** Makes a support bundle and tells what would be in it; it is kept until it is saved or another is made. */
  'shell:prepare-bundle': {
    arguments: z.strictObject({}),
    value: z.object({
      bundleId: z.string(),
      files: z.array(z.object({ name: z.string(), about: z.string(), bytes: z.int().nonnegative() })),
    }),
  },
  /** Writes that very bundle where the person chooses; `file` is null when they chose nowhere. */
  'shell:save-bundle': {
    arguments: z.strictObject({ bundleId: z.string() }),
    value: z.object({ file: z.string().nullable(), bytes: z.int().nonnegative() }),
  },
  'shell:notifications': { arguments: z.strictObject({}), value: z.object({ about: z.array(notificationKind) }) },
  /** For this person at this desktop; holds at once. */
  'shell:notify-about': {
    arguments: z.strictObject({ about: z.array(notificationKind).max(10) }),
    value: z.object({ about: z.array(notificationKind) }),
  },
  'shell:desktop': { arguments: z.strictObject({}), value: desktopChoices },
  /** Holds at once. */
  'shell:change-desktop': { arguments: desktopChoices.partial(), value: desktopChoices },
  /** The notices of the packages that the programs are made with. */
  'shell:licences': { arguments: z.strictObject({}), value: z.object({ text: z.string() }) },
  /** Runs a worker in this application, in the place of one that ran elsewhere and is gone. Where one runs, nothing is done. */
  'shell:start-worker': { arguments: z.strictObject({}), value: z.strictObject({}) },
  /** Unencrypted facts that pages show. */
  'shell:about': {
    arguments: z.strictObject({}),
    value: z.object({
      version: z.string(),
      electron: z.string(),
      chromium: z.string(),
      node: z.string(),
      attachedTo: z.enum(['own-engine', 'other-engine']),
      /** Whose calls the worker takes from this window; null while there is no worker to ask. */
      role: role.nullable(),
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
