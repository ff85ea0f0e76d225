/** Runbooks: settings, draft, published version. */
import * as z from 'zod';
import { rerunPolicy, runbookKind } from '../kinds.ts';
import { maxRunbookBytes } from '../limits.ts';
import { nothing, pageOf, pageQuery, time, type Media, type Operation } from './operation.ts';

export const runbookParameter = z
  .object({
    name: z.string(),
    type: z.string().meta({ description: '.NET type name, for instance System.String or System.Int32[]' }),
    isMandatory: z.boolean(),
    defaultValue: z.string().nullable(),
    position: z.int(),
    allowedValues: z.array(z.string()).optional().meta({ description: 'Those of ValidateSet, where they are written out.' }),
  })
  .meta({ id: 'RunbookParameter' });

export const workflowVerdict = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('translatable') }),
    z.object({ kind: z.literal('native-only'), line: z.int(), reason: z.string() }),
  ])
  .meta({ id: 'WorkflowVerdict' });
export type WorkflowVerdict = z.infer<typeof workflowVerdict>;

export const runbook = z
  .object({
    runbookId: z.string(),
    name: z.string(),
    kind: runbookKind,
    state: z.enum(['New', 'Edit', 'Published']),
    description: z.string(),
    logVerbose: z.boolean(),
    logProgress: z.boolean(),
    logDebug: z.boolean(),
    rerun: rerunPolicy.meta({ description: 'What becomes of a job whose attempt was lost.' }),
    parameters: z.array(runbookParameter).nullable().meta({
      description: 'Of the published version, else of the draft; null: it declares none and takes any positional values.',
    }),
    workflow: workflowVerdict.nullable().meta({
      description: 'Of a published workflow: whether it runs on PowerShell 7 too, or what in it needs Windows PowerShell 5.1.',
    }),
    creationTime: time,
    lastModifiedTime: time,
  })
  .meta({ id: 'Runbook' });
export type RunbookView = z.infer<typeof runbook>;

const settings = z.strictObject({
  description: z.string().max(4000).optional(),
  logVerbose: z.boolean().optional(),
  logProgress: z.boolean().optional(),
  logDebug: z.boolean().optional(),
  rerun: rerunPolicy.optional(),
});

const script = { media: 'text/plain', description: 'The script, UTF-8.' } as const satisfies Media;

export const runbookOperations = {
  'runbooks:list': {
    method: 'GET',
    path: '/automationAccounts/{accountName}/runbooks',
    role: 'reader',
    summary: 'Lists the runbooks.',
    query: pageQuery,
    answers: { 200: pageOf(runbook).meta({ id: 'RunbookPage' }) },
    errors: ['resource-unknown'],
  },
  'runbooks:put': {
    method: 'PUT',
    path: '/automationAccounts/{accountName}/runbooks/{runbookName}',
    role: 'administrator',
    summary: 'Makes a runbook, or sets what the body names. The kind of one that was published stays.',
    body: settings.extend({ kind: runbookKind }).meta({ id: 'RunbookSettings' }),
    answers: { 201: runbook, 200: runbook },
    errors: ['resource-unknown', 'resource-exists'],
  },
  'runbooks:get': {
    method: 'GET',
    path: '/automationAccounts/{accountName}/runbooks/{runbookName}',
    role: 'reader',
    summary: 'One runbook with the parameters that its script declares.',
    answers: { 200: runbook },
    errors: ['resource-unknown'],
  },
  'runbooks:patch': {
    method: 'PATCH',
    path: '/automationAccounts/{accountName}/runbooks/{runbookName}',
    role: 'administrator',
    summary: 'Sets what the body names, and leaves the rest. Jobs that were started keep what they were started with.',
    body: settings.meta({ id: 'RunbookChange' }),
    answers: { 200: runbook },
    errors: ['resource-unknown'],
  },
  'runbooks:delete': {
    method: 'DELETE',
    path: '/automationAccounts/{accountName}/runbooks/{runbookName}',
    role: 'administrator',
    summary: 'Removes a runbook. Its jobs stay, and those that wait still run.',
    answers: { 200: nothing },
    errors: ['resource-unknown'],
  },
  'runbooks:put-draft': {
    method: 'PUT',
    path: '/automationAccounts/{accountName}/runbooks/{runbookName}/draft/content',
    role: 'administrator',
    summary: 'Writes the draft. A script that cannot be read yet is taken; publishing it is refused.',
    body: script,
    maxBodyBytes: maxRunbookBytes,
    answers: { 200: runbook },
    errors: ['resource-unknown'],
  },
  'runbooks:get-draft': {
    method: 'GET',
    path: '/automationAccounts/{accountName}/runbooks/{runbookName}/draft/content',
    role: 'reader',
    summary: 'The draft’s script.',
    answers: { 200: script },
    errors: ['resource-unknown'],
  },
  'runbooks:undo-edit': {
    method: 'POST',
    path: '/automationAccounts/{accountName}/runbooks/{runbookName}/draft/undoEdit',
    role: 'administrator',
    summary: 'Throws the draft away.',
    body: nothing,
    answers: { 200: runbook },
    errors: ['resource-unknown'],
  },
  'runbooks:content': {
    method: 'GET',
    path: '/automationAccounts/{accountName}/runbooks/{runbookName}/content',
    role: 'reader',
    summary: 'The published script.',
    answers: { 200: script },
    errors: ['resource-unknown', 'runbook-not-published'],
  },
  'runbooks:publish': {
    method: 'POST',
    path: '/automationAccounts/{accountName}/runbooks/{runbookName}/publish',
    role: 'administrator',
    summary: 'Makes the draft the published version. Jobs that were started keep theirs.',
    body: nothing,
    answers: { 200: runbook },
    errors: ['resource-unknown', 'runbook-invalid'],
  },
} as const satisfies Record<string, Operation>;
