/** Installers of the worker, and the line that they are called with. */
import { AppError } from '../../src-contract/app-error.ts';
import { namePattern } from '../../src-contract/limits.ts';
import { installKeyFiles } from '../../src-contract/rest/installers.ts';
import type { ServiceContext } from '../context.ts';
import { installerName, type FoundInstaller } from '../installers.ts';
import { findAccountById } from '../store/accounts.ts';
import type { HandlersOf } from './handler.ts';
import { requireWorkspace, unknownResource } from './resources.ts';

export function installerHandlers(context: ServiceContext): HandlersOf<'installers'> {
  const { store, installers, urls, version } = context;
  const view = (found: FoundInstaller) => ({ ...found, url: `${urls.restUrl}/installers/${found.name}` });

  return {
    'installers:list': async () => ({ status: 200, value: { value: (await installers.list()).map(view) } }),
    'installers:download': async ({ params }) => {
      const found = await installers.open(params.installerName);
      if (found === undefined) throw unknownResource('installer', params.installerName);
      return { status: 200, pieces: found.pieces, bytes: found.bytes };
    },
    'installers:command-line': async ({ params, query }) => {
      const { groupName } = query;
      const workspace = await requireWorkspace(store.db, params.workspace);
      const account = workspace.accountId === null ? undefined : await findAccountById(store.db, workspace.accountId);
      if (groupName !== undefined && !namePattern.test(groupName)) throw new AppError('group-name-invalid', { groupName });
      if (groupName !== undefined && account === undefined)
        throw new AppError('workspace-not-linked', { workspaceId: workspace.id });
      const [newest] = await installers.list();
      // What has a blank would need quotes; nothing here can have one.
      const parts = [
        newest?.name ?? installerName(version),
        ...['/S', '/MODE=service', `/WORKSPACEID=${workspace.id}`, `/WORKSPACEKEYFILE=${installKeyFiles.workspaceKey}`],
        ...[`/SERVICEURL=${urls.agentUrl}`, `/CA=${context.caFingerprint}`],
        ...(groupName === undefined ? [] : [`/GROUP=${groupName}`, `/TOKENFILE=${installKeyFiles.accountKey}`]),
      ];
      return {
        status: 200,
        value: {
          commandLine: parts.join(' '),
          installer: newest === undefined ? null : view(newest),
          workspaceId: workspace.id,
          serviceUrl: urls.agentUrl,
          caFingerprint: context.caFingerprint,
          account: account?.name ?? null,
        },
      };
    },
  };
}
