/** A machine joins a workspace: it proves a workspace key and the certificate that it is to be known by. */
import type { JoinAnswer, JoinBody } from '../../src-contract/agent-service.ts';
import { AppError } from '../../src-contract/app-error.ts';
import type { PeerCertificate } from '../agent-api/peer.ts';
import { accountEndpoint, type ServiceContext } from '../context.ts';
import { findAccountById } from '../store/accounts.ts';
import { findWorkspaceById, putAgent, type Workspace } from '../store/workspaces.ts';

/** @throws AppError `workspace-unknown` */
export async function requireWorkspace({ store }: ServiceContext, workspaceId: string): Promise<Workspace> {
  const workspace = await findWorkspaceById(store.db, workspaceId);
  if (workspace === undefined) throw new AppError('workspace-unknown', { workspaceId });
  return workspace;
}

/** The caller has proved a key of the workspace, and the certificate. */
export async function joinWorkspace(
  context: ServiceContext,
  workspace: Workspace,
  body: JoinBody,
  certificate: PeerCertificate,
): Promise<JoinAnswer> {
  const now = context.clock.now();
  await context.store.write((tx) =>
    putAgent(tx, {
      workspaceId: workspace.id,
      machineId: body.machineId.toLowerCase(),
      machineName: body.machineName,
      certificateSha256: certificate.sha256,
      version: body.version,
      operatingSystem: body.operatingSystem,
      joinedAt: now,
      lastSeenAt: now,
    }),
  );
  context.log.info('A machine joined a workspace', { workspace: workspace.name, machineName: body.machineName });
  return { workspaceName: workspace.name, account: await linkedAccount(context, workspace) };
}

export async function linkedAccount(context: ServiceContext, { accountId }: Workspace): Promise<JoinAnswer['account']> {
  const account = accountId === null ? undefined : await findAccountById(context.store.db, accountId);
  if (account === undefined) return null;
  return { accountId: account.id, name: account.name, endpoint: accountEndpoint(context, account.id) };
}
