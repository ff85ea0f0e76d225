/** Which refusals of a service judge the call, so that asking again changes nothing, and which somebody may mend. */
import { isAppError } from './app-error.ts';

/** A refusal that somebody may mend (rights, a proxy, a certificate) is tried again at this distance. */
export const mendableDelayMs = 30_000;

/** The service has looked at the call and will say the same again. */
const judgingCodes = new Set([
  'attempt-fenced',
  'resource-unknown',
  'job-ended',
  'job-unknown',
  'request-invalid',
  'input-invalid',
  'resource-exists',
  'already-registered',
  'runbook-not-published',
  'group-name-invalid',
  'parameter-unknown',
  'parameter-missing',
  'parameter-wrong-type',
  'parameters-too-large',
]);
const judgingStatuses = new Set([400, 404, 405, 409, 410, 413, 422]);

export function isJudgement(error: unknown): boolean {
  if (!isAppError(error) || error.retryable) return false;
  if (judgingCodes.has(error.code)) return true;
  const status = (error.details as Record<string, unknown>)['status'];
  return error.code === 'service-refused' && typeof status === 'number' && judgingStatuses.has(status);
}
