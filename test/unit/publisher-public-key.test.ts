/** Which key a build puts into the worker. Uses this checkout's own pair, which `npm test` has made. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { publisherKeyFile } from '../../scripts/paths.mjs';
import { publisherPublicKey } from '../../scripts/publisher-public-key.mjs';
import { tempFolder } from '../harness/temp-folder.ts';

function nameKeyFile(file: string): void {
  process.env['HRW_PUBLISHER_KEY_FILE'] = file;
  onTestFinished(() => {
    delete process.env['HRW_PUBLISHER_KEY_FILE'];
  });
}

async function writePrivateKey(kind: 'ed25519' | 'x25519'): Promise<string> {
  const file = path.join(await tempFolder(), 'key.pem');
  // The overloads know each kind by its own name only.
  const { privateKey } = kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return file;
}

test('a checkout builds the public half of its own pair in', () => {
  expect(createPublicKey(publisherPublicKey('checkout')).asymmetricKeyType).toBe('ed25519');
});

test('a release builds the public half of the key in that the environment names', async () => {
  nameKeyFile(await writePrivateKey('ed25519'));
  const key = publisherPublicKey('release');
  expect(key).toContain('PUBLIC KEY');
  expect(key).not.toBe(publisherPublicKey('checkout'));
});

test('a release without a key is refused', () => {
  expect(() => publisherPublicKey('release')).toThrow('HRW_PUBLISHER_KEY_FILE');
});

test('a release with the checkout’s key is refused, in its place and as a copy elsewhere', async () => {
  nameKeyFile(publisherKeyFile);
  expect(() => publisherPublicKey('release')).toThrow('a checkout’s key');

  const copy = path.join(await tempFolder(), 'copy.pem');
  await copyFile(publisherKeyFile, copy);
  nameKeyFile(copy);
  expect(() => publisherPublicKey('release')).toThrow('a checkout’s key');
});

test('a key of another kind is refused', async () => {
  nameKeyFile(await writePrivateKey('x25519'));
  expect(() => publisherPublicKey('release')).toThrow('another kind than Ed25519');
});
