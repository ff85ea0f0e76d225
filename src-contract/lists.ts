/** What a list of ended jobs or of events is asked for: filters, search and order. Pages of it are asked for by `offset` and `limit`. */
import * as z from 'zod';
import { eventChannel, eventLevel } from './events.ts';
import { attemptOutcome } from './kinds.ts';

/** Found anywhere in what a row says, whatever the case. */
const search = z.string().max(200).optional();
const offset = z.int().nonnegative().optional();
const time = z.iso.datetime({ offset: true, message: 'A time is written like 2026-11-28T14:00:00Z' }).nullable().optional();

export const jobOrder = z.enum(['pickedUp', 'ended', 'name', 'status', 'startedBy', 'ranFor', 'records']);
export type JobOrder = z.infer<typeof jobOrder>;

export const jobQuery = z.strictObject({
  /** Only jobs picked up before this time (ISO): a list of all that stands still while others come has one. */
  before: z.string().nullable(),
  /** Only jobs that ended before this time (ISO): ended ones enter a list when they end, whenever they were picked up. */
  endedBefore: z.string().nullable().optional(),
  outcome: attemptOutcome.nullable(),
  runbookName: z.string().nullable(),
  endedOnly: z.boolean().optional(),
  search,
  /** Newest first, when nothing is said. */
  order: z.strictObject({ by: jobOrder, descending: z.boolean() }).optional(),
});
export type JobQuery = z.infer<typeof jobQuery>;
export const jobPage = jobQuery.extend({ limit: z.int().min(1).max(500), offset });

export const eventOrder = z.enum(['time', 'level', 'id', 'source']);
export type EventOrder = z.infer<typeof eventOrder>;

export const eventQuery = z.strictObject({
  channel: eventChannel.nullable(),
  /** Only events with a lower number. */
  before: z.int().nullable(),
  /** Every level, when nothing is said. */
  levels: z.array(eventLevel).optional(),
  /** Only events of this time (ISO) or later. */
  since: time,
  /** Only events before this time (ISO). */
  until: time,
  search,
  /** Newest first, when nothing is said. */
  order: z.strictObject({ by: eventOrder, descending: z.boolean() }).optional(),
});
export type EventQuery = z.infer<typeof eventQuery>;
/** `locate`: the number of an event whose place in the whole list is asked for beside the page. */
export const eventPage = eventQuery.extend({ limit: z.int().min(1).max(1000), offset, locate: z.int().optional() });
