/** Registering and deregistering workers: PUT …/HybridV2(MachineId='…') and DELETE …/Hybrid(MachineId='…'). */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { deregisterBody, registerBody, type RegisterAnswer, type RegisterBody } from '../../src-contract/agent-service.ts';
import { AppError } from '../../src-contract/app-error.ts';
import { namePattern } from '../../src-contract/limits.ts';
import type { ServiceContext } from '../context.ts';
import { findAccountById, type Account } from '../store/accounts.ts';
import type { Writer } from '../store/store.ts';
import { deleteWorker, ensureGroup, findWorker, findWorkerByThumbprint, putWorker, type Worker } from '../store/workers.ts';
import { findAgent, findAgentByCertificate, findWorkspaceById } from '../store/workspaces.ts';
import { openSharedKeys } from '../vault/shared-keys.ts';
import { readBody } from './body.ts';
import type { PeerCertificate } from './peer.ts';
import { checkSignedCall, provenCertificate, textHeader } from './signed-call.ts';

/** Our worker names the workspace that it belongs to; foreign ones belong to none. */
const workspaceHeader = 'hrw-workspace';
/** A signed body is read before its sender is known. */
const maxBodyBytes = 64 * 1024;

interface EntityParams {
  accountId: string;
  entity: string;
}

export function addRegistrationRoutes(server: FastifyInstance, context: ServiceContext): void {
  const url = '/accounts/:accountId/:entity';
  server.put<{ Params: EntityParams }>(url, { bodyLimit: maxBodyBytes }, async (request) => {
    const machineId = readMachineId('HybridV2', request.params.entity);
    const account = await checkAccountKey(context, request, request.params.accountId, 'Nothing was registered');
    return register(context, request, account, machineId);
  });
  server.delete<{ Params: EntityParams }>(url, { bodyLimit: maxBodyBytes }, async (request) => {
    const machineId = readMachineId('Hybrid', request.params.entity);
    const account = await checkAccountKey(context, request, request.params.accountId, 'The machine stays in its group');
    readBody(request, deregisterBody);
    const wasThere = await context.store.write((tx) => deleteWorker(tx, account.id, machineId));
    if (!wasThere) throw new AppError('machine-unknown', { machineId });
    context.log.info('A worker left the account', { account: account.name, machineId });
    return {};
  });
}

/** `HybridV2(MachineId='…')`, with quotes and parentheses as they are or percent-encoded: the router has decoded them. */
function readMachineId(entity: 'HybridV2' | 'Hybrid', text: string): string {
  const found = /^(\w+)\(MachineId='([0-9a-f-]{1,64})'\)$/i.exec(text);
  if (found?.[1]?.toLowerCase() !== entity.toLowerCase() || found[2] === undefined)
    throw new AppError('resource-unknown', { what: 'path', name: text.slice(0, 100) });
  return found[2].toLowerCase();
}

async function checkAccountKey(
  context: ServiceContext,
  request: FastifyRequest,
  accountId: string,
  outcome: string,
): Promise<Account> {
  const account = await findAccountById(context.store.db, accountId);
  if (account === undefined) throw new AppError('account-unknown', { accountId: accountId.slice(0, 100) });
  // Only the caller can say which key it used.
  const refused = (): AppError => new AppError('account-key-refused', { keyEnding: '????', outcome });
  await checkSignedCall(context, request, openSharedKeys(context.vault, 'account', account), refused);
  return account;
}

