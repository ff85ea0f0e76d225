import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createSandboxSecrets, hashSandboxSecret } from '../../../src-service/dispatch/sandbox-secret.ts';
import { openAsset, sealAsset } from '../../../src-service/vault/asset-content.ts';
import { makeSharedKey, openSharedKeys, sealSharedKey } from '../../../src-service/vault/shared-keys.ts';
import { createVault, openVault } from '../../../src-service/vault/vault.ts';
import { provokes } from '../../harness/provokes.ts';
import { tempFolder } from '../../harness/temp-folder.ts';

const vault = createVault(randomBytes(32));

describe('the vault', () => {
  test('gives back what it sealed, and never seals twice alike', () => {
    const sealed = vault.seal('pässword', 'a purpose');
    expect(vault.open(sealed, 'a purpose')).toBe('pässword');
    expect(sealed).not.toContain('pässword');
    expect(vault.seal('pässword', 'a purpose')).not.toBe(sealed);
  });

  test('opens nothing for another purpose, under another key, or that was changed', () => {
    const sealed = vault.seal('secret', 'a purpose');
    const changed = Buffer.from(sealed, 'base64');
    changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1;
    expect(() => vault.open(sealed, 'another')).toThrow();
    expect(() => createVault(randomBytes(32)).open(sealed, 'a purpose')).toThrow();
    expect(() => vault.open(changed.toString('base64'), 'a purpose')).toThrow();
  });

  test('makes its key file once, for its owner alone', async () => {
    const file = join(await tempFolder(), 'vault.key');
    const first = openVault(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(openVault(file).open(first.seal('x', 'p'), 'p')).toBe('x');
    expect(openVault(file).keyId).toBe(first.keyId);
    expect(readFileSync(file, 'utf8')).not.toContain(first.keyId);
  });

  test('refuses a file that holds no key rather than making another', async () => {
    const file = join(await tempFolder(), 'vault.key');
    writeFileSync(file, 'short');
    chmodSync(file, 0o600);
    expect(() => openVault(file)).toThrow(expect.objectContaining({ code: provokes('data-file-damaged') }) as Error);
    expect(readFileSync(file, 'utf8')).toBe('short');
  });
});

test('an account’s sealed key does not open as another’s, or as its other key', () => {
  const account = { id: 'one', primaryKey: '', secondaryKey: '' };
  const [primary, secondary] = [makeSharedKey(), makeSharedKey()];
  account.primaryKey = sealSharedKey(vault, { kind: 'account', id: 'one' }, 'primary', primary);
  account.secondaryKey = sealSharedKey(vault, { kind: 'account', id: 'one' }, 'secondary', secondary);
  expect(openSharedKeys(vault, 'account', account)).toEqual({ primary, secondary });
  expect(() => openSharedKeys(vault, 'workspace', account)).toThrow();
  expect(() => openSharedKeys(vault, 'account', { ...account, id: 'two' })).toThrow();
  expect(() => openSharedKeys(vault, 'account', { ...account, primaryKey: account.secondaryKey })).toThrow();
});

test('an asset’s content opens under its name whatever the case, and under no other', () => {
  const key = { accountId: 'a', kind: 'credential', name: 'Backup' } as const;
  const sealed = sealAsset(vault, key, { userName: 'u', password: 'p' });
  expect(openAsset(vault, { ...key, name: 'BACKUP' }, sealed)).toEqual({ userName: 'u', password: 'p' });
  expect(() => openAsset(vault, { ...key, name: 'Other' }, sealed)).toThrow();
});

test('a sandbox secret is the same each time, and its hash does not tell it', () => {
  const { secretOf } = createSandboxSecrets(vault);
  expect(secretOf('s')).toBe(createSandboxSecrets(vault).secretOf('s'));
  expect(secretOf('s')).not.toBe(secretOf('t'));
  expect(Buffer.from(secretOf('s'), 'base64')).toHaveLength(32);
  expect(hashSandboxSecret(secretOf('s'))).toMatch(/^[0-9a-f]{64}$/);
});
