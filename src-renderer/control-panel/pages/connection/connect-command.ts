/** The connection form as a command. The key and the password stand in files: never on a command line. Pure. */
import { quoteArgument } from '../../../shared/shell-quote.ts';
import { completeServiceUrl, plainFingerprint, type ConnectionForm } from './connection-form.ts';

export function connectCommand(form: ConnectionForm): string {
  const parts = [
    'hrw connect',
    `--workspace-id ${quoteArgument(form.workspaceId.trim() || 'WORKSPACE-ID')}`,
    '--workspace-key-file key.txt',
    `--service-url ${quoteArgument(completeServiceUrl(form.serviceUrl) || 'https://HOST:PORT')}`,
  ];
  if (form.trustKind === 'authority') parts.push('--ca authority.pem');
  if (form.trustKind === 'fingerprint') parts.push(`--fingerprint ${plainFingerprint(form.fingerprint) || 'SHA-256'}`);
  if (form.proxyKind === 'manual') {
    parts.push(`--proxy ${quoteArgument(form.proxyUrl.trim() || 'http://PROXY:PORT')}`);
    if (form.proxyUser !== '') parts.push(`--proxy-user ${quoteArgument(form.proxyUser)}`, '--proxy-password-file password.txt');
  }
  return parts.join(' ');
}
