/** Who may open a named pipe. Node makes it for its own account, administrators and the system; others are let in here, and the network is shut out. */
import { ownSid, withDescriptor, wellKnownSids, describeDescriptorOf } from './security.ts';
import { kernel32 } from './kernel.ts';
import { library, must, refused, type Pointer } from './win32.ts';

const files = library<{
  CreateFileW: (name: string, access: number, share: number, security: null, how: number, flags: number, like: null) => Pointer;
}>('kernel32.dll', {
  CreateFileW:
    'void *__stdcall CreateFileW(str16 name, uint32 access, uint32 share, void *security, uint32 how, uint32 flags, void *like)',
});

const objects = library<{
  SetKernelObjectSecurity: (object: Pointer, parts: number, descriptor: Pointer) => boolean;
  GetKernelObjectSecurity: (object: Pointer, parts: number, into: Buffer, size: number, needed: [number]) => boolean;
}>('advapi32.dll', {
  SetKernelObjectSecurity: 'bool __stdcall SetKernelObjectSecurity(void *object, uint32 parts, void *descriptor)',
  GetKernelObjectSecurity:
    'bool __stdcall GetKernelObjectSecurity(void *object, uint32 parts, void *into, uint32 size, _Out_ uint32 *needed)',
});

const access = { readControl: 0x2_0000, writeDacl: 0x4_0000 } as const;
const openExisting = 3;
const daclPart = 0x4;
const invalidHandle = 0xffff_ffff_ffff_ffffn;
/** FILE_GENERIC_READ and FILE_GENERIC_WRITE without FILE_CREATE_PIPE_INSTANCE: talk, but not listen under this name. */
const talk = '0x12019b';

/**
 * `guests`: security ids of those who may talk beside administrators, the system and ourselves. What is known over the network (SMB carries
 * pipes) is refused whoever it is.
 */
export function pipeDacl(guests: readonly string[]): string {
  const hosts = [wellKnownSids.system, wellKnownSids.administrators, ownSid()];
  const allowed = [...hosts.map((sid) => `(A;;FA;;;${sid})`), ...guests.map((sid) => `(A;;${talk};;;${sid})`)];
  return `D:P(D;;FA;;;${wellKnownSids.network})${allowed.join('')}`;
}

/** Of a pipe that we listen at. Takes one of its connections for a moment: whoever listens sees a client that says nothing. */
export function setPipeRights(name: string, dacl: string): void {
  withPipe(name, access.readControl | access.writeDacl, (pipe) =>
    withDescriptor(dacl, (descriptor) =>
      must(objects().SetKernelObjectSecurity(pipe, daclPart, descriptor), `SetKernelObjectSecurity (${name})`),
    ),
  );
}

export function readPipeRights(name: string): string {
  return withPipe(name, access.readControl, (pipe) => {
    const bytes = Buffer.alloc(4096);
    must(objects().GetKernelObjectSecurity(pipe, daclPart, bytes, bytes.length, [0]), `GetKernelObjectSecurity (${name})`);
    return describeDescriptorOf(bytes);
  });
}

function withPipe<Result>(name: string, rights: number, use: (pipe: Pointer) => Result): Result {
  const pipe = files().CreateFileW(name, rights, 0, null, openExisting, 0, null);
  if (pipe === null || pipe === invalidHandle) throw refused(`CreateFile (${name})`);
  try {
    return use(pipe);
  } finally {
    kernel32().CloseHandle(pipe);
  }
}
