/** Runbooks: their settings, the draft, publishing. */
import { AppError } from '../../src-contract/app-error.ts';
import type { RunbookView } from '../../src-contract/rest/runbooks.ts';
import type { ServiceContext } from '../context.ts';
import { readDeclaration } from '../parameters/read-declaration.ts';
import { nameKey } from '../store/names.ts';
import {
  changeRunbook,
  deleteRunbook,
  discardDraft,
  findFindings,
  findRunbookVersion,
  insertRunbook,
  listRunbooks,
  publishDraft,
  putDraft,
  runbookState,
  type Runbook,
} from '../store/runbooks.ts';
import type { Reader } from '../store/store.ts';
import { judgeWorkflow } from '../workflows/judge-workflow.ts';
import type { HandlersOf } from './handler.ts';
import { pageByKey } from './paging.ts';
import { checkName, requireAccount, requireRunbook, unknownResource } from './resources.ts';
import { isoTime } from './times.ts';

interface RunbookName {
  accountName: string;
  runbookName: string;
}

export function runbookHandlers({ store, clock }: ServiceContext): HandlersOf<'runbooks'> {
  const find = async (db: Reader, { accountName, runbookName }: RunbookName): Promise<Runbook> => {
    const account = await requireAccount(db, accountName);
    return requireRunbook(db, account.id, runbookName);
  };
  const answer = async (name: RunbookName) => ({ status: 200 as const, value: await view(store.db, await find(store.db, name)) });

  return {
    'runbooks:list': async ({ params, query }) => {
      const account = await requireAccount(store.db, params.accountName);
      const page = pageByKey(await listRunbooks(store.db, account.id), query, ({ name }) => nameKey(name));
      return { status: 200, value: { ...page, value: await Promise.all(page.value.map((one) => view(store.db, one))) } };
    },
    'runbooks:put': async ({ params, body }) => {
      checkName(params.runbookName, 'runbookName');
      const { kind, ...settings } = body;
      const inserted = await store.write(async (tx) => {
        const { id: accountId } = await requireAccount(tx.db, params.accountName);
        const runbook = { accountId, name: params.runbookName, kind, ...defaultSettings, ...given(settings) };
        const made = await insertRunbook(tx, runbook, clock.now());
        if (made !== undefined) return true;
        const there = await requireRunbook(tx.db, accountId, params.runbookName);
        // Jobs and workers know a published runbook by its kind.
        if (there.kind !== kind && there.publishedVersionId !== null) {
          throw new AppError('resource-exists', { what: `runbook of kind ${there.kind}`, name: there.name });
        }
        await changeRunbook(tx, there.id, { kind, ...settings }, clock.now());
        return false;
      });
      return { status: inserted ? 201 : 200, value: (await answer(params)).value };
    },
    'runbooks:get': ({ params }) => answer(params),
    'runbooks:patch': async ({ params, body }) => {
      await store.write(async (tx) => changeRunbook(tx, (await find(tx.db, params)).id, body, clock.now()));
      return answer(params);
    },
    'runbooks:delete': async ({ params }) => {
      await store.write(async (tx) => deleteRunbook(tx, (await find(tx.db, params)).id));
      return { status: 200, value: {} };
    },
    'runbooks:put-draft': async ({ params, body }) => {
      const { kind } = await find(store.db, params);
      const reading = await readDeclaration(kind, params.runbookName, body);
      const parameters = reading.kind === 'read' ? reading.declaration : null;
      await store.write(async (tx) =>
        putDraft(tx, (await find(tx.db, params)).id, { definition: body, parameters }, clock.now()),
      );
      return answer(params);
    },
    'runbooks:get-draft': async ({ params }) => {
      const runbook = await find(store.db, params);
      return { status: 200, value: await readScript(store.db, runbook, runbook.draftVersionId, 'draft of runbook') };
    },
    'runbooks:undo-edit': async ({ params }) => {
      const discarded = await store.write(async (tx) => discardDraft(tx, (await find(tx.db, params)).id, clock.now()));
      if (!discarded) throw unknownResource('draft of runbook', params.runbookName);
      return answer(params);
    },
    'runbooks:content': async ({ params }) => {
      const runbook = await find(store.db, params);
      if (runbook.publishedVersionId === null) throw new AppError('runbook-not-published', { runbook: runbook.name });
      return { status: 200, value: await readScript(store.db, runbook, runbook.publishedVersionId, 'content of runbook') };
    },
    'runbooks:publish': async ({ params }) => {
      const runbook = await find(store.db, params);
      const draft = await readScript(store.db, runbook, runbook.draftVersionId, 'draft of runbook');
      const reading = await readDeclaration(runbook.kind, runbook.name, draft);
      if (reading.kind === 'invalid') {
        throw new AppError('runbook-invalid', { runbook: runbook.name, line: reading.line, reason: reading.reason });
      }
      const verdict = runbook.kind === 'PowerShellWorkflow' ? judgeWorkflow(draft, runbook.name) : null;
      await store.write(async (tx) => {
        // Written again with it: the text that was read is the text that is published, whoever saved another one meanwhile.
        await putDraft(tx, runbook.id, { definition: draft, parameters: reading.declaration, verdict }, clock.now());
        await publishDraft(tx, runbook.id, clock.now());
      });
      return answer(params);
    },
  };
}

const defaultSettings = { description: '', rerun: 'restart', logVerbose: false, logDebug: false, logProgress: false } as const;

/** Without the keys that were not given, which would otherwise hide the defaults. */
function given<Settings extends object>(settings: Settings): { [Name in keyof Settings]: Exclude<Settings[Name], undefined> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Settings]: Exclude<Settings[Name], undefined>;
  };
}

async function readScript(db: Reader, runbook: Runbook, versionId: string | null, what: string): Promise<string> {
  const version = versionId === null ? undefined : await findRunbookVersion(db, runbook.accountId, versionId);
  if (version === undefined) throw unknownResource(what, runbook.name);
  return version.definition;
}

async function view(db: Reader, runbook: Runbook): Promise<RunbookView> {
  const versionId = runbook.publishedVersionId ?? runbook.draftVersionId;
  const found = versionId === null ? undefined : await findFindings(db, versionId);
  return {
    runbookId: runbook.id,
    name: runbook.name,
    kind: runbook.kind,
    state: runbookState(runbook),
    description: runbook.description,
    logVerbose: runbook.logVerbose,
    logProgress: runbook.logProgress,
    logDebug: runbook.logDebug,
    rerun: runbook.rerun,
    parameters: found?.parameters ?? null,
    workflow: found?.verdict ?? null,
    creationTime: isoTime(runbook.createdAt),
    lastModifiedTime: isoTime(runbook.changedAt),
  };
}
