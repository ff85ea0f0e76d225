/** The part of Windows' registry that belongs to the machine: texts and numbers below HKEY_LOCAL_MACHINE, as 64-bit programs see it. */
import { library, WindowsError, type Pointer } from './win32.ts';

const advapi = library<{
  RegCreateKeyExW: (
    root: bigint,
    key: string,
    reserved: number,
    kind: null,
    options: number,
    access: number,
    security: null,
    made: [Pointer],
    how: null,
  ) => number;
  RegOpenKeyExW: (root: bigint, key: string, options: number, access: number, opened: [Pointer]) => number;
  RegSetValueExW: (key: Pointer, name: string, reserved: number, type: number, value: Buffer, bytes: number) => number;
  RegQueryValueExW: (key: Pointer, name: string, reserved: null, type: [number], into: Buffer | null, bytes: [number]) => number;
  RegDeleteTreeW: (root: bigint, key: string) => number;
  RegCloseKey: (key: Pointer) => number;
}>('advapi32.dll', {
  RegCreateKeyExW:
    'uint32 __stdcall RegCreateKeyExW(uint64 root, str16 key, uint32 reserved, void *kind, uint32 options, uint32 access, void *security, _Out_ void **made, void *how)',
  RegOpenKeyExW: 'uint32 __stdcall RegOpenKeyExW(uint64 root, str16 key, uint32 options, uint32 access, _Out_ void **opened)',
  RegSetValueExW:
    'uint32 __stdcall RegSetValueExW(void *key, str16 name, uint32 reserved, uint32 type, void *value, uint32 bytes)',
  RegQueryValueExW:
    'uint32 __stdcall RegQueryValueExW(void *key, str16 name, void *reserved, _Out_ uint32 *type, void *into, _Inout_ uint32 *bytes)',
  RegDeleteTreeW: 'uint32 __stdcall RegDeleteTreeW(uint64 root, str16 key)',
  RegCloseKey: 'uint32 __stdcall RegCloseKey(void *key)',
});

const localMachine = 0xffff_ffff_8000_0002n;
const access = { read: 0x2_0019, write: 0x2_0006 } as const;
const fileNotFound = 2;

/** REG_SZ; REG_EXPAND_SZ, in which Windows replaces `%NAME%`; REG_DWORD */
const types = { text: 1, expandableText: 2, number: 4 } as const;

/** Text whose `%NAME%` Windows replaces when it is used. */
export interface ExpandableText {
  expandable: string;
}
export type RegistryValue = string | number | ExpandableText;

/** Makes the key where it is missing; values that are not named stay. Takes an administrator; throws WindowsError. */
export function setRegistryValues(key: string, values: Readonly<Record<string, RegistryValue>>): void {
  const made: [Pointer] = [null];
  must(advapi().RegCreateKeyExW(localMachine, key, 0, null, 0, access.write, null, made, null), `RegCreateKeyEx (${key})`);
  try {
    for (const [name, value] of Object.entries(values)) {
      const { type, bytes } = encode(value);
      must(advapi().RegSetValueExW(made[0], name, 0, type, bytes, bytes.length), `RegSetValueEx (${key}, ${name})`);
    }
  } finally {
    advapi().RegCloseKey(made[0]);
  }
}

/** Undefined where there is no such key or value. Throws WindowsError. */
export function readRegistryValue(key: string, name: string): RegistryValue | undefined {
  return withKeyIfAny(key, (opened) => {
    const type: [number] = [0];
    const size: [number] = [0];
    const answer = advapi().RegQueryValueExW(opened, name, null, type, null, size);
    if (answer === fileNotFound) return undefined;
    must(answer, `RegQueryValueEx (${key}, ${name})`);
    const bytes = Buffer.alloc(Math.max(size[0], 4));
    must(advapi().RegQueryValueExW(opened, name, null, type, bytes, size), `RegQueryValueEx (${key}, ${name})`);
    return decode(type[0], bytes.subarray(0, size[0]));
  });
}

export function hasRegistryKey(key: string): boolean {
  return withKeyIfAny(key, () => true) ?? false;
}

/** With everything in it. One that is not there is no failure. Takes an administrator; throws WindowsError. */
export function deleteRegistryKey(key: string): void {
  const answer = advapi().RegDeleteTreeW(localMachine, key);
  if (answer !== fileNotFound) must(answer, `RegDeleteTree (${key})`);
}

function withKeyIfAny<Result>(key: string, use: (opened: Pointer) => Result): Result | undefined {
  const opened: [Pointer] = [null];
  const answer = advapi().RegOpenKeyExW(localMachine, key, 0, access.read, opened);
  if (answer === fileNotFound) return undefined;
  must(answer, `RegOpenKeyEx (${key})`);
  try {
    return use(opened[0]);
  } finally {
    advapi().RegCloseKey(opened[0]);
  }
}

function encode(value: RegistryValue): { type: number; bytes: Buffer } {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return { type: types.number, bytes };
  }
  if (typeof value === 'string') return { type: types.text, bytes: Buffer.from(`${value}\0`, 'utf16le') };
  return { type: types.expandableText, bytes: Buffer.from(`${value.expandable}\0`, 'utf16le') };
}

/** Of other types, nothing: we write none, and look at none. */
function decode(type: number, bytes: Buffer): RegistryValue | undefined {
  if (type === types.number) return bytes.readUInt32LE(0);
  // Windows does not promise the zero at the end.
  const text = bytes.toString('utf16le').replace(/\0[^]*$/, '');
  if (type === types.text) return text;
  return type === types.expandableText ? { expandable: text } : undefined;
}

function must(answer: number, call: string): void {
  if (answer !== 0) throw new WindowsError(call, answer);
}
