/** Who may come at the worker on Windows, what it tells Windows' event log, and how it keeps secrets there. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildWindowsMessages } from '../../scripts/windows-messages.mjs';
import { eventChannel, eventIds } from '../../src-contract/events.ts';
import { requireWine, wineIsThere, wineNode, type WineNode } from '../harness/wine-node.ts';

interface ControlReport {
  madeGroups: string;
  removedGroups: string;
  guardedKeys: string[];
  address: string;
  rights: string;
  openedRights: string;
  role: string;
  own: string;
}

interface SecretReport {
  registered: string;
  written: boolean;
  texts: (string | null)[];
  unregistered: string;
  secretIsPlain: boolean;
  readBack: string;
  changed: string;
  old: string;
  absent: null;
}

/** Of Debian's binutils for Windows. */
function hasMessageTools(): boolean {
  try {
    execFileSync('x86_64-w64-mingw32-windmc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.runIf(wineIsThere())('the control channel on Windows', () => {
  let found: ControlReport;

  beforeAll(async () => {
    found = await (await wineNode()).run<ControlReport>('control');
  });

  it('is a pipe for administrators, the system and the worker itself, and never for the network', () => {
    expect(found.address).toMatch(/^\\\\\.\\pipe\\hrw-[0-9a-f]{32}-control$/);
    expect(found.rights).toBe(`D:P(D;;FA;;;NU)(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;${found.own})`);
  });

  it('lets in the members of a group to talk, and not to listen under its name', () => {
    expect(found.openedRights).toBe(`${found.rights}(A;;0x12019b;;;BU)`);
  });

  it('serves its clients after its rights were set, with a key for each role', () => {
    expect(found.guardedKeys).toEqual(['reader', 'operator', 'administrator']);
    expect(found.role).toBe('administrator');
  });

  it('makes the groups of its roles, and takes them away', () => {
    expect([found.madeGroups, found.removedGroups]).toEqual(['done', 'done']);
  });
});

describe.runIf(wineIsThere())('events and secrets on Windows', () => {
  let windows: WineNode;
  let found: SecretReport;

  beforeAll(async () => {
    windows = await wineNode();
    const file = 'hrw-messages.dll';
    if (hasMessageTools()) buildWindowsMessages(path.join(windows.folder.linux, file));
    const ids = Object.values(eventIds).map(({ id }) => String(id));
    found = await windows.run<SecretReport>('events-and-secrets', [`${windows.folder.windows}\\${file}`, ...ids]);
  });

  it('a log of our own is registered, written to, and taken away', () => {
    expect([found.registered, found.written, found.unregistered]).toEqual(['done', true, 'done']);
  });

  it('the message file has a text for every id, and a name for every channel', (context) => {
    if (!hasMessageTools()) {
      expect(found.texts.every((text) => text === null)).toBe(true);
      return context.skip('there is no x86_64-w64-mingw32-windmc on this machine (Debian: binutils-mingw-w64-x86-64)');
    }
    const ids = Object.keys(eventIds);
    expect(found.texts).toEqual([...eventChannel.options, ...ids.map(() => '%1'), null]);
  });

  it('a secret on disk is sealed for this machine, and what was changed is not opened', () => {
    expect(found.secretIsPlain).toBe(false);
    expect(found.readBack).toBe('a private key: größer');
    expect(found.changed).toMatch(/CryptUnprotectData was refused/);
  });

  it('a secret from before they were sealed is read as it is', () => {
    expect(found.old).toBe('a private key: größer');
    expect(found.absent).toBeNull();
  });
});

if (!wineIsThere()) it('access on Windows is tried under wine', requireWine);
