/** The HTTP status that a problem is answered with. What is not named here is the caller's mistake in the request: 400. */
import type { ProblemCode } from '../src-contract/problems.ts';

const statuses: Partial<Record<ProblemCode, number>> = {
  'token-refused': 401,
  'account-key-refused': 401,
  'workspace-key-refused': 401,
  'agent-unknown': 401,
  'certificate-not-proven': 401,
  'worker-not-accepted': 401,
  'attempt-fenced': 401,
  'clock-skewed': 403,
  'request-replayed': 403,
  'role-too-low': 403,
  'account-unknown': 404,
  'workspace-unknown': 404,
  'pack-unknown': 404,
  'machine-unknown': 404,
  'resource-unknown': 404,
  'wrong-port': 404,
  'resource-exists': 409,
  'resource-in-use': 409,
  'job-ended': 409,
  'job-not-suspended': 409,
  'workflow-not-translatable': 409,
  'test-job-impossible': 409,
  'already-registered': 409,
  'machine-cloned': 409,
  'workspace-not-linked': 409,
  'workspace-wrong-account': 409,
  'runbook-not-published': 409,
  internal: 500,
  'storage-unavailable': 503,
};

/** Seconds after which the caller may ask again. */
export const retryAfterSeconds: Partial<Record<ProblemCode, number>> = { 'storage-unavailable': 5 };

export function statusOfProblem(code: ProblemCode): number {
  return statuses[code] ?? 400;
}
