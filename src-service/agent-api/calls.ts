/** What the routes below /jrds have in common: their address, their caller, how long they are held. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Change } from '../store/changes.ts';
import type { ServiceContext } from '../context.ts';
import { hold, readWait } from '../hold.ts';

export interface AccountParams {
  accountId: string;
}
export interface SandboxParams extends AccountParams {
  sandboxId: string;
}
export interface JobParams extends AccountParams {
  jobId: string;
}
export interface SandboxJobParams extends SandboxParams {
  jobId: string;
}
export interface NameParams extends AccountParams {
  name: string;
}

/**
 * Aborted when the caller has gone or the service ends. Not `AbortSignal.any`: with a source that lives as long as the service it keeps
 * something of every call (https://github.com/nodejs/node/issues/54614).
 */
export function callerGone(reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  const leave = (): void => {
    gone.abort();
  };
  if (closing.aborted) leave();
  closing.addEventListener('abort', leave);
  reply.raw.once('close', () => {
    closing.removeEventListener('abort', leave);
    leave();
  });
  return gone.signal;
}

/** How long the caller wants to be held, told back in `Preference-Applied`; 0 when it asks for nothing. */
export function applyWait(request: FastifyRequest, reply: FastifyReply): number {
  const seconds = readWait(request.headers.prefer);
  if (seconds === undefined) return 0;
  void reply.header('preference-applied', `wait=${String(seconds)}`);
  return seconds * 1000;
}

export interface HeldCall<Result> {
  look: () => Promise<Result | undefined>;
  wakeOn: readonly Change[];
  lookAgainMs?: number;
  /** The answer when the time is over. */
  otherwise: Result;
  closing: AbortSignal;
}

export async function holdCall<Result>(
  context: ServiceContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { look, wakeOn, lookAgainMs, otherwise, closing }: HeldCall<Result>,
): Promise<Result> {
  const holdMs = applyWait(request, reply);
  const found = await hold({
    look,
    changes: context.changes,
    wakeOn,
    ...(lookAgainMs === undefined ? {} : { lookAgainMs }),
    holdMs,
    signal: callerGone(reply, closing),
  });
  return found ?? otherwise;
}
