/** #10 logs: some 25 traces a job. Kept in a ring; of a foreign worker they are the only place that tells its version. */
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { traceArgs } from '../../src-contract/jrds.ts';
import type { ServiceContext } from '../context.ts';
import { readBody } from './body.ts';
import type { AccountParams } from './calls.ts';

/** Generic event of Microsoft's workers: only its arguments have fixed places. */
const genericEventId = 16_000;
const maxTextLength = 4000;

/** As tolerant as can be: a client that cannot trace works worse. The Go worker sends its numbers as text. */
const looseTrace = z.object({
  eventId: z.coerce.number().catch(0),
  args: z.array(z.unknown()).nullish().catch(null),
});

export function addTraceRoute(server: FastifyInstance, context: ServiceContext): void {
  server.post<{ Params: AccountParams }>('/logs', (request) => {
    const { eventId, args } = readBody(request, looseTrace);
    const caller = request.jrdsCaller;
    const texts = (args ?? []).map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
    const isGeneric = eventId === genericEventId;
    if (isGeneric && caller.kind === 'worker' && caller.worker.version === null) {
      const version = texts[traceArgs.workerVersion]?.slice(0, 100) ?? '';
      if (version !== '') context.dispatcher.noteVersion(caller.worker, version);
    }
    context.dispatcher.late.noteTrace({
      accountId: caller.kind === 'worker' ? caller.worker.accountId : caller.attempt.accountId,
      machineId: caller.kind === 'worker' ? caller.worker.machineId : caller.attempt.machineId,
      eventId: isGeneric ? Number(texts[traceArgs.innerEventId]) || eventId : eventId,
      text: (isGeneric ? (texts[traceArgs.message] ?? '') : texts.join(' | ')).slice(0, maxTextLength),
      receivedAt: context.clock.now(),
    });
    return Promise.resolve({});
  });
}
