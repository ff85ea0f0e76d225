/**
 * The REST API of the automation service, whole: every operation by name. Paths, names and states are those of Azure Automation's
 * (without the `properties` envelope); everything is flat JSON, times are UTC, failures are `application/problem+json`.
 */
import * as z from 'zod';
import { problem } from './problems.ts';
import { accountOperations } from './rest/accounts.ts';
import { assetOperationsByName } from './rest/assets.ts';
import { groupOperations } from './rest/groups.ts';
import { jobOperations } from './rest/jobs.ts';
import type {
  Operation,
  OperationBody,
  OperationBodyInput,
  OperationParams,
  OperationQuery,
  OperationQueryInput,
  OperationValue,
} from './rest/operation.ts';
import { installerOperations } from './rest/installers.ts';
import { runbookOperations } from './rest/runbooks.ts';
import { workspaceOperations } from './rest/workspaces.ts';

const serviceOperations = {
  'service:health': {
    method: 'GET',
    path: '/healthz',
    role: 'none',
    summary: 'Answers while the service can read its store.',
    answers: { 200: z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' }) },
    errors: [],
  },
  'service:openapi': {
    method: 'GET',
    path: '/openapi.json',
    role: 'none',
    summary: 'This description, OpenAPI 3.1.',
    answers: { 200: z.record(z.string(), z.unknown()).meta({ id: 'OpenApi' }) },
    errors: [],
  },
} as const satisfies Record<string, Operation>;

export const restOperations = {
  ...serviceOperations,
  ...accountOperations,
  ...runbookOperations,
  ...jobOperations,
  ...groupOperations,
  ...assetOperationsByName,
  ...workspaceOperations,
  ...installerOperations,
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof restOperations;
export type RestParams<Name extends OperationName> = OperationParams<(typeof restOperations)[Name]>;
export type RestQuery<Name extends OperationName> = OperationQuery<(typeof restOperations)[Name]>;
export type RestQueryInput<Name extends OperationName> = OperationQueryInput<(typeof restOperations)[Name]>;
export type RestBody<Name extends OperationName> = OperationBody<(typeof restOperations)[Name]>;
export type RestBodyInput<Name extends OperationName> = OperationBodyInput<(typeof restOperations)[Name]>;
export type RestValue<Name extends OperationName> = OperationValue<(typeof restOperations)[Name]>;

/** Refusals of every operation, beside its own. */
export const commonErrors = ['request-invalid', 'token-refused', 'role-too-low', 'storage-unavailable', 'internal'] as const;

/** A failure, `application/problem+json`. */
export const restProblem = problem.extend({ status: z.int(), correlationId: z.string() }).meta({ id: 'Problem' });
export const problemContentType = 'application/problem+json';
/** Sent with each answer, and taken from the caller where given. */
export const correlationHeader = 'x-correlation-id';
