/** What the form of the local policy holds, and the change that it becomes. Pure. */
import type { EngineArguments } from '../../../../src-contract/engine-calls.ts';
import type { RunbookKind } from '../../../../src-contract/kinds.ts';
import {
  formatSpan,
  localPolicy,
  parseSpan,
  policyRules,
  type LocalPolicy,
  type PolicyRule,
  type Weekday,
} from '../../../../src-contract/policy.ts';
import { texts } from '../../../texts.ts';

/** What a rule would hold stays while it is switched off. */
export interface PolicyForm {
  on: Record<PolicyRule, boolean>;
  kinds: readonly RunbookKind[];
  /** One name a line. */
  runbooks: string;
  trustedKeys: string;
  days: readonly Weekday[];
  from: string;
  to: string;
  askSeconds: string;
  longestRunSeconds: string;
}

/** Offered where a rule is switched on for the first time. */
const usual = { days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'], from: '08:00', to: '18:00', ask: '5m', longest: '2h' } as const;

export function startOfPolicy(policy: LocalPolicy): PolicyForm {
  const { kinds, runbooks, trustedKeys, hours, askSeconds, longestRunSeconds } = policy;
  return {
    on: Object.fromEntries(policyRules.map((rule) => [rule, policy[rule] !== null])) as PolicyForm['on'],
    kinds: kinds ?? [],
    runbooks: runbooks?.join('\n') ?? '',
    trustedKeys: trustedKeys ?? '',
    days: hours?.days ?? usual.days,
    from: hours?.from ?? usual.from,
    to: hours?.to ?? usual.to,
    askSeconds: askSeconds === null ? usual.ask : formatSpan(askSeconds),
    longestRunSeconds: longestRunSeconds === null ? usual.longest : formatSpan(longestRunSeconds),
  };
}

function valueOf(rule: PolicyRule, form: PolicyForm): unknown {
  if (!form.on[rule]) return null;
  switch (rule) {
    case 'kinds':
      return form.kinds;
    case 'runbooks':
      return form.runbooks
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '');
    case 'trustedKeys':
      return form.trustedKeys.trim();
    case 'hours':
      return { days: form.days, from: form.from, to: form.to };
    case 'askSeconds':
    case 'longestRunSeconds':
      // What cannot be read is no number, and refused as such.
      return parseSpan(form[rule]) ?? form[rule];
  }
}

export type ReadPolicy =
  | { ok: true; change: EngineArguments<'policy:change'>; changes: number }
  | { ok: false; mistakes: Partial<Record<PolicyRule, string>> };

/** Only what differs is changed: somebody else may have changed the rest meanwhile. */
export function readPolicyForm(form: PolicyForm, policy: LocalPolicy): ReadPolicy {
  const change: EngineArguments<'policy:change'> = {};
  const mistakes: Partial<Record<PolicyRule, string>> = {};
  for (const rule of policyRules) {
    const checked = localPolicy.partial().safeParse({ [rule]: valueOf(rule, form) });
    if (!checked.success) mistakes[rule] = texts.policy.mistakes[rule];
    else if (JSON.stringify(checked.data[rule]) !== JSON.stringify(policy[rule])) Object.assign(change, checked.data);
  }
  if (Object.keys(mistakes).length > 0) return { ok: false, mistakes };
  return { ok: true, change, changes: Object.keys(change).length };
}
