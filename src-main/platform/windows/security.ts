/** Accounts and rights: security ids, security descriptors in Windows' own notation (SDDL), rights of files, user rights of accounts. */
import { createHash } from 'node:crypto';
import { kernel32 } from './kernel.ts';
import { library, must, readBytes, readText, refused, structure, WindowsError, type Pointer } from './win32.ts';

const advapi = library<{
  ConvertSidToStringSidW: (sid: Buffer | Pointer, text: [Pointer]) => boolean;
  ConvertStringSidToSidW: (text: string, sid: [Pointer]) => boolean;
  GetLengthSid: (sid: Pointer) => number;
  LookupAccountNameW: (
    machine: null,
    name: string,
    sid: Buffer,
    sidSize: [number],
    domain: Buffer,
    domainSize: [number],
    kind: [number],
  ) => boolean;
  ConvertStringSecurityDescriptorToSecurityDescriptorW: (text: string, revision: number, made: [Pointer], size: null) => boolean;
  ConvertSecurityDescriptorToStringSecurityDescriptorW: (
    descriptor: Pointer | Buffer,
    revision: number,
    parts: number,
    text: [Pointer],
    length: null,
  ) => boolean;
  GetSecurityDescriptorDacl: (descriptor: Pointer, isPresent: [number], dacl: [Pointer], isDefaulted: [number]) => boolean;
  GetNamedSecurityInfoW: (
    name: string,
    kind: number,
    parts: number,
    owner: null,
    group: null,
    dacl: null,
    sacl: null,
    descriptor: [Pointer],
  ) => number;
  SetNamedSecurityInfoW: (
    name: string,
    kind: number,
    parts: number,
    owner: null,
    group: null,
    dacl: Pointer,
    sacl: null,
  ) => number;
  OpenProcessToken: (process: Pointer, access: number, token: [Pointer]) => boolean;
  GetTokenInformation: (token: Pointer, kind: number, into: Buffer, size: number, needed: [number]) => boolean;
  LsaOpenPolicy: (machine: null, attributes: Buffer, access: number, policy: [Pointer]) => number;
  LsaAddAccountRights: (policy: Pointer, sid: Buffer, right: Buffer, count: number) => number;
  LsaClose: (policy: Pointer) => number;
  LsaNtStatusToWinError: (status: number) => number;
}>('advapi32.dll', {
  ConvertSidToStringSidW: 'bool __stdcall ConvertSidToStringSidW(void *sid, _Out_ void **text)',
  ConvertStringSidToSidW: 'bool __stdcall ConvertStringSidToSidW(str16 text, _Out_ void **sid)',
  GetLengthSid: 'uint32 __stdcall GetLengthSid(void *sid)',
  LookupAccountNameW:
    'bool __stdcall LookupAccountNameW(str16 machine, str16 name, void *sid, _Inout_ uint32 *sidSize, void *domain, _Inout_ uint32 *domainSize, _Out_ int32 *kind)',
  ConvertStringSecurityDescriptorToSecurityDescriptorW:
    'bool __stdcall ConvertStringSecurityDescriptorToSecurityDescriptorW(str16 text, uint32 revision, _Out_ void **made, void *size)',
  ConvertSecurityDescriptorToStringSecurityDescriptorW:
    'bool __stdcall ConvertSecurityDescriptorToStringSecurityDescriptorW(void *descriptor, uint32 revision, uint32 parts, _Out_ void **text, void *length)',
  GetSecurityDescriptorDacl:
    'bool __stdcall GetSecurityDescriptorDacl(void *descriptor, _Out_ int32 *isPresent, _Out_ void **dacl, _Out_ int32 *isDefaulted)',
  GetNamedSecurityInfoW:
    'uint32 __stdcall GetNamedSecurityInfoW(str16 name, int kind, uint32 parts, void *owner, void *group, void *dacl, void *sacl, _Out_ void **descriptor)',
  SetNamedSecurityInfoW:
    'uint32 __stdcall SetNamedSecurityInfoW(str16 name, int kind, uint32 parts, void *owner, void *group, void *dacl, void *sacl)',
  OpenProcessToken: 'bool __stdcall OpenProcessToken(void *process, uint32 access, _Out_ void **token)',
  GetTokenInformation: 'bool __stdcall GetTokenInformation(void *token, int kind, void *into, uint32 size, _Out_ uint32 *needed)',
  LsaOpenPolicy: 'uint32 __stdcall LsaOpenPolicy(void *machine, void *attributes, uint32 access, _Out_ void **policy)',
  LsaAddAccountRights: 'uint32 __stdcall LsaAddAccountRights(void *policy, void *sid, void *right, uint32 count)',
  LsaClose: 'uint32 __stdcall LsaClose(void *policy)',
  LsaNtStatusToWinError: 'uint32 __stdcall LsaNtStatusToWinError(uint32 status)',
});

