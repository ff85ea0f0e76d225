/** Bodies arrive as bytes (a signature is over them), and are parsed where they are used. */
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError } from '../../src-contract/app-error.ts';

export function rawBody(request: FastifyRequest): Buffer {
  const body: unknown = request.body;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** @throws AppError `request-invalid` */
export function readBody<Schema extends z.ZodType>(request: FastifyRequest, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(parseJson(rawBody(request)));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw invalid(['body', ...(issue?.path ?? [])].join('.'), issue?.message ?? 'it does not have the right shape');
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw invalid('body', `it is no JSON (${(cause as Error).message})`, cause);
  }
}

export function invalid(where: string, reason: string, cause?: unknown): AppError<'request-invalid'> {
  return new AppError('request-invalid', { where, reason }, cause === undefined ? {} : { cause });
}
