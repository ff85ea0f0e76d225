/**
 * What an operation of the REST API is. Each is written down once; the routes, their checks, /openapi.json and the command line's
 * client are all made from it.
 */
import * as z from 'zod';
import type { Role } from '../engine-calls.ts';
import type { ProblemCode } from '../problems.ts';

export type Method = 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';

/** A body or an answer that is not JSON. */
export interface Media {
  media: 'text/plain' | 'application/zip' | 'application/octet-stream' | 'text/event-stream';
  description: string;
}

export type Content = z.ZodType | Media;

export interface Operation {
  method: Method;
  /** Names in braces are text: `/automationAccounts/{accountName}`. */
  path: `/${string}`;
  /** The least role whose token may make the call; `none`: without a token. */
  role: Role | 'none';
  summary: string;
  /** Every key is optional or has a default; unknown ones are refused. */
  query?: z.ZodObject;
  body?: Content;
  maxBodyBytes?: number;
  /** By status. */
  answers: Readonly<Record<number, Content>>;
  /** What it may refuse with, beyond `request-invalid`, `token-refused`, `role-too-low` and `internal`, which each operation may. */
  errors: readonly ProblemCode[];
}

export function isMedia(content: Content): content is Media {
  return 'media' in content;
}

type ContentValue<One> = One extends z.ZodType ? z.infer<One> : One extends { media: 'text/plain' } ? string : Uint8Array;
type PathNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | PathNames<Rest> : never;

export type OperationParams<One extends Operation> = Record<PathNames<One['path']>, string>;
export type OperationQuery<One extends Operation> = One['query'] extends z.ZodType
  ? z.infer<One['query']>
  : Record<string, never>;
export type OperationQueryInput<One extends Operation> = One['query'] extends z.ZodType
  ? z.input<One['query']>
  : Record<string, never>;
export type OperationBody<One extends Operation> = One['body'] extends Content ? ContentValue<One['body']> : undefined;
export type OperationBodyInput<One extends Operation> = One['body'] extends z.ZodType
  ? z.input<One['body']>
  : One['body'] extends Content
    ? string | Uint8Array
    : undefined;
export type OperationValue<One extends Operation> = ContentValue<One['answers'][keyof One['answers']]>;

/** A list's page. `next` goes into `after` for the page that follows; null: this is the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ value: z.array(item), next: z.string().nullable() });
}

export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  after: z.string().max(200).optional(),
});

export const nothing = z.strictObject({});
/** ISO 8601, UTC. */
export const time = z.iso.datetime().meta({ description: 'UTC, for instance 2026-11-23T09:30:00.000Z' });
