/** The public half of the publisher's key, which the build puts into the worker: packs signed by another key are refused. */
import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { keysFolder, publisherPublicKeyFile } from './paths.mjs';

/**
 * @param {'checkout' | 'release'} flavour
 * @returns {string} PEM
 */
export function publisherPublicKey(flavour) {
  if (flavour === 'checkout') return publicHalf(publisherPublicKeyFile);
  const file = process.env['HRW_PUBLISHER_KEY_FILE'];
  if (file === undefined || file === '') {
    throw new Error('A release needs the publisher’s key: name its file in HRW_PUBLISHER_KEY_FILE. Nothing was built.');
  }
  const key = publicHalf(file);
  if (isCheckoutKey(file, key)) {
    throw new Error(`${file} is a checkout’s key, which anybody with this checkout could sign with. Nothing was built.`);
  }
  return key;
}

/** @param {string} file of a public key, or of a private one */
function publicHalf(file) {
  const key = createPublicKey(readFileSync(file));
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${file} holds a key of another kind than Ed25519.`);
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/**
 * By its place, and by its value: a copy of it elsewhere is no better.
 * @param {string} file
 * @param {string} key
 */
function isCheckoutKey(file, key) {
  if (!existsSync(keysFolder)) return false;
  const inside = realpathSync(file).startsWith(realpathSync(keysFolder) + sep);
  return inside || (existsSync(publisherPublicKeyFile) && publicHalf(publisherPublicKeyFile) === key);
}
