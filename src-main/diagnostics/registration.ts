/** Whether this machine is a worker of a group, and the account still answers it as one. */
import type { Finding } from '../../src-contract/diagnostics.ts';
import type { WorkerState } from '../../src-contract/engine-calls.ts';
import { evidence } from './evidence.ts';

export interface RegistrationFacts {
  state: WorkerState;
  /** Of the pair on the disk; undefined: there is no whole pair. */
  certificateEnds: Date | undefined;
  now: Date;
}

/** A call for work ends at least this often, also a held one. */
const silentMs = 90_000;
const dayMs = 24 * 60 * 60 * 1000;
/** The worker asks for another certificate long before; one that is still here by then was not given one. */
const certificateDaysLow = 14;

export function judgeRegistration({ state, certificateEnds, now }: RegistrationFacts): Finding {
  const rule = 'registration';
  const { registration } = state;
  if (registration === null)
    return {
      rule,
      // Nothing is broken, and yet no job can come.
      result: 'attention',
      sentence:
        state.connection === null ? 'This machine is connected to no workspace yet' : 'This machine is in no worker group yet',
      evidence: [],
      repair:
        state.connection === null
          ? 'Connect it: the page Connection, or `hrw connect`.'
          : 'Register it: the page Worker group, or `hrw register`.',
    };
  const seen = evidence([
    ['group', registration.groupName],
    ['account', registration.accountName ?? registration.accountId],
    ['endpoint', registration.endpoint],
    ['certificate', registration.thumbprint],
    ['certificate ends', certificateEnds?.toISOString() ?? 'its files are missing or damaged'],
    ['last answer', registration.lastContact ?? 'none since the worker started'],
  ]);
  const again = 'Leave the group and register again: the page Worker group, or `hrw unregister --local` and `hrw register`.';
  if (certificateEnds === undefined)
    return {
      rule,
      result: 'failed',
      sentence: 'The worker’s certificate or key is missing or damaged',
      evidence: seen,
      repair: again,
    };
  if (certificateEnds <= now)
    return { rule, result: 'failed', sentence: 'The worker’s certificate has ended', evidence: seen, repair: again };
  const lastMs = registration.lastContact === null ? Date.parse(state.startedAt) : Date.parse(registration.lastContact);
  if (now.getTime() - lastMs > silentMs) {
    const cause = state.problems.find(({ severity }) => severity === 'error') ?? state.problems[0];
    return {
      rule,
      result: 'failed',
      sentence:
        cause === undefined
          ? 'The account has not answered this worker lately'
          : `The account does not answer this worker: ${cause.title}`,
      evidence: seen,
      repair: cause?.nextStep ?? 'See whether the service can be reached; the event log says since when it is silent.',
    };
  }
  const daysLeft = Math.floor((certificateEnds.getTime() - now.getTime()) / dayMs);
  if (daysLeft < certificateDaysLow)
    return {
      rule,
      result: 'attention',
      sentence: `The worker’s certificate ends in ${String(daysLeft)} days, and the service has not asked for another`,
      evidence: seen,
      repair: again,
    };
  return {
    rule,
    result: 'good',
    sentence: `This machine is a worker of group ${registration.groupName}`,
    evidence: seen,
    repair: null,
  };
}
