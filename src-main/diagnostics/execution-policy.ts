/** Which policy of PowerShell decides about runbooks here, and who has set it. */
import type { Finding } from '../../src-contract/diagnostics.ts';
import { askProgram } from '../platform/ask-program.ts';
import { evidence } from './evidence.ts';
import type { RuntimeFact } from './runtimes.ts';

/** Scope and policy, strongest scope first, as PowerShell lists them. */
export type PolicyList = readonly { scope: string; policy: string }[];

const question = 'Get-ExecutionPolicy -List | ForEach-Object { "$($_.Scope)=$($_.ExecutionPolicy)" }';

/** undefined: it did not answer. */
async function askPolicies(executable: string, environment: NodeJS.ProcessEnv): Promise<PolicyList | undefined> {
  const words = ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', question];
  const answer = await askProgram(executable, words, { environment });
  return answer === undefined ? undefined : readPolicies(answer);
}

function readPolicies(text: string): PolicyList {
  return [...text.matchAll(/^(\w+)=(\w+)\s*$/gm)].map(([, scope = '', policy = '']) => ({ scope, policy }));
}

const groupPolicyScopes = new Set(['MachinePolicy', 'UserPolicy']);
const setBy = (scope: string): string =>
  groupPolicyScopes.has(scope) ? `Group Policy (${scope})` : `Set-ExecutionPolicy -Scope ${scope}`;

const ours =
  'The worker’s own host is no script file and runs under any policy; the runbook is one, and the machine’s policy decides about it.';

export async function judgeExecutionPolicy(
  runtimes: readonly RuntimeFact[],
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Promise<Finding> {
  const rule = 'execution-policy';
  if (platform !== 'win32')
    return {
      rule,
      result: 'not-checked',
      sentence: 'Execution policies exist on Windows only',
      evidence: [],
      repair: null,
    };
  const shells = [
    ...new Map(runtimes.filter(({ kind }) => kind.startsWith('PowerShell')).map((one) => [one.executable, one])).values(),
  ];
  const answers = await Promise.all(
    shells.map(async ({ label, executable }) => ({ label, policies: await askPolicies(executable, environment) })),
  );
  return judgePolicies(answers);
}

export function judgePolicies(answers: readonly { label: string; policies: PolicyList | undefined }[]): Finding {
  const rule = 'execution-policy';
  if (answers.length === 0)
    return { rule, result: 'not-checked', sentence: 'There is no PowerShell on this machine', evidence: [], repair: null };
  const seen = evidence([
    ...answers.map(({ label, policies }): [string, string] => [
      label,
      policies === undefined ? 'did not answer' : policies.map(({ scope, policy }) => `${scope} ${policy}`).join(', '),
    ]),
    ['what a sandbox does', ours],
  ]);
  for (const { label, policies } of answers) {
    if (policies === undefined)
      return {
        rule,
        result: 'attention',
        sentence: `${label} did not say its execution policies`,
        evidence: seen,
        repair: 'Start it by hand as the user that runbooks run as: what keeps it from answering keeps runbooks from running.',
      };
    const deciding = policies.find(({ policy }) => policy !== 'Undefined');
    if (deciding?.policy === 'Restricted')
      return {
        rule,
        result: 'failed',
        sentence: `${label} runs no scripts: ${setBy(deciding.scope)} says Restricted`,
        evidence: seen,
        repair: groupPolicyScopes.has(deciding.scope)
          ? 'Ask whoever owns the Group Policy “Turn on Script Execution” to allow local scripts for this machine; event 3712 is what it causes.'
          : `Allow them: Set-ExecutionPolicy -Scope ${deciding.scope} RemoteSigned.`,
      };
    if (deciding?.policy === 'AllSigned')
      return {
        rule,
        result: 'attention',
        sentence: `${label} runs only signed runbooks: ${setBy(deciding.scope)} says AllSigned`,
        evidence: seen,
        repair:
          'Sign the runbooks that are to run here with a certificate that this machine trusts, or have that policy changed.',
      };
  }
  return { rule, result: 'good', sentence: 'No policy keeps a runbook from running', evidence: seen, repair: null };
}
