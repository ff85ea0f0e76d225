import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../../src-contract/settings.ts';
import { openPolicy } from '../../../src-contract/policy.ts';
import { connectCommand } from '../../../src-renderer/control-panel/pages/connection/connect-command.ts';
import {
  completeServiceUrl,
  connectArguments,
  mistakesIn,
  plainFingerprint,
  startOfForm,
} from '../../../src-renderer/control-panel/pages/connection/connection-form.ts';
import { readPolicyForm, startOfPolicy } from '../../../src-renderer/control-panel/pages/settings/policy-form.ts';
import { readSettingsForm, startOfSettings } from '../../../src-renderer/control-panel/pages/settings/settings-form.ts';
import {
  mistakesInRegistration,
  registerCommands,
} from '../../../src-renderer/control-panel/pages/worker-group/registration-form.ts';
import { quoteArgument } from '../../../src-renderer/shared/shell-quote.ts';

const sha256 = 'ab'.repeat(32);
const filled = { ...startOfForm(null), workspaceId: 'id', workspaceKey: 'key', serviceUrl: 'https://host:8443' };

describe('the connection form', () => {
  it('names every field that is missing', () => {
    expect(Object.keys(mistakesIn(startOfForm(null)))).toEqual(['workspaceId', 'workspaceKey', 'serviceUrl']);
    expect(mistakesIn(filled)).toEqual({});
  });

  it('completes a URL without a scheme and refuses another than https', () => {
    expect(completeServiceUrl(' host:8443/ ')).toBe('https://host:8443');
    expect(mistakesIn({ ...filled, serviceUrl: 'http://host' }).serviceUrl).toContain('HTTPS');
    expect(mistakesIn({ ...filled, serviceUrl: 'https://' }).serviceUrl).toBeDefined();
  });

  it('reads a fingerprint however it was copied', () => {
    const colons = sha256.toUpperCase().replace(/..(?=.)/g, '$&:');
    for (const text of [sha256, colons, `sha256 Fingerprint=${colons}`, `SHA-256: ${sha256}`, ` ${sha256}\n`]) {
      expect(plainFingerprint(text)).toBe(sha256);
    }
    expect(mistakesIn({ ...filled, trustKind: 'fingerprint', fingerprint: 'ab' }).fingerprint).toBeDefined();
  });

  it('asks only for what the choice of trust and proxy needs', () => {
    expect(mistakesIn({ ...filled, fingerprint: 'nonsense', proxyUrl: 'nonsense' })).toEqual({});
    expect(Object.keys(mistakesIn({ ...filled, trustKind: 'authority', proxyKind: 'manual' }))).toEqual([
      'authorityPem',
      'proxyUrl',
    ]);
  });

  it('becomes the call that the engine takes', () => {
    const form = {
      ...filled,
      serviceUrl: 'host:8443/',
      trustKind: 'fingerprint' as const,
      fingerprint: sha256.toUpperCase(),
      proxyKind: 'manual' as const,
      proxyUrl: 'http://proxy:3128',
      proxyUser: 'me',
      proxyPassword: 'secret',
    };
    expect(connectArguments(form)).toEqual({
      workspaceId: 'id',
      workspaceKey: 'key',
      serviceUrl: 'https://host:8443',
      trust: { kind: 'fingerprint', sha256 },
      proxy: { kind: 'manual', url: 'http://proxy:3128', userName: 'me', password: 'secret' },
    });
  });

  it('keeps the proxy’s known password when none is entered', () => {
    const form = { ...filled, proxyKind: 'manual' as const, proxyUrl: 'http://proxy:3128', proxyUser: 'me', proxyPassword: '' };
    expect(connectArguments(form).proxy).toEqual({ kind: 'manual', url: 'http://proxy:3128', userName: 'me' });
  });

  it('never puts a secret on the command line', () => {
    const command = connectCommand({
      ...filled,
      workspaceKey: 'tops3cret',
      proxyKind: 'manual',
      proxyUrl: 'http://proxy:3128',
      proxyUser: 'DOMAIN\\me',
      proxyPassword: 'tops3cret',
    });
    expect(command).not.toContain('tops3cret');
    expect(command).toContain("'DOMAIN\\me'");
  });
});

