/** Whose rights runbooks have, here and on the network. */
import type { Finding } from '../../src-contract/diagnostics.ts';
import type { WorkerState } from '../../src-contract/engine-calls.ts';
import { evidence } from './evidence.ts';

/** Accounts that stand for the machine itself on a Windows network. */
const machineAccounts = /^(system|local system|network service|nt authority\\(system|network service)|nt service\\.+)$/i;

export function judgeIdentity(
  { runbooks, machineName, problems }: Pick<WorkerState, 'runbooks' | 'machineName' | 'problems'>,
  platform: NodeJS.Platform,
): Finding {
  const rule = 'identity';
  const seen = evidence([
    ['runbooks run as', runbooks.user],
    ['on the network', onTheNetwork(runbooks.user, machineName, platform)],
    [
      'a second hop',
      'What a runbook reaches on another machine cannot go on from there to a third with the same identity, unless Kerberos delegation was set up for it. Use a credential of the account (Get-AutomationPSCredential) for that step, or resource-based constrained delegation on the third machine.',
    ],
  ]);
  const unusable = problems.find(({ code }) => code === 'run-as-unavailable');
  if (unusable !== undefined)
    return {
      rule,
      result: 'failed',
      sentence: runbooks.sentence,
      evidence: seen,
      repair: 'Name a user that exists, or leave the setting “Run as” empty.',
    };
  if (runbooks.separated || platform === 'win32')
    return { rule, result: 'good', sentence: runbooks.sentence, evidence: seen, repair: null };
  return {
    rule,
    result: 'attention',
    sentence: runbooks.sentence,
    evidence: seen,
    repair:
      runbooks.user === 'root'
        ? 'Make the user hrw-runbook, or name another in the settings (docs/security.md): then runbooks cannot read what is the worker’s.'
        : 'Run the worker as root, and runbooks as a user of their own (docs/security.md): then they cannot read what is the worker’s.',
  };
}

function onTheNetwork(user: string, machineName: string, platform: NodeJS.Platform): string {
  if (platform !== 'win32')
    return `nobody: another machine knows ${user} only by credentials that the runbook brings (or a Kerberos ticket of that user)`;
  if (machineAccounts.test(user))
    return `the computer account ${machineName}$: give rights on shares and servers to that account`;
  return `${user}, with the rights that the domain gives this account`;
}
