/** The steps of joining a group: which fields stand where, what a refusal leads back to, what the checks of this machine say. Pure. */
import type { DiagnosticRule, Diagnosis, Finding } from '../../../../src-contract/diagnostics.ts';
import type { Problem } from '../../../../src-contract/problems.ts';
import { fieldOfProblem, placeOfProblem } from '../../parts/problem-places.ts';
import type { Place } from '../../state/place.ts';
import { mistakesInRegistration, type RegistrationForm, type RegistrationMistakes } from './registration-form.ts';

export const joinSteps = ['check', 'account', 'group', 'review', 'register', 'done'] as const;
export type JoinStep = (typeof joinSteps)[number];
export type RegistrationField = keyof RegistrationForm;

const fieldsOfSteps: Partial<Record<JoinStep, readonly RegistrationField[]>> = {
  account: ['endpoint', 'token'],
  group: ['groupName'],
};

export function stepOfField(field: RegistrationField): JoinStep {
  return field === 'groupName' ? 'group' : 'account';
}

/** What is wrong in the fields of one step: the others have not been seen yet, or were right. */
export function mistakesInStep(step: JoinStep, form: RegistrationForm): RegistrationMistakes {
  const mistakes = mistakesInRegistration(form);
  const fields = fieldsOfSteps[step] ?? [];
  return Object.fromEntries(fields.filter((field) => mistakes[field] !== undefined).map((field) => [field, mistakes[field]]));
}

/** The first field, in the order of the steps, without which nobody needs to be asked. */
export function firstMistake(form: RegistrationForm): RegistrationField | undefined {
  const mistakes = mistakesInRegistration(form);
  return (['endpoint', 'token', 'groupName'] as const).find((field) => mistakes[field] !== undefined);
}

/** What mends a refusal. `again`: nothing here is wrong, it may go well the next time. */
export type Repair =
  | { kind: 'field'; field: RegistrationField }
  | { kind: 'step'; step: JoinStep }
  | { kind: 'place'; place: Place }
  | { kind: 'again' };

export function repairsOf(problem: Problem): Repair[] {
  const field = fieldOfProblem(problem);
  if (field === 'groupName' || field === 'endpoint' || field === 'token') return [{ kind: 'field', field }];
  // The account may lie at another address than the workspace: either may be the one that was not reached.
  if (field === 'serviceUrl') {
    return [{ kind: 'again' }, { kind: 'field', field: 'endpoint' }, { kind: 'place', place: { page: 'connection' } }];
  }
  if (problem.code === 'pack-missing') return [{ kind: 'step', step: 'check' }];
  const place = placeOfProblem(problem);
  if (place !== undefined && place.page !== 'group') return [{ kind: 'again' }, { kind: 'place', place }];
  return [{ kind: 'again' }];
}

/** Of the rules by which a worker looks at itself, those that joining stands on; what explains the others first. */
export const checkedRules: readonly DiagnosticRule[] = [
  'service-reachable',
  'certificate-chain',
  'clock',
  'pack-integrity',
  'identity',
  'disk-and-folders',
  'runtimes',
];

export function findingsOfCheck({ findings }: Diagnosis): Finding[] {
  return checkedRules.flatMap((rule) => findings.find((finding) => finding.rule === rule) ?? []);
}

export interface CheckVerdict {
  failed: number;
  attention: number;
}

export function verdictOf(findings: readonly Finding[]): CheckVerdict {
  const count = (result: Finding['result']): number => findings.filter((finding) => finding.result === result).length;
  return { failed: count('failed'), attention: count('attention') };
}

/** Enough to tell two keys apart, and only of one that is long enough to stay secret. */
export function keyEnding(token: string): string | undefined {
  const key = token.trim();
  return key.length >= 16 ? key.slice(-4) : undefined;
}
