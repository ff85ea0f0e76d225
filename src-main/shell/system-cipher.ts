/** Electron's access to the operating system's own encryption: DPAPI, the Keychain, or a desktop's keyring. */
import { safeStorage } from 'electron';
import type { Cipher } from './token-safe.ts';

/* eslint-disable @typescript-eslint/no-deprecated -- Until the oldest Electron that we run in (25) has their asynchronous siblings. */

/**
 * Undefined where there is none: a Linux machine without a keyring, where Chromium would fall back on a password that is in its source
 * (`basic_text`). That is no secret, and is not called one.
 */
export function systemCipher(): Cipher | undefined {
  if (!safeStorage.isEncryptionAvailable()) return undefined;
  if (process.platform === 'linux' && ['basic_text', 'unknown'].includes(safeStorage.getSelectedStorageBackend()))
    return undefined;
  return {
    encrypt: (text) => safeStorage.encryptString(text),
    decrypt: (bytes) => safeStorage.decryptString(bytes),
  };
}
/* eslint-enable @typescript-eslint/no-deprecated -- End of what is deprecated. */
