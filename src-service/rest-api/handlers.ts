/** All handlers: the type says that none is missing. */
import type { ServiceContext } from '../context.ts';
import { accountHandlers, tokenHandlers } from './account-handlers.ts';
import { assetHandlers } from './asset-handlers.ts';
import { groupHandlers, workerHandlers } from './group-handlers.ts';
import type { HandlersOf, RestHandlers } from './handler.ts';
import { installerHandlers } from './installer-handlers.ts';
import { jobHandlers } from './job-handlers.ts';
import { describeApi } from './openapi.ts';
import { packHandlers } from './pack-handlers.ts';
import { runbookHandlers } from './runbook-handlers.ts';
import { workspaceHandlers } from './workspace-handlers.ts';

export function createHandlers(context: ServiceContext): RestHandlers {
  return {
    ...serviceHandlers(context),
    ...accountHandlers(context),
    ...tokenHandlers(context),
    ...runbookHandlers(context),
    ...jobHandlers(context),
    ...groupHandlers(context),
    ...workerHandlers(context),
    ...assetHandlers(context),
    ...workspaceHandlers(context),
    ...packHandlers(context),
    ...installerHandlers(context),
  };
}

function serviceHandlers({ store, version }: ServiceContext): HandlersOf<'service'> {
  const description = describeApi(version);
  return {
    'service:health': async () => {
      await store.db.selectFrom('serviceFacts').select('name').limit(1).execute();
      return { status: 200, value: { status: 'ok', version } };
    },
    'service:openapi': () => Promise.resolve({ status: 200, value: description }),
  };
}
