/** The steps of leaving a group, and the commands that do the same. Pure. */
import type { Problem } from '../../../../src-contract/problems.ts';
import { fieldOfProblem } from '../../parts/problem-places.ts';
import { texts } from '../../../texts.ts';

export const leaveSteps = ['how', 'review', 'leave', 'done'] as const;
export type LeaveStep = (typeof leaveSteps)[number];

export interface LeaveForm {
  /** `local`: forgotten on this machine alone, without a word to the account. */
  where: 'account' | 'local';
  token: string;
}

export function mistakesInLeaving({ where, token }: LeaveForm): { token?: string } {
  return where === 'account' && token.trim() === '' ? { token: texts.group.leave.tokenMissing } : {};
}

/** `token`: another key mends it. `local`: the account cannot be told, so it can only be forgotten here. */
export function repairOfLeaving(problem: Problem): 'token' | 'local' {
  return fieldOfProblem(problem) === 'token' ? 'token' : 'local';
}

export function leaveCommands({ where }: LeaveForm): { label: string; command: string }[] {
  const isLocal = where === 'local';
  return [
    { label: texts.command.hrw, command: isLocal ? 'hrw unregister --local' : 'hrw unregister --token-file token.txt' },
    {
      label: texts.command.powershell,
      command: [
        'Import-Module HybridRegistration',
        isLocal ? 'Remove-HybridRunbookWorker -Local' : 'Remove-HybridRunbookWorker -Token (Get-Content token.txt)',
      ].join('\n'),
    },
  ];
}
