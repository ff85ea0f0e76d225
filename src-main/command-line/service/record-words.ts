/** Whether the service has every record of an attempt, and which it lacks, in words. */
import type { AttemptView } from '../../../src-contract/rest/jobs.ts';

type Known = Pick<AttemptView, 'endTime' | 'recordCount' | 'verified' | 'reportedCount' | 'missingRecords'>;

/** `5, complete, verified`; `3 of 5, missing sequence 3 to 4`: the first record of an attempt has 0. */
export function describeRecords(attempt: Known): string {
  const { endTime, recordCount, verified, reportedCount } = attempt;
  if (endTime === null) return `${recordCount} so far`;
  if (verified === true) return `${recordCount}, complete, verified`;
  if (verified === null) return `${recordCount}; the worker did not say how many it has written`;
  const missing = describeMissing(attempt);
  if (missing !== '') return `${recordCount} of ${reportedCount ?? 0}, ${missing}`;
  if (reportedCount !== null && reportedCount < recordCount)
    return `${recordCount}, not verified: the worker has only ${reportedCount} of them left`;
  return `${recordCount}, not verified: they are not the ones that the worker has`;
}

/** `missing sequence 3 to 4, 7`; empty where none is known to be missing. */
export function describeMissing({ missingRecords }: Pick<AttemptView, 'missingRecords'>): string {
  if (missingRecords === null || missingRecords.length === 0) return '';
  return `missing sequence ${missingRecords.map(({ first, last }) => (first === last ? String(first) : `${first} to ${last}`)).join(', ')}`;
}
