import type { FastifyReply } from 'fastify';

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
