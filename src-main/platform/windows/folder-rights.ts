/**
 * Who may come at the worker's data: administrators, the system, and the service itself; nobody else, whatever the folders above say. Looked at
 * whenever the service starts, and put right when something took the rights away.
 */
import { normaliseSddl, ownSid, readRights, wellKnownSids, writeRights } from './security.ts';

export interface FolderRights {
  /** `foreign`: somebody else owns the folder, who could change its rights at any time. */
  kind: 'as-they-should-be' | 'repaired' | 'foreign';
  /** What was found, in Windows' notation. */
  found: string;
}

/** `service`: the security id of the service. Whoever calls this may own the folder, too: it is an administrator, or the service itself. */
export function ensureFolderRights(folder: string, service: string): FolderRights {
  const wanted = normaliseSddl(folderDacl(service));
  const { owner, dacl } = readRights(folder);
  if (!trustedOwners(service).has(normaliseSddl(`O:${owner}`))) return { kind: 'foreign', found: `O:${owner}${dacl}` };
  if (isProtected(dacl) && entriesOf(dacl) === entriesOf(wanted)) return { kind: 'as-they-should-be', found: dacl };
  writeRights(folder, wanted);
  return { kind: 'repaired', found: dacl };
}

/** Full control for each, handed down to everything inside; P: nothing comes from above. */
function folderDacl(service: string): string {
  const full = (sid: string): string => `(A;OICI;FA;;;${sid})`;
  return `D:P${[wellKnownSids.system, wellKnownSids.administrators, service].map(full).join('')}`;
}

function trustedOwners(service: string): ReadonlySet<string> {
  return new Set([wellKnownSids.system, wellKnownSids.administrators, service, ownSid()].map((sid) => normaliseSddl(`O:${sid}`)));
}

function isProtected(dacl: string): boolean {
  return /^D:[A-Z]*P/.test(dacl);
}

/** Without the flags of the list, of which Windows adds some by itself. */
function entriesOf(dacl: string): string {
  return dacl.slice(dacl.indexOf('('));
}
