/** Installers of the worker that lie beside the service, and how a machine becomes a worker with one. */
import * as z from 'zod';
import type { Operation } from './operation.ts';

export const installer = z
  .object({
    name: z.string(),
    version: z.string(),
    bytes: z.int(),
    sha256: z.string(),
    url: z.string().meta({ description: 'Where it is, without a token.' }),
  })
  .meta({ id: 'Installer' });

/** Files that the line names: whoever uses it puts the keys there. */
export const installKeyFiles = { workspaceKey: 'workspace-key.txt', accountKey: 'account-key.txt' } as const;

export const installerOperations = {
  'installers:list': {
    method: 'GET',
    path: '/installers',
    role: 'reader',
    summary: 'The installers that lie beside the service, the newest first.',
    answers: { 200: z.object({ value: z.array(installer) }).meta({ id: 'Installers' }) },
    errors: [],
  },
  'installers:download': {
    method: 'GET',
    path: '/installers/{installerName}',
    role: 'none',
    summary: 'One of them. It holds no secret, so that a machine that has none yet can fetch it.',
    answers: { 200: { media: 'application/octet-stream', description: 'A program for Windows.' } },
    errors: ['resource-unknown'],
  },
  'installers:command-line': {
    method: 'GET',
    path: '/workspaces/{workspace}/installation',
    role: 'reader',
    summary:
      'The line that makes a Windows machine a worker of this workspace, unattended. It names files for keys and holds none.',
    query: z.strictObject({ groupName: z.string().max(127).optional() }),
    answers: {
      200: z
        .object({
          commandLine: z.string(),
          /** Null: none lies beside the service; the line then names this version's. */
          installer: installer.nullable(),
          workspaceId: z.string(),
          serviceUrl: z.string(),
          caFingerprint: z.string(),
          account: z.string().nullable(),
        })
        .meta({ id: 'Installation' }),
    },
    errors: ['resource-unknown', 'group-name-invalid', 'workspace-not-linked'],
  },
} as const satisfies Record<string, Operation>;
