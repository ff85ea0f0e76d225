/** Joining a workspace, and the packs that it hands out. Part of the catalogue (problems.ts). */
import { entry, optional, spanOf } from '../problem-shape.ts';

export const workspaceProblems = {
  'workspace-key-refused': entry<{ workspaceId: string; keyEnding: string }>({
    severity: 'error',
    title: () => 'The workspace did not accept the key',
    text: ({ workspaceId, keyEnding }) =>
      `The key that ends in …${keyEnding} is not one of workspace ${workspaceId}’s keys. Nothing was connected.`,
    nextStep: () => 'Copy the current key (`hrw workspace keys`) and connect again.',
  }),
  'workspace-unknown': entry<{ workspaceId: string }>({
    severity: 'error',
    title: () => 'The service has no such workspace',
    text: ({ workspaceId }) => `There is no workspace ${workspaceId} on this service. Nothing was connected.`,
    nextStep: () => 'Check the workspace ID and the service URL (`hrw workspace list`).',
  }),
  'workspace-not-linked': entry<{ workspaceId: string }>({
    severity: 'error',
    title: () => 'The workspace is linked to no automation account',
    text: ({ workspaceId }) =>
      `Workspace ${workspaceId} exists, but no account stands behind it, so no worker can register through it.`,
    nextStep: () => 'Link it: `hrw workspace link --workspace ID --account NAME`.',
  }),
  /** Names as far as whoever refuses knows them. */
  'workspace-wrong-account': entry<{
    workspaceId: string;
    workspaceName?: string;
    linkedAccountId: string;
    linkedAccountName?: string;
    accountId: string;
    accountName?: string;
  }>({
    severity: 'error',
    title: () => 'The workspace is linked to another automation account',
    text: (details) => {
      const workspace = optional(details, 'workspaceName') ?? details.workspaceId;
      const linked = optional(details, 'linkedAccountName') ?? details.linkedAccountId;
      const account = optional(details, 'accountName') ?? details.accountId;
      return `Workspace ${workspace} belongs to account ${linked}, the endpoint names account ${account}. Nothing was registered.`;
    },
    nextStep: () => 'Use the endpoint of the linked account, or link the workspace to the account you mean.',
  }),
  'agent-unknown': entry<{ workspaceId: string }>({
    severity: 'error',
    title: () => 'The workspace no longer knows this machine',
    text: ({ workspaceId }) =>
      `Workspace ${workspaceId} does not accept this machine’s certificate any more. Packs no longer arrive.`,
    nextStep: () => 'Connect again with the workspace ID and key.',
  }),
  'clock-skewed': entry<{ minutes: number; direction: 'ahead' | 'behind' }>({
    severity: 'error',
    title: ({ minutes, direction }) => `This machine’s clock is ${spanOf(minutes)} ${direction}`,
    text: () => 'The service accepts a difference of 15 minutes at most. Nothing was registered or connected.',
    nextStep: () => 'Set the clock (Windows: `w32tm /resync`, Linux: `timedatectl set-ntp true`) and repeat.',
  }),
  'pack-signature-invalid': entry<{ pack: string; version: string }>({
    severity: 'error',
    title: ({ pack, version }) => `The pack ${pack} ${version} is not signed by its publisher`,
    text: () => 'It was not taken. An earlier version that is there stays in use.',
    nextStep: () => 'Publish a pack that is signed with the key this worker was built for.',
  }),
  'pack-invalid': entry<{ pack: string; version: string; reason: string }>({
    severity: 'error',
    title: ({ pack, version }) => `The pack ${`${pack} ${version}`.trim()} is damaged or unsafe`,
    text: ({ reason }) => `${reason} It was not taken. An earlier version that is there stays in use.`,
    nextStep: () => 'Publish the pack again.',
  }),
  'pack-unknown': entry<{ pack: string; version: string }>({
    severity: 'error',
    title: ({ pack, version }) => `There is no pack ${`${pack} ${version}`.trim()}`,
    text: () => 'The service does not hold it, or the workspace does not hand it out.',
    nextStep: () => 'See `hrw pack list` for what there is.',
  }),
  'pack-missing': entry<{ pack: string }>({
    severity: 'error',
    title: ({ pack }) => `The pack ${pack} has not arrived yet`,
    text: () => 'A machine can register as a worker once it has this pack. Nothing was registered.',
    nextStep: ({ pack }) =>
      `Add it to the workspace (\`hrw pack add --workspace ID --pack ${pack}\`) and wait for it in the Operations Manager log.`,
  }),
  'not-connected': entry({
    severity: 'error',
    title: () => 'This machine is not connected to a workspace',
    text: () => 'It needs a workspace ID and key before it can receive packs or register.',
    nextStep: () => 'Connect it on the Connection page, or with `hrw connect`.',
  }),
} as const;
