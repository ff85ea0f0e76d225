/** What of a connection would become something else, in words. Pure. */
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import type { ProxySettings, Trust } from '../../../../src-contract/settings.ts';
import { texts } from '../../../texts.ts';
import { connectArguments, type ConnectionForm } from './connection-form.ts';

export interface ConnectionChange {
  name: string;
  from: string;
  to: string;
}

export function trustInWords(trust: Trust): string {
  const words = texts.connection.trust;
  switch (trust.kind) {
    case 'system':
      return words.systemFact;
    case 'authority':
      return words.authorityFact;
    case 'fingerprint':
      return words.fingerprintFact(trust.sha256);
  }
}

export function proxyInWords(proxy: ProxySettings): string {
  const words = texts.connection.proxy;
  if (proxy.kind === 'none') return words.noneFact;
  if (proxy.kind === 'system') return words.systemFact;
  return proxy.userName === undefined ? words.manualFact(proxy.url) : words.manualUserFact(proxy.url, proxy.userName);
}

export function changesIn(form: ConnectionForm, connection: NonNullable<WorkerState['connection']>): ConnectionChange[] {
  const words = texts.connection.facts;
  const next = connectArguments(form);
  const changes: ConnectionChange[] = [];
  const compare = (name: string, from: string, to: string): void => {
    if (from !== to) changes.push({ name, from, to });
  };
  compare(words.workspaceId, connection.workspaceId, next.workspaceId.toLowerCase());
  compare(words.serviceUrl, connection.serviceUrl, next.serviceUrl);
  // Two files are told apart by what is in them; in words they are the same.
  if (JSON.stringify(connection.trust) !== JSON.stringify(next.trust)) {
    const another = connection.trust.kind === 'authority' && next.trust.kind === 'authority';
    const to = another ? texts.connection.trust.otherAuthorityFact : trustInWords(next.trust);
    changes.push({ name: words.trust, from: trustInWords(connection.trust), to });
  }
  compare(words.proxy, proxyInWords(connection.proxy), proxyInWords(next.proxy));
  if (next.proxy.kind === 'manual' && next.proxy.password !== undefined)
    changes.push({ name: texts.connection.proxy.password.label, from: texts.connection.kept, to: texts.connection.entered });
  return changes;
}
