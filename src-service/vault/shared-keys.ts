/** The keys of accounts and workspaces. Their text must be known to check a signature, so they are sealed, not hashed. */
import { randomBytes } from 'node:crypto';
import type { KeyName } from '../store/accounts.ts';
import type { Vault } from './vault.ts';

export interface SharedKeys {
  primary: string;
  secondary: string;
}

interface KeyOwner {
  kind: 'account' | 'workspace';
  id: string;
}

/** 64 random bytes in base64: what such keys look like. It is used as text, never decoded. */
export function makeSharedKey(): string {
  return randomBytes(64).toString('base64');
}

export function sealSharedKey(vault: Vault, owner: KeyOwner, which: KeyName, key: string): string {
  return vault.seal(key, purposeOf(owner, which));
}

export function openSharedKeys(
  vault: Vault,
  kind: KeyOwner['kind'],
  owner: { id: string; primaryKey: string; secondaryKey: string },
): SharedKeys {
  const whose = { kind, id: owner.id };
  return {
    primary: vault.open(owner.primaryKey, purposeOf(whose, 'primary')),
    secondary: vault.open(owner.secondaryKey, purposeOf(whose, 'secondary')),
  };
}

function purposeOf(owner: KeyOwner, which: KeyName): string {
  return `${owner.kind} ${owner.id} ${which} key`;
}
