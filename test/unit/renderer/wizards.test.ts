import { describe, expect, it } from 'vitest';
import { describeProblem } from '../../../src-contract/problems.ts';
import {
  checkedRules,
  findingsOfCheck,
  firstMistake,
  keyEnding,
  mistakesInStep,
  repairsOf,
  stepOfField,
  verdictOf,
} from '../../../src-renderer/control-panel/pages/worker-group/join-steps.ts';
import {
  leaveCommands,
  mistakesInLeaving,
  repairOfLeaving,
} from '../../../src-renderer/control-panel/pages/worker-group/leave-steps.ts';
import { stepBefore, stepState } from '../../../src-renderer/control-panel/parts/wizard-steps.ts';
import { sampleDiagnosis } from '../../fakes/window/sample-diagnosis.ts';

const form = {
  groupName: 'berlin',
  endpoint: 'https://host/accounts/7d0c2f9e-2b61-4f0e-9a35-8f1f6f0f7a11',
  token: 'a-key-of-the-account-9f2c',
};

describe('the steps of a wizard', () => {
  const steps = ['one', 'two', 'three'] as const;
  const states = (more?: object) => steps.map((step) => stepState(steps, 'two', step, more));

  it('are done, present and to come; the present one may have failed', () => {
    expect(states()).toEqual(['done', 'current', 'later']);
    expect(states({ hasFailed: true })).toEqual(['done', 'failed', 'later']);
    expect(states({ isOver: true })).toEqual(['done', 'done', 'done']);
  });

  it('have one before, but for the first', () => {
    expect(stepBefore(steps, 'three')).toBe('two');
    expect(stepBefore(steps, 'one')).toBeUndefined();
  });
});

describe('joining', () => {
  it('is wrong only in what the present step shows', () => {
    const empty = { groupName: '', endpoint: '', token: '' };
    expect(Object.keys(mistakesInStep('account', empty))).toEqual(['endpoint', 'token']);
    expect(Object.keys(mistakesInStep('group', empty))).toEqual(['groupName']);
    expect(mistakesInStep('review', empty)).toEqual({});
    expect(mistakesInStep('account', { ...form, groupName: '' })).toEqual({});
  });

  it('goes back to the first field without which nobody needs to be asked', () => {
    expect(firstMistake(form)).toBeUndefined();
    expect(firstMistake({ ...form, token: '', groupName: '' })).toBe('token');
    expect(firstMistake({ ...form, groupName: 'no name!' })).toBe('groupName');
    expect(stepOfField('groupName')).toBe('group');
    expect(stepOfField('token')).toBe('account');
  });

  it('is mended where the refusal says what is wrong', () => {
    const key = describeProblem('account-key-refused', { keyEnding: '9f2c', outcome: 'Nothing was registered' });
    expect(repairsOf(key)).toEqual([{ kind: 'field', field: 'token' }]);
    expect(repairsOf(describeProblem('group-name-invalid', { groupName: '!' }))).toEqual([{ kind: 'field', field: 'groupName' }]);
    expect(repairsOf(describeProblem('pack-missing', { pack: 'AzureAutomation' }))).toEqual([{ kind: 'step', step: 'check' }]);
    expect(repairsOf(describeProblem('host-unknown', { host: 'h' }))).toEqual([
      { kind: 'again' },
      { kind: 'field', field: 'endpoint' },
      { kind: 'place', place: { page: 'connection' } },
    ]);
    expect(repairsOf(describeProblem('not-connected', {}))).toEqual([
      { kind: 'again' },
      { kind: 'place', place: { page: 'connection' } },
    ]);
    expect(repairsOf(describeProblem('internal', { correlationId: 'x' }))).toEqual([{ kind: 'again' }]);
  });

  it('stands on rules of the diagnostics, in an order in which one explains the next', () => {
    const findings = findingsOfCheck(sampleDiagnosis());
    expect(findings.map(({ rule }) => rule)).toEqual(checkedRules);
    expect(verdictOf(findings)).toEqual({ failed: 0, attention: 0 });
    const clock = { ...findings[2], result: 'failed' as const };
    expect(verdictOf([...findings, clock as (typeof findings)[number]])).toEqual({ failed: 1, attention: 0 });
  });

  it('shows the end of a key, and of a short one nothing', () => {
    expect(keyEnding(` ${form.token} `)).toBe('9f2c');
    expect(keyEnding('short-key')).toBeUndefined();
  });
});

describe('leaving', () => {
  it('takes the key only where the account is told', () => {
    expect(Object.keys(mistakesInLeaving({ where: 'account', token: ' ' }))).toEqual(['token']);
    expect(mistakesInLeaving({ where: 'local', token: '' })).toEqual({});
  });

  it('that was refused for its key takes another one; else it can be forgotten here', () => {
    const key = describeProblem('account-key-refused', { keyEnding: '9f2c', outcome: 'It stays' });
    expect(repairOfLeaving(key)).toBe('token');
    expect(repairOfLeaving(describeProblem('machine-unknown', { machineId: 'x' }))).toBe('local');
  });

  it('is the same as a command, without the key', () => {
    const commands = leaveCommands({ where: 'account', token: 'tops3cret' }).map(({ command }) => command);
    expect(commands.join('\n')).not.toContain('tops3cret');
    expect(commands[0]).toBe('hrw unregister --token-file token.txt');
    expect(leaveCommands({ where: 'local', token: '' })[1]?.command).toContain('Remove-HybridRunbookWorker -Local');
  });
});
