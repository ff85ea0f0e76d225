/** #1 GetSandboxActions: the worker's poll. It says what the worker can do, and takes what there is for it, held when it asks for that. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { headers, workerReadiness, type SandboxActions } from '../../src-contract/jrds.ts';
import { kindOfNumber, runbookKinds, type RunbookKind } from '../../src-contract/kinds.ts';
import type { ServiceContext } from '../context.ts';
import { findGroup, type Worker, type WorkerPresence } from '../store/workers.ts';
import { callerGone } from '../caller-gone.ts';
import { applyWait, type AccountParams } from './calls.ts';
import { workerOnly } from './callers.ts';
import { peerCertificate } from './peer.ts';
import { textHeader } from './signed-call.ts';
import { takeTurn } from './turn-taking.ts';

const maxSlots = 1000;

export function addSandboxActionsRoute(server: FastifyInstance, context: ServiceContext, closing: AbortSignal): void {
  server.get<{ Params: AccountParams }>('/Sandboxes/GetSandboxActions', async (request, reply): Promise<SandboxActions> => {
    const worker = workerOnly(request.jrdsCaller);
    const turn = await takeTurn(context, worker, textHeader(request, headers.turn));
    const holdMs = applyWait(request, reply);
    // At once, so that the call after this one tells a machine that was cloned from a call that came late.
    if (turn === 'behind') return { value: [] };
    if (turn !== undefined) void reply.header(headers.turn, turn.token);
    // Our own worker has its first call after a silence answered at once, and holds the next: what it is given is not a poller's.
    const holdsCalls = holdMs > 0 || request.headers[headers.kinds] !== undefined;
    const said = readPresence(request, context.clock.now(), holdsCalls);
    // A foreign worker's version is known from its traces alone.
    const presence = { ...said, version: said.version ?? worker.version };
    context.dispatcher.notePresence(worker, presence);
    if (isToRotate(request, worker, context.clock.now())) void reply.header('RotateWorkerCertificate', 'true');

    const actions = await context.dispatcher.poll({ worker, presence, holdMs, signal: callerGone(reply, closing) });
    const group = actions.length === 0 ? undefined : await findGroup(context.store.db, worker.accountId, worker.groupName);
    const { hostname, port } = new URL(context.urls.agentUrl);
    return {
      value: actions.map(({ sandboxId, secret, kind }) => ({
        SandboxId: sandboxId,
        ConnectionEndpoint: hostname,
        ConnectionPort: Number(port === '' ? 443 : port),
        SandboxCookie: secret,
        CredentialName: group?.credentialName ?? null,
        MSISecret: null,
        // A foreign worker gets the protocol's keys and no others.
        ...(request.headers[headers.kinds] !== undefined && { RunbookKind: runbookKinds[kind] }),
      })),
    };
  });
}

/** A foreign worker says nothing of itself: nulls, which mean the protocol's usual. */
export function readPresence(request: Pick<FastifyRequest, 'headers'>, now: number, holdsCalls: boolean): WorkerPresence {
  const text = (name: string): string | undefined => {
    const value = request.headers[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    lastSeenAt: now,
    version: text(headers.version)?.slice(0, 100) ?? null,
    kinds: readKinds(text(headers.kinds)),
    readiness: workerReadiness.safeParse(text(headers.state)).data ?? null,
    freeSlots: readCount(text(headers.freeSlots)),
    slotLimit: readCount(text(headers.limit)),
    translatesWorkflows: text(headers.workflows) === 'translated',
    holdsCalls,
  };
}

/** Numbers that this version does not know come from a newer worker: they are left out. */
function readKinds(text: string | undefined): RunbookKind[] | null {
  if (text === undefined) return null;
  const kinds = text.split(',').map((number) => kindOfNumber(Number(number)));
  return kinds.filter((kind) => kind !== undefined);
}

function readCount(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,4}$/.test(text) ? Math.min(Number(text), maxSlots) : null;
}

/**
 * Asks for a new certificate once half of the current one's life is over, as Azure Automation does; and again of a worker that announced one
 * and never came with it: it may not know that it was heard.
 */
function isToRotate(request: FastifyRequest, worker: Worker, now: number): boolean {
  const certificate = peerCertificate(request);
  if (certificate === undefined) return false;
  if (certificate.thumbprint !== worker.thumbprint) return worker.certificateSha256 === null;
  return now > (certificate.validFrom + certificate.validTo) / 2;
}
