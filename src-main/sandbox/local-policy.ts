/**
 * The rules of this machine that can be judged without asking anybody: facts about the runbook in, the first rule that refuses it out. On
 * the script as it is about to be run, after it has come from the service.
 */
import { kindLabels, type RunbookKind } from '../../src-contract/kinds.ts';
import { formatHours, weekday, type LocalPolicy, type PolicyRule, type WorkingHours } from '../../src-contract/policy.ts';
import { checkSignature } from './signature-check.ts';

export interface RunbookToJudge {
  name: string;
  /** undefined: one that this version does not know. */
  kind: RunbookKind | undefined;
  script: string;
  now: Date;
}

export type Judgement =
  | { kind: 'allowed'; signedWith: string | undefined }
  /** `reason`: a sentence without its full stop. */
  | { kind: 'refused'; rule: PolicyRule; reason: string };

export async function judgeRunbook(policy: LocalPolicy, { name, kind, script, now }: RunbookToJudge): Promise<Judgement> {
  if (policy.kinds !== null && (kind === undefined || !policy.kinds.includes(kind))) {
    const found = kind === undefined ? 'of a kind that this version does not know' : kindLabels[kind];
    const allowed = policy.kinds.map((one) => kindLabels[one]).join(', ');
    return { kind: 'refused', rule: 'kinds', reason: `The runbook is ${found}, and only these run here: ${allowed}` };
  }
  if (policy.runbooks !== null && !policy.runbooks.some((pattern) => fits(name, pattern)))
    return { kind: 'refused', rule: 'runbooks', reason: `${name} is none of those that run here: ${policy.runbooks.join(', ')}` };
  let signedWith: string | undefined;
  if (policy.trustedKeys !== null) {
    const check = await checkSignature(script, policy.trustedKeys);
    if (check.kind === 'refused') return { kind: 'refused', rule: 'trustedKeys', reason: check.reason };
    signedWith = check.keyName;
  }
  if (policy.hours !== null && !isWithin(policy.hours, now)) {
    const { hours } = policy;
    return {
      kind: 'refused',
      rule: 'hours',
      reason: `It was ${timeOf(now)} here, and runbooks start ${formatHours(hours)} only`,
    };
  }
  return { kind: 'allowed', signedWith };
}

/** In any case, as the service takes names. */
export function fits(name: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 'is').test(name);
}

/** By this machine's own clock. Hours over midnight belong to the day on which they begin. */
export function isWithin({ days, from, to }: WorkingHours, now: Date): boolean {
  const minute = now.getHours() * 60 + now.getMinutes();
  const [first, last] = [minuteOf(from), minuteOf(to)];
  const isDay = (daysBack: number): boolean => {
    // getDay counts from Sunday.
    const day = weekday.options[(now.getDay() + 6 + 7 - daysBack) % 7];
    return day !== undefined && days.includes(day);
  };
  if (first < last) return isDay(0) && minute >= first && minute < last;
  return (isDay(0) && minute >= first) || (isDay(1) && minute < last);
}

function minuteOf(time: string): number {
  const [hours = '0', minutes = '0'] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

function timeOf(now: Date): string {
  const day = weekday.options[(now.getDay() + 6) % 7] ?? '';
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${day} ${two(now.getHours())}:${two(now.getMinutes())}`;
}
