import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openAuthority, type Authority, type AuthorityPems } from '../../../src-service/tls/authority.ts';
import { tempFolder } from '../../harness/temp-folder.ts';

const dayMs = 24 * 60 * 60 * 1000;
const start = Date.UTC(2026, 10, 23);

function leafOf(authority: Authority): X509Certificate {
  return new X509Certificate(authority.serverCredentials().cert);
}

async function opened(names = ['localhost']) {
  const folder = await tempFolder();
  const time = { now: start };
  const open = (given = names) => openAuthority({ folder, names: given, now: () => new Date(time.now) });
  return { time, open, authority: await open() };
}

describe('the service’s authority', () => {
  test('gives the same certificates after a restart', async () => {
    const { open, authority } = await opened();
    const again = await open();
    expect(again.caFingerprint).toBe(authority.caFingerprint);
    expect(leafOf(again).fingerprint256).toBe(leafOf(authority).fingerprint256);
  });

  test('issues anew for another name', async () => {
    const { open, authority } = await opened();
    const renamed = await open(['localhost', 'automation.contoso.example']);
    expect(renamed.caFingerprint).toBe(authority.caFingerprint);
    expect(leafOf(renamed).checkHost('automation.contoso.example')).toBe('automation.contoso.example');
  });

  test('renews the server’s certificate when two thirds of its life are over, not before', async () => {
    const { time, authority } = await opened();
    const first = leafOf(authority);
    const lifeMs = Date.parse(first.validTo) - Date.parse(first.validFrom);
    time.now = Date.parse(first.validFrom) + (lifeMs * 2) / 3 - dayMs;
    expect(await authority.renewIfDue()).toBe(false);
    time.now += 2 * dayMs;
    expect(await authority.renewIfDue()).toBe(true);
    expect(Date.parse(leafOf(authority).validTo)).toBeGreaterThan(Date.parse(first.validTo));
    expect(await authority.renewIfDue()).toBe(false);
  });

  test('of a second replica is the first one’s, for whoever trusts that one, also after its restart', async () => {
    const now = (): Date => new Date(start);
    let agreed: AuthorityPems | undefined;
    const agree = (own: AuthorityPems): Promise<AuthorityPems> => Promise.resolve((agreed ??= own));
    const [firstFolder, secondFolder] = [await tempFolder(), await tempFolder()];
    const first = await openAuthority({ folder: firstFolder, names: ['one.example'], now, agree });
    // Made alone before, as by a service that had a database of its own.
    const alone = await openAuthority({ folder: secondFolder, names: ['two.example'], now });
    expect(alone.caFingerprint).not.toBe(first.caFingerprint);
    for (let start = 0; start < 2; start += 1) {
      const second = await openAuthority({ folder: secondFolder, names: ['two.example'], now, agree });
      expect(second.caFingerprint).toBe(first.caFingerprint);
      if (start === 0) expect(readFileSync(second.setAside ?? '', 'utf8')).toBe(alone.caPem);
      else expect(second.setAside).toBeUndefined();
      expect(leafOf(second).verify(new X509Certificate(first.caPem).publicKey)).toBe(true);
      expect(leafOf(second).checkHost('two.example')).toBe('two.example');
    }
  });

  test('renews itself with its key, so that whoever trusts the earlier one trusts what comes after', async () => {
    const { time, authority } = await opened();
    const before = new X509Certificate(authority.caPem);
    time.now = start + 14 * 365 * dayMs;
    expect(await authority.renewIfDue()).toBe(true);
    const after = new X509Certificate(authority.caPem);
    expect(after.fingerprint256).not.toBe(before.fingerprint256);
    expect(leafOf(authority).verify(before.publicKey)).toBe(true);
    expect(leafOf(authority).checkIssued(before)).toBe(true);
  });
});