async function register(
  context: ServiceContext,
  request: FastifyRequest,
  account: Account,
  machineId: string,
): Promise<RegisterAnswer> {
  const body = readBody(request, registerBody);
  const certificate = provenCertificate(request, body.Thumbprint);
  if (!namePattern.test(body.RunbookWorkerGroup))
    throw new AppError('group-name-invalid', { groupName: body.RunbookWorkerGroup.slice(0, 200) });
  const workspaceId = textHeader(request, workspaceHeader);
  const now = context.clock.now();
  await context.store.write(async (tx) => {
    if (workspaceId !== undefined) await checkWorkspace(tx, workspaceId, account, machineId, certificate);
    await refuseMember(tx, account, machineId, certificate, body.RunbookWorkerGroup, now);
    const group = await ensureGroup(tx, account.id, body.RunbookWorkerGroup, now);
    await putWorker(tx, newWorker(account.id, machineId, group.name, body, certificate, now));
  });
  context.log.info('A worker joined a group', {
    account: account.name,
    group: body.RunbookWorkerGroup,
    machineId,
    machineName: body.MachineName,
  });
  return {
    jobRuntimeDataServiceUri: `${context.urls.agentUrl}/jrds`,
    AccountId: account.id,
    restApiUri: context.urls.restUrl,
    accountName: account.name,
  };
}

/** An agent of a workspace registers with the account that stands behind it, and with no other. */
async function checkWorkspace(
  tx: Writer,
  workspaceId: string,
  account: Account,
  machineId: string,
  certificate: PeerCertificate,
): Promise<void> {
  const workspace = await findWorkspaceById(tx.db, workspaceId);
  if (workspace === undefined) throw new AppError('workspace-unknown', { workspaceId: workspaceId.slice(0, 100) });
  const agent =
    (await findAgent(tx.db, workspace.id, machineId)) ?? (await findAgentByCertificate(tx.db, workspace.id, certificate.sha256));
  if (agent === undefined) throw new AppError('agent-unknown', { workspaceId: workspace.id });
  if (workspace.accountId === null) throw new AppError('workspace-not-linked', { workspaceId: workspace.id });
  if (workspace.accountId !== account.id) {
    const linkedAccountId = workspace.accountId;
    const linked = await findAccountById(tx.db, linkedAccountId);
    throw new AppError('workspace-wrong-account', {
      workspaceId: workspace.id,
      workspaceName: workspace.name,
      linkedAccountId,
      ...(linked === undefined ? {} : { linkedAccountName: linked.name }),
      accountId: account.id,
      accountName: account.name,
    });
  }
}

/** A machine is in one group of one account. Registering again with that group is no conflict: the answer may have been lost. */
async function refuseMember(
  tx: Writer,
  account: Account,
  machineId: string,
  certificate: PeerCertificate,
  groupName: string,
  now: number,
): Promise<void> {
  const members = [await findWorker(tx.db, machineId), await findWorkerByThumbprint(tx.db, certificate.thumbprint, now)];
  for (const member of members) {
    if (member === undefined) continue;
    if (member.accountId !== account.id || member.groupName.toLowerCase() !== groupName.toLowerCase())
      // Another account's name is none of this caller's business.
      throw new AppError('already-registered', {
        groupName: member.groupName,
        account: member.accountId === account.id ? account.name : member.accountId,
      });
  }
}

function newWorker(
  accountId: string,
  machineId: string,
  groupName: string,
  body: RegisterBody,
  certificate: PeerCertificate,
  now: number,
): Worker {
  return {
    accountId,
    machineId,
    machineName: body.MachineName ?? machineId,
    groupName,
    ipAddress: body.IpAddress ?? null,
    operatingSystem: operatingSystemName(body.OperatingSystem),
    thumbprint: certificate.thumbprint,
    certificateSha256: certificate.sha256,
    previousThumbprint: null,
    previousSha256: null,
    previousUntil: null,
    turnNumber: null,
    turnNonce: null,
    turnStrikes: 0,
    turnStruckAt: null,
    clonedAt: null,
    registeredAt: now,
    lastSeenAt: null,
    version: null,
    kinds: null,
    readiness: null,
    freeSlots: null,
    slotLimit: null,
    translatesWorkflows: false,
    holdsCalls: false,
  };
}

function operatingSystemName(given: RegisterBody['OperatingSystem']): string | null {
  if (given === undefined) return null;
  if (String(given) === '1') return 'Windows';
  return String(given) === '2' ? 'Linux' : String(given);
}
