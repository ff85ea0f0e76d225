/** What the routes below /jrds have in common: their address, their caller, how long they are held. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Change } from '../store/changes.ts';
import { callerGone } from '../caller-gone.ts';
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