/** LSA_OBJECT_ATTRIBUTES */
export const lsaObjectAttributes = structure<{
  length: number;
  root: Pointer;
  name: Pointer;
  attributes: number;
  descriptor: Pointer;
  quality: Pointer;
}>(() => ({
  length: 'uint32',
  root: 'void *',
  name: 'void *',
  attributes: 'uint32',
  descriptor: 'void *',
  quality: 'void *',
}));

/** LSA_UNICODE_STRING */
export const lsaUnicodeString = structure<{ bytes: number; room: number; text: Buffer | Pointer }>(() => ({
  bytes: 'uint16',
  room: 'uint16',
  text: 'void *',
}));

export const wellKnownSids = { system: 'S-1-5-18', administrators: 'S-1-5-32-544', network: 'S-1-5-2' } as const;

const sddlRevision = 1;
const parts = { owner: 0x1, dacl: 0x4, protectedDacl: 0x8000_0000 } as const;
const fileObject = 1;
const lsaAccess = { lookUpNames: 0x800, createAccount: 0x10 } as const;

/** The security id that Windows derives from a service's name: whoever runs the service has it beside the account's own. */
export function serviceSid(serviceName: string): string {
  const hash = createHash('sha1').update(Buffer.from(serviceName.toUpperCase(), 'utf16le')).digest();
  return ['S-1-5-80', ...[0, 4, 8, 12, 16].map((at) => String(hash.readUInt32LE(at)))].join('-');
}

/** Throws WindowsError 1332 when no account has this name. */
export function lookUpSid(account: string): string {
  const sid = Buffer.alloc(68);
  const domain = Buffer.alloc(2 * 256);
  must(advapi().LookupAccountNameW(null, account, sid, [sid.length], domain, [256], [0]), `LookupAccountName (${account})`);
  return sidText(sid);
}

function sidText(sid: Buffer | Pointer): string {
  const text: [Pointer] = [null];
  must(advapi().ConvertSidToStringSidW(sid, text), 'ConvertSidToStringSid');
  return takeText(text[0]);
}

/** SID_AND_ATTRIBUTES, of which TOKEN_USER is one and TOKEN_GROUPS a list. */
export const sidAndAttributes = structure<{ sid: Pointer; attributes: number }>(() => ({ sid: 'void *', attributes: 'uint32' }));

const tokenQuery = 0x0008;
const tokenInformation = { user: 1, groups: 2 } as const;
const groupIsEnabled = 0x4;

/** Whose rights a process has: its user, and the groups that count. Throws WindowsError. */
export function readToken(process: Pointer): { user: string; groups: string[] } {
  const token: [Pointer] = [null];
  must(advapi().OpenProcessToken(process, tokenQuery, token), 'OpenProcessToken');
  try {
    const { size, read } = sidAndAttributes();
    const user = read(tokenBytes(token[0], tokenInformation.user)).sid;
    const list = tokenBytes(token[0], tokenInformation.groups);
    // The count, then what is as wide as an address, as the entries are.
    const entries = Array.from({ length: list.readUInt32LE(0) }, (_, index) => read(list, 8 + index * size));
    const enabled = entries.filter(({ attributes }) => (attributes & groupIsEnabled) !== 0);
    return { user: sidText(user), groups: enabled.map(({ sid }) => sidText(sid)) };
  } finally {
    kernel32().CloseHandle(token[0]);
  }
}

export function ownSid(): string {
  return readToken(kernel32().GetCurrentProcess()).user;
}

/** The ids that it points to lie in the same memory. */
function tokenBytes(token: Pointer, kind: number): Buffer {
  const needed: [number] = [0];
  advapi().GetTokenInformation(token, kind, Buffer.alloc(0), 0, needed);
  const bytes = Buffer.alloc(needed[0]);
  must(advapi().GetTokenInformation(token, kind, bytes, bytes.length, needed), 'GetTokenInformation');
  return bytes;
}

