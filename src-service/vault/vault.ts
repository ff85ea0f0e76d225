/**
 * What is secret at rest is sealed here: AES-256-GCM under a key that lies in a file of its own, kept apart from the database and its
 * backups. `purpose` says what the text is and whose; it is authenticated, so a sealed text moved to another row does not open.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { AppError } from '../../src-contract/app-error.ts';

export interface Vault {
  seal: (plain: string, purpose: string) => string;
  /** Throws when the text was sealed under another key or for another purpose. */
  open: (sealed: string, purpose: string) => string;
  /** A key of its own for something that is derived, not stored. The same on every replica that has the same vault key. */
  deriveKey: (purpose: string) => Buffer;
  /** Names the key without telling it: a database remembers which key it was sealed under. */
  readonly keyId: string;
}

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
const formatVersion = 1;

export function createVault(key: Buffer): Vault {
  if (key.length !== keyBytes) throw new Error(`A vault key has ${String(keyBytes)} bytes`);
  const derive = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `hrw ${purpose}`, keyBytes));
  const sealingKey = derive('seal');
  return {
    keyId: createHash('sha256').update(derive('key id')).digest('hex').slice(0, 16),
    deriveKey: derive,
    seal(plain, purpose) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce).setAAD(Buffer.from(purpose));
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(formatVersion), nonce, cipher.getAuthTag(), text]).toString('base64');
    },
    open(sealed, purpose) {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes[0] !== formatVersion) throw new Error(`What is sealed as ${purpose} has an unknown format`);
      const nonce = bytes.subarray(1, 1 + nonceBytes);
      const tag = bytes.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes);
      const decipher = createDecipheriv('aes-256-gcm', sealingKey, nonce).setAAD(Buffer.from(purpose)).setAuthTag(tag);
      return Buffer.concat([decipher.update(bytes.subarray(1 + nonceBytes + tagBytes)), decipher.final()]).toString('utf8');
    },
  };
}

/** Reads the key file, or makes it where there is none: 64 hex digits, for its owner alone. */
export function openVault(file: string): Vault {
  return createVault(readKey(file) ?? makeKey(file));
}

function readKey(file: string): Buffer | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new AppError('data-folder-unusable', { dataFolder: file, reason: (error as Error).message }, { cause: error });
  }
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new AppError('data-file-damaged', { file, reason: 'it holds no vault key (64 hex digits)' });
  return Buffer.from(text, 'hex');
}

function makeKey(file: string): Buffer {
  const key = randomBytes(keyBytes);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Exclusive: of two that start at once on one folder the second must not replace the key that the first seals with.
  writeFileSync(file, `${key.toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true });
  return key;
}
