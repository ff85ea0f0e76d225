/** Workspaces, what they give, and who joined; packs. */
import { randomUUID } from 'node:crypto';
import { AppError } from '../../src-contract/app-error.ts';
import type { ServiceContext } from '../context.ts';
import { findAccountById } from '../store/accounts.ts';
import { changed } from '../store/changes.ts';
import { nameKey } from '../store/names.ts';
import type { Reader } from '../store/store.ts';
import {
  assignPack,
  deleteAgent,
  findPack,
  findWorkspace,
  insertWorkspace,
  linkWorkspace,
  listAgents,
  listAssignedPacks,
  listWorkspaces,
  setWorkspaceKey,
  unassignPack,
  type Agent,
  type Workspace,
} from '../store/workspaces.ts';
import { makeSharedKey, openSharedKeys, sealSharedKey } from '../vault/shared-keys.ts';
import { findNewestPack } from '../workspace/packs.ts';
import type { HandlersOf } from './handler.ts';
import { viewPack } from './pack-handlers.ts';
import { pageByKey } from './paging.ts';
import { checkName, requireAccount, requireWorkspace, unknownResource } from './resources.ts';
import { isoTime } from './times.ts';

export function workspaceHandlers(context: ServiceContext): HandlersOf<'workspaces'> {
  const { store, vault, clock } = context;
  const keysOf = (workspace: Workspace) => openSharedKeys(vault, 'workspace', workspace);

  return {
    'workspaces:list': async ({ query }) => {
      const page = pageByKey(await listWorkspaces(store.db), query, ({ name }) => nameKey(name));
      return { status: 200, value: { ...page, value: await Promise.all(page.value.map((one) => viewWorkspace(context, one))) } };
    },
    'workspaces:create': async ({ params, body }) => {
      checkName(params.workspace, 'workspace');
      const account = body.accountName === undefined ? undefined : await requireAccount(store.db, body.accountName);
      const id = randomUUID();
      const made = {
        id,
        name: params.workspace,
        primaryKey: sealSharedKey(vault, { kind: 'workspace', id }, 'primary', makeSharedKey()),
        secondaryKey: sealSharedKey(vault, { kind: 'workspace', id }, 'secondary', makeSharedKey()),
        accountId: account?.id ?? null,
        createdAt: clock.now(),
      };
      const isNew = await store.write((tx) => insertWorkspace(tx, made));
      const workspace = await findWorkspace(store.db, params.workspace);
      if (workspace === undefined) throw unknownResource('workspace', params.workspace);
      if (account !== undefined && workspace.accountId !== account.id) {
        throw new AppError('resource-exists', { what: 'workspace', name: workspace.name });
      }
      return { status: isNew ? 201 : 200, value: await viewWorkspace(context, workspace) };
    },
    'workspaces:get': async ({ params }) => ({
      status: 200,
      value: await viewWorkspace(context, await requireWorkspace(store.db, params.workspace)),
    }),
    'workspaces:link': async ({ params, body }) => {
      const { id } = await requireWorkspace(store.db, params.workspace);
      const account = body.accountName === null ? null : await requireAccount(store.db, body.accountName);
      await store.write((tx) => linkWorkspace(tx, id, account?.id ?? null));
      return { status: 200, value: await viewWorkspace(context, await requireWorkspace(store.db, id)) };
    },
    'workspaces:keys': async ({ params }) => ({
      status: 200,
      value: keysOf(await requireWorkspace(store.db, params.workspace)),
    }),
    'workspaces:regenerate-key': async ({ params, body }) => {
      const { id } = await requireWorkspace(store.db, params.workspace);
      const key = sealSharedKey(vault, { kind: 'workspace', id }, body.keyName, makeSharedKey());
      await store.write((tx) => setWorkspaceKey(tx, id, body.keyName, key));
      return { status: 200, value: keysOf(await requireWorkspace(store.db, id)) };
    },
    'workspaces:packs': async ({ params, query }) => {
      const { id } = await requireWorkspace(store.db, params.workspace);
      const page = pageByKey(await listAssignedPacks(store.db, id), query, ({ name }) => name);
      return { status: 200, value: { ...page, value: page.value.map(viewPack) } };
    },
    'workspaces:add-pack': async ({ params, body }) => {
      const { packName } = params;
      const { id } = await requireWorkspace(store.db, params.workspace);
      const found = await choosePack(store.db, packName, body.version);
      if (found === undefined) throw new AppError('pack-unknown', { pack: packName, version: body.version ?? '' });
      await store.write((tx) => assignPack(tx, id, packName, found.version, clock.now()));
      return { status: 200, value: viewPack(found) };
    },
    'workspaces:remove-pack': async ({ params }) => {
      const { id } = await requireWorkspace(store.db, params.workspace);
      const removed = await store.write((tx) => unassignPack(tx, id, params.packName));
      if (!removed) throw unknownResource('pack of this workspace:', params.packName);
      return { status: 200, value: {} };
    },
    'workspaces:agents': async ({ params, query }) => {
      const { id } = await requireWorkspace(store.db, params.workspace);
      const page = pageByKey(
        await listAgents(store.db, id),
        query,
        ({ machineName, machineId }) => `${machineName}.${machineId}`,
      );
      return { status: 200, value: { ...page, value: page.value.map(viewAgent) } };
    },
    'workspaces:remove-agent': async ({ params }) => {
      const { id } = await requireWorkspace(store.db, params.workspace);
      const removed = await store.write((tx) => {
        // Its held call hears of it now, and is refused.
        tx.publish(changed.workspace(id));
        return deleteAgent(tx, id, params.machineId);
      });
      if (!removed) throw unknownResource('agent', params.machineId);
      return { status: 200, value: {} };
    },
  };
}

function choosePack(db: Reader, name: string, version: string | undefined) {
  return version === undefined ? findNewestPack(db, name) : findPack(db, name, version);
}

async function viewWorkspace({ store, urls }: ServiceContext, workspace: Workspace) {
  const account = workspace.accountId === null ? undefined : await findAccountById(store.db, workspace.accountId);
  return {
    workspaceId: workspace.id,
    name: workspace.name,
    serviceUrl: urls.agentUrl,
    account: account === undefined ? null : { accountId: account.id, name: account.name },
    creationTime: isoTime(workspace.createdAt),
  };
}

function viewAgent(agent: Agent) {
  const { machineId, machineName, version, operatingSystem } = agent;
  return {
    machineId,
    machineName,
    version,
    operatingSystem,
    joinedTime: isoTime(agent.joinedAt),
    lastSeenTime: isoTime(agent.lastSeenAt),
  };
}
