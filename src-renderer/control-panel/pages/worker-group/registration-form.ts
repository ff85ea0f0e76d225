/** What the registration form holds, what is wrong with it, and the commands that do the same. Pure. */
import { namePattern } from '../../../../src-contract/limits.ts';
import { quoteArgument } from '../../../shared/shell-quote.ts';
import { texts } from '../../../texts.ts';

export interface RegistrationForm {
  groupName: string;
  endpoint: string;
  token: string;
}
export type RegistrationMistakes = { [Name in keyof RegistrationForm]?: string | undefined };

const accountUrl = /^https:\/\/[^/\s]+\/(?:[^?#\s]*\/)?accounts\/[0-9a-f-]{36}\/?$/i;

export function mistakesInRegistration(form: RegistrationForm): RegistrationMistakes {
  const words = texts.group.mistakes;
  const mistakes: RegistrationMistakes = {};
  const groupName = form.groupName.trim();
  if (groupName === '') mistakes.groupName = words.groupMissing;
  else if (!namePattern.test(groupName)) mistakes.groupName = words.groupWrong;
  const endpoint = form.endpoint.trim();
  if (endpoint === '') mistakes.endpoint = words.endpointMissing;
  else if (!accountUrl.test(endpoint)) mistakes.endpoint = words.endpointWrong;
  if (form.token.trim() === '') mistakes.token = words.tokenMissing;
  return mistakes;
}

export function registerCommands(form: RegistrationForm): { label: string; command: string }[] {
  const groupName = quoteArgument(form.groupName.trim() || 'GROUP');
  const endpoint = quoteArgument(form.endpoint.trim() || 'https://HOST/accounts/ACCOUNT-ID');
  return [
    {
      label: texts.command.hrw,
      command: `hrw register --group ${groupName} --endpoint ${endpoint} --token-file token.txt`,
    },
    {
      label: texts.command.powershell,
      command: [
        'Import-Module HybridRegistration',
        `Add-HybridRunbookWorker -Name ${groupName} -EndPoint ${endpoint} -Token (Get-Content token.txt)`,
      ].join('\n'),
    },
  ];
}
