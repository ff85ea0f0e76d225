/**
 * Secrets under a key of this machine that Windows keeps (DPAPI, machine scope). Any program of this machine that can read the file can open
 * it: the access list of the folder protects it here, the key only when the file is carried away. A stolen disk has both.
 */
import { kernel32 } from './kernel.ts';
import { library, must, readBytes, structure, type Pointer } from './win32.ts';

/** DATA_BLOB */
export const dataBlob = structure<{ bytes: number; data: Pointer | Buffer }>(() => ({ bytes: 'uint32', data: 'void *' }));

const crypt = library<{
  CryptProtectData: (
    data: Buffer,
    name: string,
    entropy: null,
    reserved: null,
    prompt: null,
    flags: number,
    into: Buffer,
  ) => boolean;
  CryptUnprotectData: (
    data: Buffer,
    name: null,
    entropy: null,
    reserved: null,
    prompt: null,
    flags: number,
    into: Buffer,
  ) => boolean;
}>('crypt32.dll', {
  CryptProtectData:
    'bool __stdcall CryptProtectData(void *data, str16 name, void *entropy, void *reserved, void *prompt, uint32 flags, void *into)',
  CryptUnprotectData:
    'bool __stdcall CryptUnprotectData(void *data, void *name, void *entropy, void *reserved, void *prompt, uint32 flags, void *into)',
});

/** No window, ever; and for every account of this machine, because the service may be given another. */
const flags = { noWindow: 0x1, machine: 0x4 } as const;
const quietly = flags.noWindow | flags.machine;

/** Throws WindowsError. */
export function protectForMachine(secret: Buffer): Buffer {
  return change(secret, 'CryptProtectData', (data, into) =>
    crypt().CryptProtectData(data, 'Hybrid Runbook Worker', null, null, null, quietly, into),
  );
}

/** Throws WindowsError: it was made on another machine, or changed. */
export function unprotectForMachine(sealed: Buffer): Buffer {
  return change(sealed, 'CryptUnprotectData', (data, into) =>
    crypt().CryptUnprotectData(data, null, null, null, null, quietly, into),
  );
}

function change(given: Buffer, call: string, work: (data: Buffer, into: Buffer) => boolean): Buffer {
  const into = dataBlob().bytes({});
  must(work(dataBlob().bytes({ bytes: given.length, data: given }), into), call);
  const made = dataBlob().read(into);
  const at = made.data as Pointer;
  try {
    return readBytes(at, made.bytes);
  } finally {
    kernel32().LocalFree(at);
  }
}
