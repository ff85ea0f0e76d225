/** Workspaces, the packs that they give, and the agents that joined. */
import * as z from 'zod';
import { maxPackBytes } from '../limits.ts';
import { keyName, keyPair } from './accounts.ts';
import { nothing, pageOf, pageQuery, time, type Operation } from './operation.ts';

export const workspace = z
  .object({
    workspaceId: z.string(),
    name: z.string(),
    serviceUrl: z.string().meta({ description: 'What an agent connects to, beside the workspace’s ID and a key.' }),
    account: z.object({ accountId: z.string(), name: z.string() }).nullable(),
    creationTime: time,
  })
  .meta({ id: 'Workspace' });

export const agent = z
  .object({
    machineId: z.string(),
    machineName: z.string(),
    version: z.string(),
    operatingSystem: z.string(),
    joinedTime: time,
    lastSeenTime: time,
  })
  .meta({ id: 'Agent' });

export const pack = z
  .object({
    name: z.string(),
    version: z.string(),
    description: z.string(),
    sha256: z.string(),
    bytes: z.int(),
    publishedTime: time,
  })
  .meta({ id: 'Pack' });

const one = '/workspaces/{workspace}';

const packPage = pageOf(pack).meta({ id: 'PackPage' });

/** `{workspace}` is a workspace's ID or its name. */
export const workspaceOperations = {
  'workspaces:list': {
    method: 'GET',
    path: '/workspaces',
    role: 'reader',
    summary: 'Lists the workspaces.',
    query: pageQuery,
    answers: { 200: pageOf(workspace).meta({ id: 'WorkspacePage' }) },
    errors: [],
  },
  'workspaces:create': {
    method: 'PUT',
    path: one,
    role: 'administrator',
    summary: 'Makes a workspace of this name, linked to an account if one is named. One that is there is answered with 200.',
    body: z.strictObject({ accountName: z.string().optional() }).meta({ id: 'NewWorkspace' }),
    answers: { 201: workspace, 200: workspace },
    errors: ['resource-unknown', 'resource-exists'],
  },
  'workspaces:get': {
    method: 'GET',
    path: one,
    role: 'reader',
    summary: 'One workspace.',
    answers: { 200: workspace },
    errors: ['resource-unknown'],
  },
  'workspaces:link': {
    method: 'PUT',
    path: `${one}/account`,
    role: 'administrator',
    summary: 'Links the workspace to an account, or to none with null. Its agents hear of it at once.',
    body: z.strictObject({ accountName: z.string().nullable() }).meta({ id: 'WorkspaceLink' }),
    answers: { 200: workspace },
    errors: ['resource-unknown'],
  },
  'workspaces:keys': {
    method: 'GET',
    path: `${one}/keys`,
    role: 'administrator',
    summary: 'The keys that machines join with.',
    answers: { 200: keyPair },
    errors: ['resource-unknown'],
  },
  'workspaces:regenerate-key': {
    method: 'POST',
    path: `${one}/regenerateKey`,
    role: 'administrator',
    summary: 'Replaces one key. Agents that joined stay.',
    body: keyName,
    answers: { 200: keyPair },
    errors: ['resource-unknown'],
  },
  'workspaces:packs': {
    method: 'GET',
    path: `${one}/packs`,
    role: 'reader',
    summary: 'The packs that the workspace gives its agents.',
    query: pageQuery,
    answers: { 200: packPage },
    errors: ['resource-unknown'],
  },
  'workspaces:add-pack': {
    method: 'PUT',
    path: `${one}/packs/{packName}`,
    role: 'administrator',
    summary:
      'Gives a pack to the agents: the named version, or the newest. Who has the newest moves on when a newer one is published.',
    body: z.strictObject({ version: z.string().optional() }).meta({ id: 'PackAssignment' }),
    answers: { 200: pack },
    errors: ['resource-unknown', 'pack-unknown'],
  },
  'workspaces:remove-pack': {
    method: 'DELETE',
    path: `${one}/packs/{packName}`,
    role: 'administrator',
    summary: 'Takes a pack away from the agents, which remove its files.',
    answers: { 200: nothing },
    errors: ['resource-unknown'],
  },
  'workspaces:agents': {
    method: 'GET',
    path: `${one}/agents`,
    role: 'reader',
    summary: 'The machines that joined.',
    query: pageQuery,
    answers: { 200: pageOf(agent).meta({ id: 'AgentPage' }) },
    errors: ['resource-unknown'],
  },
  'workspaces:remove-agent': {
    method: 'DELETE',
    path: `${one}/agents/{machineId}`,
    role: 'administrator',
    summary: 'Forgets a machine: its certificate is refused from then on.',
    answers: { 200: nothing },
    errors: ['resource-unknown'],
  },
  'packs:list': {
    method: 'GET',
    path: '/packs',
    role: 'reader',
    summary: 'Lists every version of every pack.',
    query: pageQuery,
    answers: { 200: packPage },
    errors: [],
  },
  'packs:publish': {
    method: 'POST',
    path: '/packs',
    role: 'administrator',
    summary: 'Publishes a signed archive. The same archive again is answered with 200; a version is never replaced.',
    body: { media: 'application/zip', description: 'The pack.' },
    maxBodyBytes: maxPackBytes,
    answers: { 201: pack, 200: pack },
    errors: ['pack-invalid', 'pack-signature-invalid', 'resource-exists'],
  },
  'packs:get': {
    method: 'GET',
    path: '/packs/{packName}/{version}',
    role: 'reader',
    summary: 'One version of a pack.',
    answers: { 200: pack },
    errors: ['pack-unknown'],
  },
  'packs:delete': {
    method: 'DELETE',
    path: '/packs/{packName}/{version}',
    role: 'administrator',
    summary: 'Removes a version that no workspace gives.',
    answers: { 200: nothing },
    errors: ['pack-unknown', 'resource-in-use'],
  },
} as const satisfies Record<string, Operation>;
