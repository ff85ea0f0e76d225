import type { AppError } from '../../src-contract/app-error.ts';
import type { DiagnosticRule, Finding } from '../../src-contract/diagnostics.ts';

export type Evidence = Finding['evidence'];

export function evidence(facts: readonly (readonly [string, string])[]): Evidence {
  return facts.map(([name, value]) => ({ name, value }));
}

/** The error's own words: they say what to do already. */
export function failedBy(rule: DiagnosticRule, error: AppError, seen: Evidence): Finding {
  const { title, text, nextStep } = error.toProblem();
  return { rule, result: 'failed', sentence: `${title}: ${text.replace(/\.$/, '')}`, evidence: seen, repair: nextStep };
}
