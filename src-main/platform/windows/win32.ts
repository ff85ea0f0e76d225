/** What every call to Windows shares: how its errors are told, how structures become bytes and back. */
import { lazily, nativeCalls, type NativeCalls } from '../native-calls.ts';

/** koffi's: an address as a number of any size; null is NULL. */
export type Pointer = bigint | null;

/** A call that Windows refused. `number` is that of GetLastError, or what the call itself answered. */
export class WindowsError extends Error {
  override readonly name = 'WindowsError';
  readonly number: number;

  constructor(call: string, number: number) {
    super(`${call} was refused by Windows: ${describeNumber(number)}`);
    this.number = number;
  }
}

export const errorNumber = {
  fileNotFound: 2,
  accessDenied: 5,
  invalidParameter: 87,
  insufficientBuffer: 122,
  alreadyExists: 183,
  moreData: 234,
  processAborted: 1067,
} as const;

const words: Record<number, string> = {
  2: 'there is no such thing',
  5: 'access is denied',
  6: 'the handle is not valid',
  87: 'a value is not valid',
  183: 'it exists already',
  1053: 'the service did not answer in time',
  1055: 'the database of services is locked',
  1056: 'the service runs already',
  1057: 'the account is not known, or its password is wrong',
  1060: 'there is no such service',
  1062: 'the service does not run',
  1069: 'the account of the service could not be logged on',
  1072: 'the service is marked for deletion',
  1073: 'the service exists already',
  1332: 'no account has this name',
};

function describeNumber(number: number): string {
  const known = words[number];
  return known === undefined ? `error ${String(number)}` : `${known} (error ${String(number)})`;
}

const lastError = lazily(
  () => nativeCalls().load('kernel32.dll').func('uint32 __stdcall GetLastError()') as unknown as () => number,
);

/** Right after the call that failed. */
export function refused(call: string): WindowsError {
  return new WindowsError(call, lastError()());
}

export function lastErrorNumber(): number {
  return lastError()();
}

export function must(done: boolean, call: string): void {
  if (!done) throw refused(call);
}

/** 64 bits as koffi reads them: a number where that is exact. */
export type Wide = number | bigint;

type Member = string | ReturnType<NativeCalls['struct']>;

/** A structure of Windows, as its header has it. Sizes and offsets are tried against what Windows answers (test/windows). */
export interface Structure<Value extends object> {
  readonly type: ReturnType<NativeCalls['struct']>;
  readonly size: number;
  readonly offsetOf: (member: keyof Value & string) => number;
  /** What is not named is zero. */
  readonly bytes: (value: Partial<Value>) => Buffer;
  readonly read: (from: Buffer | bigint, offset?: number) => Value;
}

/** In the order of the header; `members` is asked when the structure is first needed. */
export function structure<Value extends object>(
  members: (koffi: NativeCalls) => Record<keyof Value & string, Member>,
): () => Structure<Value> {
  return lazily(() => {
    const koffi = nativeCalls();
    const type = koffi.struct(members(koffi));
    return {
      type,
      size: type.size,
      offsetOf: (member) => koffi.offsetof(type, member),
      bytes: (value) => {
        const bytes = Buffer.alloc(type.size);
        koffi.encode(bytes, type, value);
        return bytes;
      },
      read: (from, offset = 0) => koffi.decode(from, offset, type) as Value,
    };
  });
}

/** The calls of one library, by their C prototypes: read at the first use of any of them. */
export function library<Calls extends Record<string, (...given: never[]) => unknown>>(
  file: string,
  prototypes: Record<keyof Calls & string, string>,
): () => Calls {
  return lazily(() => {
    const lib = nativeCalls().load(file);
    const names = Object.entries<string>(prototypes);
    return Object.fromEntries(names.map(([name, prototype]) => [name, lib.func(prototype)])) as unknown as Calls;
  });
}

/** Text that ends with a zero, at an address that Windows has given. */
export function readText(from: bigint): string {
  return nativeCalls().decode.string16(from);
}

/** A copy of memory that Windows has given. */
export function readBytes(from: Pointer, bytes: number): Buffer {
  return Buffer.from(Buffer.from(nativeCalls().view(from, bytes)));
}
