/**
 * The agent port's side of workspaces: join, the list of packs (held until it changes), a pack's archive, leave.
 * The server around it gives bodies as bytes and says failures as problems.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { joinBody, type PackList } from '../../src-contract/agent-service.ts';
import { AppError } from '../../src-contract/app-error.ts';
import { readBody } from '../agent-api/body.ts';
import { holdCall } from '../agent-api/calls.ts';
import { peerCertificate } from '../agent-api/peer.ts';
import { checkSignedCall, provenCertificate, textHeader } from '../agent-api/signed-call.ts';
import type { ServiceContext } from '../context.ts';
import { changed } from '../store/changes.ts';
import {
  deleteAgent,
  findAgentByCertificate,
  listAssignedPacks,
  readPackArchive,
  touchAgent,
  type Agent,
} from '../store/workspaces.ts';
import { openSharedKeys } from '../vault/shared-keys.ts';
import { joinWorkspace, linkedAccount, requireWorkspace } from './join.ts';

interface WorkspaceParams {
  workspaceId: string;
}
interface ArchiveParams extends WorkspaceParams {
  name: string;
  version: string;
}
interface AgentParams extends WorkspaceParams {
  machineId: string;
}

/** Lists need not say to the second when an agent was last here. */
const seenEveryMs = 30_000;

export function registerWorkspaceApi(server: FastifyInstance, context: ServiceContext): void {
  const { store, clock, vault } = context;
  const closing = new AbortController();
  server.addHook('preClose', (ended) => {
    closing.abort();
    ended();
  });

  server.post<{ Params: WorkspaceParams }>('/workspaces/:workspaceId/agents', async (request) => {
    const workspace = await requireWorkspace(context, request.params.workspaceId);
    // Only the caller can say which key it used.
    const refused = () => new AppError('workspace-key-refused', { workspaceId: workspace.id, keyEnding: '????' });
    await checkSignedCall(context, request, openSharedKeys(vault, 'workspace', workspace), refused);
    const body = readBody(request, joinBody);
    return joinWorkspace(context, workspace, body, provenCertificate(request, body.thumbprint));
  });

  server.get<{ Params: WorkspaceParams }>('/workspaces/:workspaceId/packs', async (request, reply) => {
    const agent = await authenticateAgent(context, request);
    const now = clock.now();
    if (now - agent.lastSeenAt >= seenEveryMs) {
      await store.writeSoon((tx) => touchAgent(tx, agent.workspaceId, agent.machineId, now));
    }
    const known = textHeader(request, 'if-none-match');
    const answer = await holdCall<{ etag: string; list: PackList } | 'unchanged'>(context, request, reply, {
      look: async () => {
        const list = await listPacks(context, agent);
        const etag = etagOf(list);
        return etag === known ? undefined : { etag, list };
      },
      wakeOn: [changed.workspace(agent.workspaceId)],
      otherwise: 'unchanged',
      closing: closing.signal,
    });
    if (answer === 'unchanged') return reply.status(304).header('etag', known).send();
    return reply.header('etag', answer.etag).send(answer.list);
  });

  server.get<{ Params: ArchiveParams }>('/workspaces/:workspaceId/packs/:name/:version', async (request, reply) => {
    const { name, version } = request.params;
    const { workspaceId } = await authenticateAgent(context, request);
    const given = await listAssignedPacks(store.db, workspaceId);
    const pack = given.find((one) => one.name === name && one.version === version);
    if (pack === undefined) throw new AppError('pack-unknown', { pack: name, version });
    const etag = `"${pack.sha256}"`;
    void reply.header('etag', etag);
    if (textHeader(request, 'if-none-match') === etag) return reply.status(304).send();
    const archive = await readPackArchive(store.db, name, version);
    if (archive === undefined) throw new AppError('pack-unknown', { pack: name, version });
    return reply.header('content-type', 'application/zip').send(archive);
  });

  server.delete<{ Params: AgentParams }>('/workspaces/:workspaceId/agents/:machineId', async (request, reply) => {
    const { workspaceId, machineId } = await authenticateAgent(context, request);
    // A machine takes out nobody but itself.
    if (machineId !== request.params.machineId.toLowerCase()) throw new AppError('agent-unknown', { workspaceId });
    await store.write((tx) => deleteAgent(tx, workspaceId, machineId));
    return reply.send({});
  });
}

async function authenticateAgent(context: ServiceContext, request: FastifyRequest<{ Params: WorkspaceParams }>): Promise<Agent> {
  const workspace = await requireWorkspace(context, request.params.workspaceId);
  const certificate = peerCertificate(request);
  // An agent presents one: something on the way has opened the connection, and joining again would not help.
  if (certificate === undefined) throw new AppError('certificate-not-proven', { thumbprint: 'an agent’s certificate' });
  const agent = await findAgentByCertificate(context.store.db, workspace.id, certificate.sha256);
  if (agent === undefined) throw new AppError('agent-unknown', { workspaceId: workspace.id });
  return agent;
}

async function listPacks(context: ServiceContext, agent: Agent): Promise<PackList> {
  const workspace = await requireWorkspace(context, agent.workspaceId);
  // Removed while it waited: told at once, and not with its next call.
  if ((await findAgentByCertificate(context.store.db, workspace.id, agent.certificateSha256)) === undefined) {
    throw new AppError('agent-unknown', { workspaceId: workspace.id });
  }
  const packs = await listAssignedPacks(context.store.db, workspace.id);
  return {
    account: await linkedAccount(context, workspace),
    packs: packs.map(({ name, version, sha256, bytes }) => ({ name, version, sha256, bytes })),
  };
}

function etagOf(list: PackList): string {
  return `"${createHash('sha256').update(JSON.stringify(list)).digest('hex').slice(0, 32)}"`;
}
