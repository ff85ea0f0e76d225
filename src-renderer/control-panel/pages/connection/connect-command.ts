/** The connection form as a command. The key and the password stand in files: never on a command line. Pure. */
import { quoteArgument } from '../../../shared/shell-quote.ts';
import { completeServiceUrl, plainFingerprint, type ConnectionForm } from './connection-form.ts';

/** `isChange`: of trust or proxy alone. */
export function connectCommand(form: ConnectionForm, isChange = false): string {
  if (isChange)
    return [
      'hrw way change',
      ...trustWords(form),
      ...(form.trustKind === 'system' ? ['--system-trust'] : []),
      ...proxyWords(form, true),
    ].join(' ');
  const parts = [
    'hrw connect',
    `--workspace-id ${quoteArgument(form.workspaceId.trim() || 'WORKSPACE-ID')}`,
    '--workspace-key-file key.txt',
    `--service-url ${quoteArgument(completeServiceUrl(form.serviceUrl) || 'https://HOST:PORT')}`,
  ];
  return [...parts, ...trustWords(form), ...proxyWords(form, false)].join(' ');
}

function trustWords(form: ConnectionForm): string[] {
  if (form.trustKind === 'authority') return ['--ca authority.pem'];
  return form.trustKind === 'fingerprint' ? [`--fingerprint ${plainFingerprint(form.fingerprint) || 'SHA-256'}`] : [];
}

/** None is what connecting takes by itself; a change says it. */
function proxyWords(form: ConnectionForm, saysNone: boolean): string[] {
  if (form.proxyKind === 'none') return saysNone ? ['--proxy none'] : [];
  if (form.proxyKind === 'system') return ['--proxy system'];
  const proxy = `--proxy ${quoteArgument(form.proxyUrl.trim() || 'http://PROXY:PORT')}`;
  if (form.proxyUser === '') return [proxy];
  return [proxy, `--proxy-user ${quoteArgument(form.proxyUser)}`, '--proxy-password-file password.txt'];
}
