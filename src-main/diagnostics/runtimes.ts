/** What this machine can run. */
import type { Finding } from '../../src-contract/diagnostics.ts';
import { evidence } from './evidence.ts';

export interface RuntimeFact {
  kind: string;
  label: string;
  executable: string;
}

export function judgeRuntimes(runtimes: readonly RuntimeFact[]): Finding {
  const rule = 'runtimes';
  const labels = [...new Set(runtimes.map(({ label }) => label))];
  const seen = evidence(
    labels.map((label): [string, string] => [label, runtimes.find((one) => one.label === label)?.executable ?? '']),
  );
  if (labels.length === 0)
    return {
      rule,
      result: 'failed',
      sentence: 'This machine has no runtime that runbooks could run with',
      evidence: seen,
      repair:
        'Install PowerShell 7, or Python 3, for all users and on PATH; the worker looks again when it starts and every hour.',
    };
  if (!runtimes.some(({ kind }) => kind === 'PowerShell'))
    return {
      rule,
      result: 'attention',
      sentence: `This machine runs ${labels.join(', ')}, but no PowerShell runbooks`,
      evidence: seen,
      repair: 'If the group has PowerShell runbooks, install PowerShell 7 on PATH and start the worker again.',
    };
  return { rule, result: 'good', sentence: `This machine runs ${labels.join(', ')}`, evidence: seen, repair: null };
}
