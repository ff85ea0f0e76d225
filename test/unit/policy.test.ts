/** What this machine lets run: how the rules are written, read and judged. */
import { describe, expect, it } from 'vitest';
import {
  changedRules,
  describeRule,
  formatHours,
  formatSpan,
  localPolicy,
  openPolicy,
  parseHours,
  parseSpan,
  policyRules,
  revealHidden,
  type LocalPolicy,
  type WorkingHours,
} from '../../src-contract/policy.ts';
import { readPolicyChange } from '../../src-main/command-line/worker/policy-commands.ts';
import { fits, isWithin, judgeRunbook } from '../../src-main/sandbox/local-policy.ts';
import { Permission } from '../../src-main/sandbox/permission.ts';
import { systemClock } from '../../src-main/engine/clock.ts';

const office: WorkingHours = { days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'], from: '08:00', to: '18:00' };

describe('hours and spans', () => {
  it.each([
    ['Mon-Fri 08:00-18:00', 'Mon-Fri 08:00-18:00'],
    ['mon,wed 22:00 - 06:00', 'Mon,Wed 22:00-06:00'],
    ['Fri-Mon 00:00-24:00', undefined],
    ['Fri-Mon 10:00-12:00', 'Mon,Fri-Sun 10:00-12:00'],
    ['Sat,Sun 10:00-12:00', 'Sat,Sun 10:00-12:00'],
    ['09:30-17:00', 'Mon-Sun 09:30-17:00'],
    ['Mon-Fri', undefined],
    ['Someday 08:00-18:00', undefined],
    ['Mon-Tue-Wed 08:00-18:00', undefined],
    ['', undefined],
  ])('%j is read as %j', (text, expected) => {
    const read = parseHours(text);
    expect(read === undefined ? undefined : formatHours(read)).toBe(expected);
  });

  it.each([
    ['90s', 90, '90s'],
    ['120s', 120, '2m'],
    ['2h', 7200, '2h'],
    ['1d', 86_400, '1d'],
    ['5 m', 300, '5m'],
  ])('%s are %d seconds', (text, seconds, shortest) => {
    expect(parseSpan(text)).toBe(seconds);
    expect(formatSpan(seconds)).toBe(shortest);
  });

  it.each(['', '5', 'm', '-5m', '1.5h', '5 minutes'])('%j is no span', (text) => {
    expect(parseSpan(text)).toBeUndefined();
  });
});

describe('working hours', () => {
  // 2026-11-27 is a Friday; times are this machine's own.
  const friday = (hour: number, minute = 0): Date => new Date(2026, 10, 27, hour, minute);
  const later = (days: number, hour: number): Date => new Date(2026, 10, 27 + days, hour);

  it('hold from the first minute to before the last, on their days', () => {
    expect([friday(7, 59), friday(8), friday(17, 59), friday(18)].map((time) => isWithin(office, time))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(isWithin(office, later(1, 12))).toBe(false);
  });

  it('over midnight belong to the day on which they begin', () => {
    const nights: WorkingHours = { days: ['Fri'], from: '22:00', to: '06:00' };
    expect([friday(21), friday(22), later(1, 5), later(1, 6), friday(5)].map((time) => isWithin(nights, time))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  it('of the same beginning and end are the whole day', () => {
    const sundays: WorkingHours = { days: ['Sun'], from: '00:00', to: '00:00' };
    expect([later(2, 0), later(2, 23), later(3, 0), later(1, 23)].map((time) => isWithin(sundays, time))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('the rules for a runbook', () => {
  const runbook = { name: 'Backup-Files', kind: 'PowerShell7', script: '"x"', now: new Date(2026, 10, 28, 12) } as const;
  const judge = (change: Partial<LocalPolicy>, of: Partial<Parameters<typeof judgeRunbook>[1]> = {}) =>
    judgeRunbook({ ...openPolicy, ...change }, { ...runbook, ...of });

  it('let everything run where none asks for anything', async () => {
    expect(await judge({})).toEqual({ kind: 'allowed', signedWith: undefined });
    expect(await judge({}, { kind: undefined })).toMatchObject({ kind: 'allowed' });
  });

  it('refuse by name of the rule, the first that does', async () => {
    expect(await judge({ kinds: ['Bash'] })).toEqual({
      kind: 'refused',
      rule: 'kinds',
      reason: 'The runbook is PowerShell 7, and only these run here: Bash',
    });
    expect(await judge({ kinds: ['Bash'] }, { kind: undefined })).toMatchObject({ kind: 'refused', rule: 'kinds' });
    expect(await judge({ runbooks: ['Test-*'] })).toMatchObject({ rule: 'runbooks' });
    expect(await judge({ trustedKeys: '/nowhere/at/all' })).toMatchObject({ rule: 'trustedKeys' });
    expect(await judge({ hours: office })).toMatchObject({
      rule: 'hours',
      reason: expect.stringContaining('Sat 12:00') as string,
    });
    expect(await judge({ hours: office, kinds: ['Bash'] })).toMatchObject({ rule: 'kinds' });
    expect(await judge({ kinds: ['PowerShell7'], runbooks: ['backup-*'], hours: { ...office, days: ['Sat'] } })).toMatchObject({
      kind: 'allowed',
    });
  });

  it.each([
    ['Backup-Files', 'Backup-Files', true],
    ['BACKUP-files', 'backup-FILES', true],
    ['Backup-Files', 'Backup-*', true],
    ['Backup-Files', '*', true],
    ['My-Backup-Files', 'Backup-*', false],
    ['Backup-Files\nevil', 'Backup-Files', false],
    ['BackupXFiles', 'Backup.Files', false],
    ['a(b', 'a(b', true],
  ])('%j fits %j: %s', (name, pattern, expected) => {
    expect(fits(name, pattern)).toBe(expected);
  });
});

describe('a change by the command line', () => {
  it('is read by its rule, and "any" lifts it', () => {
    expect(readPolicyChange('kinds', 'Bash,PowerShell7')).toEqual({ kinds: ['Bash', 'PowerShell7'] });
    expect(readPolicyChange('hours', 'Mon-Fri 08:00-18:00')).toEqual({ hours: office });
    expect(readPolicyChange('askSeconds', '5m')).toEqual({ askSeconds: 300 });
    expect(readPolicyChange('trustedKeys', '/etc/keys')).toEqual({ trustedKeys: '/etc/keys' });
    for (const rule of policyRules) expect(readPolicyChange(rule, 'any')).toEqual({ [rule]: null });
  });

  it.each([
    ['colour', 'any'],
    ['kinds', 'Cobol'],
    ['kinds', ''],
    ['runbooks', 'a b'],
    ['hours', 'always'],
    ['askSeconds', 'soon'],
    ['longestRunSeconds', '15d'],
  ])('%s %j is wrong use', (rule, text) => {
    expect(() => readPolicyChange(rule, text)).toThrow();
  });
});

describe('rules in words', () => {
  it('say what they let run', () => {
    const policy: LocalPolicy = { ...openPolicy, kinds: ['PowerShell7', 'Bash'], hours: office, askSeconds: 300 };
    expect(policyRules.map((rule) => describeRule(rule, policy))).toEqual([
      'PowerShell 7, Bash',
      'any name',
      'signed or not',
      'Mon-Fri 08:00-18:00',
      'once a person has allowed it, within 5m',
      'for any time',
    ]);
    expect(changedRules(openPolicy, policy)).toEqual(['kinds', 'hours', 'askSeconds']);
  });

  it('hold no rule that this version does not know', () => {
    expect(localPolicy.safeParse({ ...openPolicy, colours: ['red'] }).success).toBe(false);
  });

  it('and a script is shown with what no eye would see', () => {
    expect(revealHidden('a\tb\r\nc\n')).toBe('a\tb\r\nc\n');
    expect(revealHidden('x\u202ey\u200bz\u001b[2J\rw')).toBe('x\\u202ey\\u200bz\\u001b[2J\\u000dw');
    expect(revealHidden('größer ✓ 😀')).toBe('größer ✓ 😀');
  });
});

describe('a permission', () => {
  const question = {
    sandboxId: 's',
    jobId: 'j',
    runbookName: 'r',
    kind: 'Bash',
    startedBy: null,
    parameters: {},
    script: 'echo',
    sha256: 'ab'.repeat(32),
    since: '',
    until: '',
  };
  const timing = { delay: (milliseconds: number, signal: AbortSignal) => systemClock.sleep(milliseconds, signal) };
  const never = new AbortController().signal;

  it('is asked for once, and given for exactly what was shown', async () => {
    const permission = new Permission();
    expect(permission.question).toBeNull();
    expect(permission.answer(question.sha256, true)).toBe(false);
    const asked = permission.ask(question, 60_000, timing, never);
    expect(permission.question).toBe(question);
    expect(permission.answer('cd'.repeat(32), true)).toBe(false);
    expect(permission.answer(question.sha256, true)).toBe(true);
    expect(await asked).toBe('allowed');
    expect(permission.question).toBeNull();
    expect(permission.answer(question.sha256, false)).toBe(false);
  });

  it('is refused by a person, by silence, or called off', async () => {
    const permission = new Permission();
    const asked = permission.ask(question, 60_000, timing, never);
    permission.answer(question.sha256, false);
    expect(await asked).toBe('refused');
    expect(await permission.ask(question, 10, timing, never)).toBe('unanswered');
    const over = new AbortController();
    const waiting = permission.ask(question, 60_000, timing, over.signal);
    over.abort();
    expect(await waiting).toBe('called-off');
  });
});
