/** What the connection form holds, what is wrong with it, and the call that it becomes. Pure. */
import type { EngineArguments, WorkerState } from '../../../../src-contract/engine-calls.ts';
import type { ProxySettings, Trust } from '../../../../src-contract/settings.ts';
import { texts } from '../../../texts.ts';

export interface ConnectionForm {
  workspaceId: string;
  workspaceKey: string;
  serviceUrl: string;
  trustKind: Trust['kind'];
  authorityPem: string;
  fingerprint: string;
  proxyKind: ProxySettings['kind'];
  proxyUrl: string;
  proxyUser: string;
  proxyPassword: string;
}
export type ConnectionField = keyof ConnectionForm;
export type FormMistakes = { [Field in ConnectionField]?: string | undefined };

/** Changing a connection starts from what it is; keys and passwords are never shown again. */
export function startOfForm(connection: WorkerState['connection']): ConnectionForm {
  const trust = connection?.trust ?? { kind: 'system' };
  const proxy = connection?.proxy ?? { kind: 'none' };
  return {
    workspaceId: connection?.workspaceId ?? '',
    workspaceKey: '',
    serviceUrl: connection?.serviceUrl ?? '',
    trustKind: trust.kind,
    authorityPem: trust.kind === 'authority' ? trust.pem : '',
    fingerprint: trust.kind === 'fingerprint' ? trust.sha256 : '',
    proxyKind: proxy.kind,
    proxyUrl: proxy.kind === 'manual' ? proxy.url : '',
    proxyUser: proxy.kind === 'manual' ? (proxy.userName ?? '') : '',
    proxyPassword: '',
  };
}

/** `AB:CD …`, with or without what openssl and browsers write before it, as lower-case hex. */
export function plainFingerprint(text: string): string {
  return text
    .trim()
    .replace(/^.*(=|sha-?256:?\s)/i, '')
    .replace(/[\s:]/g, '')
    .toLowerCase();
}

/** People leave the scheme out; the service speaks nothing but HTTPS. */
export function completeServiceUrl(text: string): string {
  const trimmed = text.trim().replace(/(?<=[^/:])\/+$/, '');
  return trimmed === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`;
}

function protocolOf(url: string): string | undefined {
  try {
    return new URL(url).protocol;
  } catch {
    return undefined;
  }
}

/** The same workspace at the same service: this machine's own certificate says who asks, and no key is needed. */
export function isSameConnection(form: ConnectionForm, connection: WorkerState['connection']): boolean {
  return (
    connection !== null &&
    form.workspaceId.trim().toLowerCase() === connection.workspaceId &&
    completeServiceUrl(form.serviceUrl) === connection.serviceUrl
  );
}

/** `connection`: the one that is there; what is already known of it need not be entered. */
export function mistakesIn(form: ConnectionForm, connection: WorkerState['connection'] = null): FormMistakes {
  const words = texts.connection.mistakes;
  const mistakes: FormMistakes = {};
  if (form.workspaceId.trim() === '') mistakes.workspaceId = words.workspaceIdMissing;
  if (form.workspaceKey.trim() === '' && !isSameConnection(form, connection)) mistakes.workspaceKey = words.workspaceKeyMissing;
  Object.assign(mistakes, mistakesInWay(form));
  return mistakes;
}

/** In what says how the service is reached. */
export function mistakesInWay(form: ConnectionForm): FormMistakes {
  const words = texts.connection.mistakes;
  const mistakes: FormMistakes = {};
  if (form.serviceUrl.trim() === '') mistakes.serviceUrl = words.serviceUrlMissing;
  else if (protocolOf(completeServiceUrl(form.serviceUrl)) !== 'https:') mistakes.serviceUrl = words.serviceUrlNotHttps;
  if (form.trustKind === 'authority' && form.authorityPem === '') mistakes.authorityPem = words.authorityMissing;
  if (form.trustKind === 'fingerprint' && !/^[0-9a-f]{64}$/.test(plainFingerprint(form.fingerprint))) {
    mistakes.fingerprint = words.fingerprintWrong;
  }
  if (form.proxyKind === 'manual' && !['http:', 'https:'].includes(protocolOf(form.proxyUrl.trim()) ?? '')) {
    mistakes.proxyUrl = words.proxyUrlWrong;
  }
  return mistakes;
}

function trustOf(form: ConnectionForm): Trust {
  switch (form.trustKind) {
    case 'system':
      return { kind: 'system' };
    case 'authority':
      return { kind: 'authority', pem: form.authorityPem };
    case 'fingerprint':
      return { kind: 'fingerprint', sha256: plainFingerprint(form.fingerprint) };
  }
}

function proxyOf(form: ConnectionForm): ProxySettings {
  if (form.proxyKind !== 'manual') return { kind: form.proxyKind };
  return {
    kind: 'manual',
    url: form.proxyUrl.trim(),
    ...(form.proxyUser !== '' && { userName: form.proxyUser }),
    // Without one the engine keeps the password that it knows for this proxy and user.
    ...(form.proxyUser !== '' && form.proxyPassword !== '' && { password: form.proxyPassword }),
  };
}

export function changeArguments(form: ConnectionForm): EngineArguments<'connection:change'> {
  return { trust: trustOf(form), proxy: proxyOf(form) };
}

export function testArguments(form: ConnectionForm): EngineArguments<'connection:test'> {
  return { serviceUrl: completeServiceUrl(form.serviceUrl), ...changeArguments(form) };
}

export function connectArguments(form: ConnectionForm): EngineArguments<'connection:connect'> {
  return {
    workspaceId: form.workspaceId.trim(),
    workspaceKey: form.workspaceKey.trim(),
    serviceUrl: completeServiceUrl(form.serviceUrl),
    ...changeArguments(form),
  };
}
