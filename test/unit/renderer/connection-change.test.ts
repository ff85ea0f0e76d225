import { describe, expect, it } from 'vitest';
import { describeProblem } from '../../../src-contract/problems.ts';
import { changesIn } from '../../../src-renderer/control-panel/pages/connection/connection-changes.ts';
import { connectCommand } from '../../../src-renderer/control-panel/pages/connection/connect-command.ts';
import {
  changeArguments,
  isSameConnection,
  mistakesIn,
  startOfForm,
} from '../../../src-renderer/control-panel/pages/connection/connection-form.ts';
import { testSteps } from '../../../src-renderer/control-panel/pages/connection/test-steps.ts';
import { readyState, sampleWayTest } from '../../fakes/window/samples.ts';

const { connection } = readyState;
if (connection === null) throw new Error('the sample is connected');
const form = startOfForm(connection);

describe('a connection that is there', () => {
  it('is changed without its key, as long as workspace and service stay', () => {
    expect(isSameConnection({ ...form, serviceUrl: `${form.serviceUrl}/` }, connection)).toBe(true);
    expect(mistakesIn({ ...form, proxyKind: 'system' }, connection)).toEqual({});
    for (const other of [{ workspaceId: 'another' }, { serviceUrl: 'https://elsewhere:8443' }])
      expect(Object.keys(mistakesIn({ ...form, ...other }, connection))).toEqual(['workspaceKey']);
    expect(Object.keys(mistakesIn(form, null))).toEqual(['workspaceKey']);
  });

  it('says what will change, and nothing where nothing will', () => {
    expect(changesIn(form, connection)).toEqual([]);
    const next = { ...form, serviceUrl: 'https://elsewhere:8443', proxyKind: 'system' as const };
    expect(changesIn(next, connection)).toEqual([
      { name: 'Service URL', from: connection.serviceUrl, to: 'https://elsewhere:8443' },
      { name: 'Proxy', from: expect.any(String) as string, to: 'What this system is set to' },
    ]);
  });

  it('tells one authority from another, and a password from none, without showing either', () => {
    const trusting = { ...connection, trust: { kind: 'authority' as const, pem: 'ONE' }, proxy: { kind: 'none' as const } };
    const manual = { proxyKind: 'manual' as const, proxyUrl: 'http://p:1', proxyUser: 'me', proxyPassword: 'tops3cret' };
    const changes = changesIn({ ...startOfForm(trusting), authorityPem: 'OTHER', ...manual }, trusting);
    expect(changes.map(({ name }) => name)).toEqual(['Trust', 'Proxy', 'Password']);
    expect(JSON.stringify(changes)).not.toMatch(/OTHER|tops3cret/);
  });

  it('becomes the call and the command that change nothing else', () => {
    const next = { ...form, trustKind: 'system' as const, proxyKind: 'system' as const };
    expect(changeArguments(next)).toEqual({ trust: { kind: 'system' }, proxy: { kind: 'system' } });
    expect(connectCommand(next, true)).toBe('hrw way change --system-trust --proxy system');
    expect(connectCommand({ ...next, proxyKind: 'none' }, true)).toContain('--proxy none');
    expect(connectCommand(next)).toMatch(/^hrw connect .* --proxy system$/);
  });
});

describe('a tried way', () => {
  it('shows its stages, the one that failed, and those that were not come to', () => {
    expect(testSteps(sampleWayTest).map(({ key, status }) => `${key} ${status}`)).toEqual([
      'proxy done',
      'tunnel done',
      'encrypted done',
      'answer done',
    ]);
    const problem = describeProblem('proxy-ntlm-required', { proxy: 'p:1', schemes: 'NTLM' });
    const refused = { ...sampleWayTest, stages: [{ stage: 'proxy' as const, tookMs: 2 }], problem };
    expect(testSteps(refused).map(({ status }) => status)).toEqual(['done', 'failed', 'later', 'later']);
    const straight = testSteps({
      ...sampleWayTest,
      proxy: null,
      stages: [
        { stage: 'name', tookMs: 1 },
        { stage: 'reached', tookMs: 1 },
      ],
      problem,
    });
    expect(straight.map(({ key, status }) => `${key} ${status}`)).toEqual(['reached done', 'encrypted failed', 'answer later']);
  });
});
