/**
 * Who comes at the control channel: for each role, whoever can read the file with its key. On Linux the mode of the files says so; on
 * Windows their access lists do, by membership, and the pipe is opened to the same people. A person who is an administrator but has not
 * elevated is none to Windows: administering asks for elevation by itself.
 */
import type { Role } from '../../src-contract/engine-calls.ts';
import { setPipeRights, pipeDacl } from './windows/pipe-rights.ts';
import { groupSid } from './windows/role-groups.ts';
import { ownSid, wellKnownSids, writeRights } from './windows/security.ts';

export interface ControlFiles {
  /** The file with the key of each role. */
  keys: ReadonlyMap<Role, string>;
  /** What everybody needs who has any role. */
  shared: readonly string[];
  /** Where the channel listens. */
  address: string;
}

export type ControlGuard = (files: ControlFiles) => void;

/** Each time that the channel is opened: rights that something took away are given again. */
export const guardControl: ControlGuard = process.platform === 'win32' ? guardByGroups : () => undefined;

/** A role that may do more may also be reached with the key of one that may do less. */
function guardByGroups({ keys, shared, address }: ControlFiles): void {
  const operators = groupSid('operator');
  const readers = groupSid('reader');
  const some = (...sids: (string | undefined)[]): string[] => sids.filter((sid) => sid !== undefined);
  const admitted: Record<Role, string[]> = { administrator: [], operator: some(operators), reader: some(operators, readers) };
  for (const [role, file] of keys) writeRights(file, fileDacl(admitted[role]));
  for (const file of shared) writeRights(file, fileDacl(admitted.reader));
  setPipeRights(address, pipeDacl(admitted.reader));
}

function fileDacl(readers: readonly string[]): string {
  const owners = [wellKnownSids.system, wellKnownSids.administrators, ownSid()];
  return `D:P${owners.map((sid) => `(A;;FA;;;${sid})`).join('')}${readers.map((sid) => `(A;;FR;;;${sid})`).join('')}`;
}
