/** What every part of the service is handed. Made in service.ts, and in tests. */
import type { Clock } from './clock.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { Installers } from './installers.ts';
import type { Log } from './logging/log.ts';
import type { Changes } from './store/changes.ts';
import type { Store } from './store/store.ts';
import type { Vault } from './vault/vault.ts';

/** No slash at the end. Known once both ports are open. */
export interface ServiceUrls {
  /** `{serviceUrl}`: agents connect here. */
  agentUrl: string;
  restUrl: string;
}

export interface ServiceContext {
  readonly version: string;
  readonly store: Store;
  readonly changes: Changes;
  readonly dispatcher: Dispatcher;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Log;
  readonly urls: ServiceUrls;
  /** SHA-256 of the authority that agents are to trust. */
  readonly caFingerprint: string;
  readonly installers: Installers;
}

/** What the protocol calls the account's endpoint. */
export function accountEndpoint(context: Pick<ServiceContext, 'urls'>, accountId: string): string {
  return `${context.urls.agentUrl}/accounts/${accountId}`;
}
