/** What a secret is before it goes into its file: on Windows sealed for this machine, elsewhere as it is, in a file of its owner's alone. */
import { protectForMachine, unprotectForMachine } from './windows/dpapi.ts';

/** Ahead of what Windows made: a file without it was written before secrets were sealed, and is read as it is. */
const sealedMark = Buffer.from('HRW-DPAPI-1\n');

export function sealSecret(secret: string | Uint8Array): Uint8Array | string {
  if (process.platform !== 'win32') return secret;
  return Buffer.concat([sealedMark, protectForMachine(Buffer.from(secret))]);
}

/** Throws WindowsError where it was sealed by another machine, or has been changed. */
export function openSecret(content: Buffer): Buffer {
  if (process.platform !== 'win32' || !content.subarray(0, sealedMark.length).equals(sealedMark)) return content;
  return unprotectForMachine(content.subarray(sealedMark.length));
}
