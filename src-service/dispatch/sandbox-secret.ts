/**
 * What a sandbox proves itself with. Derived from the vault's key and the sandbox id, never stored: an action that is handed out again
 * carries the same secret, and a stolen database holds none. Its hash is stored, to find the sandbox behind a bearer token.
 */
import { createHash, createHmac } from 'node:crypto';
import type { Vault } from '../vault/vault.ts';

export interface SandboxSecrets {
  /** Base64 of 32 bytes. */
  secretOf: (sandboxId: string) => string;
}

export function createSandboxSecrets(vault: Vault): SandboxSecrets {
  const key = vault.deriveKey('sandbox secrets');
  return { secretOf: (sandboxId) => createHmac('sha256', key).update(sandboxId).digest('base64') };
}

export function hashSandboxSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
