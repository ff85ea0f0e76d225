/** Names that only Windows has: where modules lie, and what a runtime's pipes are called. */
import { describe, expect, it } from 'vitest';
import { withoutPowerShell7 } from '../../src-main/runtimes/modules.ts';
import { windowsPipeName } from '../../src-main/sandbox/runtime-pipes.ts';

describe('the places of modules that a worker inherits', () => {
  it('are without those of PowerShell 7, which Windows PowerShell cannot load from', () => {
    const own = [
      'C:\\Windows\\system32\\WindowsPowerShell\\v1.0\\Modules',
      'C:\\Users\\x\\Documents\\WindowsPowerShell\\Modules',
      'D:\\Tools',
    ];
    const sevens = [
      'C:\\Users\\x\\Documents\\PowerShell\\Modules',
      'C:\\Program Files\\PowerShell\\Modules',
      'c:\\program files\\powershell\\7\\Modules',
      'C:\\Program Files\\PowerShell\\7-preview\\Modules\\',
    ];
    expect(withoutPowerShell7([sevens[0], own[0], sevens[1], sevens[2], own[1], sevens[3], own[2]].join(';'))).toBe(
      own.join(';'),
    );
    expect(withoutPowerShell7(undefined)).toBeUndefined();
  });
});

describe('the pipes of a runtime', () => {
  it('have names that nobody can know ahead', () => {
    const names = Array.from({ length: 20 }, () => windowsPipeName('report'));
    expect(new Set(names).size).toBe(20);
    for (const name of names) expect(name).toMatch(/^\\\\\.\\pipe\\hrw-report-[0-9a-f]{32}$/);
  });
});