describe('the registration form', () => {
  const endpoint = 'https://host/accounts/7d0c2f9e-2b61-4f0e-9a35-8f1f6f0f7a11';
  it('names every field that is missing or wrong', () => {
    expect(Object.keys(mistakesInRegistration({ groupName: '', endpoint: '', token: ' ' }))).toEqual([
      'groupName',
      'endpoint',
      'token',
    ]);
    expect(Object.keys(mistakesInRegistration({ groupName: 'a b', endpoint: 'https://host', token: 't' }))).toEqual([
      'groupName',
      'endpoint',
    ]);
    expect(mistakesInRegistration({ groupName: 'datacenter-east', endpoint: `${endpoint}/`, token: 't' })).toEqual({});
  });

  it('shows the commands that do the same, without the token', () => {
    const commands = registerCommands({ groupName: 'datacenter-east', endpoint, token: 'tops3cret' }).map(
      ({ command }) => command,
    );
    expect(commands.join('\n')).not.toContain('tops3cret');
    expect(commands[1]).toContain(`Add-HybridRunbookWorker -Name datacenter-east -EndPoint ${endpoint}`);
  });
});

describe('the settings form', () => {
  const settings = { ...defaultSettings, limit: 4 };
  it('changes only what differs', () => {
    const form = { ...startOfSettings(settings), retentionDays: '7' };
    expect(readSettingsForm(form, settings)).toEqual({ ok: true, change: { retentionDays: 7 }, changes: 1 });
    expect(readSettingsForm(startOfSettings(settings), settings)).toMatchObject({ ok: true, changes: 0 });
  });

  it('reads an empty limit as: as many as there are cores', () => {
    expect(readSettingsForm({ ...startOfSettings(settings), limit: ' ' }, settings)).toMatchObject({ change: { limit: null } });
  });

  it('names what is no value', () => {
    const form = { ...startOfSettings(settings), limit: '51', stopGraceSeconds: '', retentionDays: 'a week', runAs: 'two words' };
    const read = readSettingsForm(form, settings);
    expect(read.ok ? [] : Object.keys(read.mistakes)).toEqual(['limit', 'stopGraceSeconds', 'retentionDays', 'runAs']);
  });
});

describe('an argument on a command line', () => {
  it('is quoted where a shell would read it as more than itself', () => {
    expect(quoteArgument('datacenter-east')).toBe('datacenter-east');
    expect(quoteArgument('a b')).toBe("'a b'");
    expect(quoteArgument('$(x)`y`"z"')).toBe('\'$(x)`y`"z"\'');
    expect(quoteArgument("it's")).toBe(`'it'"'"'s'`);
  });
});

describe('the form of the local policy', () => {
  const form = startOfPolicy(openPolicy);

  it('asks for nothing until a rule is switched on, and offers what is usual then', () => {
    expect(readPolicyForm(form, openPolicy)).toEqual({ ok: true, change: {}, changes: 0 });
    const on = { ...form.on, hours: true, askSeconds: true };
    expect(readPolicyForm({ ...form, on }, openPolicy)).toEqual({
      ok: true,
      change: { hours: { days: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'], from: '08:00', to: '18:00' }, askSeconds: 300 },
      changes: 2,
    });
  });

  it('names each rule that says nothing', () => {
    const on = { ...form.on, kinds: true, runbooks: true, trustedKeys: true, longestRunSeconds: true };
    const read = readPolicyForm({ ...form, on, longestRunSeconds: 'long' }, openPolicy);
    expect(read.ok ? [] : Object.keys(read.mistakes)).toEqual(['kinds', 'runbooks', 'trustedKeys', 'longestRunSeconds']);
  });

  it('changes only what differs, and lifts what is switched off', () => {
    const policy = { ...openPolicy, kinds: ['Bash' as const], runbooks: ['a', 'b-*'], longestRunSeconds: 90 };
    const start = startOfPolicy(policy);
    expect(start).toMatchObject({ runbooks: 'a\nb-*', longestRunSeconds: '90s' });
    const changed = { ...start, runbooks: ' a \n\nc', on: { ...start.on, kinds: false } };
    expect(readPolicyForm(changed, policy)).toEqual({ ok: true, change: { kinds: null, runbooks: ['a', 'c'] }, changes: 2 });
  });
});