/** Owner and access list of a file or folder in Windows' notation. Throws WindowsError. */
export function readRights(file: string): { owner: string; dacl: string } {
  const descriptor: [Pointer] = [null];
  const wanted = parts.owner | parts.dacl;
  const error = advapi().GetNamedSecurityInfoW(file, fileObject, wanted, null, null, null, null, descriptor);
  if (error !== 0) throw new WindowsError(`GetNamedSecurityInfo (${file})`, error);
  try {
    return {
      owner: describeDescriptor(descriptor[0], parts.owner).replace(/^O:/, ''),
      dacl: describeDescriptor(descriptor[0], parts.dacl),
    };
  } finally {
    kernel32().LocalFree(descriptor[0]);
  }
}

/** Gives a file or folder exactly this access list, closed to what the folder above hands down. Throws WindowsError. */
export function writeRights(file: string, dacl: string): void {
  withDescriptor(dacl, (descriptor) => {
    const list: [Pointer] = [null];
    must(advapi().GetSecurityDescriptorDacl(descriptor, [0], list, [0]), 'GetSecurityDescriptorDacl');
    const wanted = (parts.dacl | parts.protectedDacl) >>> 0;
    const error = advapi().SetNamedSecurityInfoW(file, fileObject, wanted, null, null, list[0], null);
    if (error !== 0) throw new WindowsError(`SetNamedSecurityInfo (${file})`, error);
  });
}

/** As Windows itself writes it: two texts that mean the same become one. */
export function normaliseSddl(sddl: string): string {
  return withDescriptor(sddl, (descriptor) => describeDescriptor(descriptor, parts.owner | parts.dacl));
}

export function withDescriptor<Result>(sddl: string, use: (descriptor: Pointer) => Result): Result {
  const made: [Pointer] = [null];
  must(
    advapi().ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, sddlRevision, made, null),
    'ConvertStringSecurityDescriptorToSecurityDescriptor',
  );
  try {
    return use(made[0]);
  } finally {
    kernel32().LocalFree(made[0]);
  }
}

/** For this account on this machine, for good; one that it has already is no failure. Throws WindowsError. */
export function grantUserRight(sid: string, right: 'SeServiceLogonRight'): void {
  const attributes = lsaObjectAttributes().bytes({ length: lsaObjectAttributes().size });
  const policy: [Pointer] = [null];
  mustLsa(advapi().LsaOpenPolicy(null, attributes, lsaAccess.lookUpNames | lsaAccess.createAccount, policy), 'LsaOpenPolicy');
  try {
    const text = Buffer.from(`${right}\0`, 'utf16le');
    const name = lsaUnicodeString().bytes({ bytes: text.length - 2, room: text.length, text });
    mustLsa(advapi().LsaAddAccountRights(policy[0], sidBytes(sid), name, 1), `LsaAddAccountRights (${right})`);
  } finally {
    advapi().LsaClose(policy[0]);
  }
}

export function sidBytes(sid: string): Buffer {
  const made: [Pointer] = [null];
  must(advapi().ConvertStringSidToSidW(sid, made), `ConvertStringSidToSid (${sid})`);
  try {
    return readBytes(made[0], advapi().GetLengthSid(made[0]));
  } finally {
    kernel32().LocalFree(made[0]);
  }
}

function mustLsa(status: number, call: string): void {
  if (status !== 0) throw new WindowsError(call, advapi().LsaNtStatusToWinError(status));
}

/** The access list of a descriptor in our own memory. */
export function describeDescriptorOf(descriptor: Buffer): string {
  return describeDescriptor(descriptor, parts.dacl);
}

function describeDescriptor(descriptor: Pointer | Buffer, wanted: number): string {
  const text: [Pointer] = [null];
  const isDone = advapi().ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, sddlRevision, wanted, text, null);
  if (!isDone) throw refused('ConvertSecurityDescriptorToStringSecurityDescriptor');
  return takeText(text[0]);
}

function takeText(text: Pointer): string {
  if (text === null) return '';
  const found = readText(text);
  kernel32().LocalFree(text);
  return found;
}
