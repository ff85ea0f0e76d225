/**
 * The key pair that signs a checkout's packs. The build puts the public half into the worker; the private half never leaves
 * the ignored folder, and a release build refuses it.
 */
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { replaceFile } from '../files.mjs';
import { keysFolder, publisherKeyFile, publisherPublicKeyFile } from '../paths.mjs';

export function publisherKeyExists() {
  return existsSync(publisherKeyFile) && existsSync(publisherPublicKeyFile);
}

export function ensurePublisherKey() {
  if (publisherKeyExists()) return;
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  mkdirSync(keysFolder, { recursive: true, mode: 0o700 });
  // The public half last: a pair of which the first half is missing is made anew, whole.
  for (const [file, text] of /** @type {const} */ ([
    [publisherKeyFile, privateKey],
    [publisherPublicKeyFile, publicKey],
  ])) {
    replaceFile(file, text, 0o600);
  }
}
