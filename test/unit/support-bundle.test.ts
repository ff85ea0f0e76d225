/** The second net of a support bundle, and what is in one. */
import { describe, expect, it } from 'vitest';
import type { EngineCallName } from '../../src-contract/engine-calls.ts';
import { describeProblem } from '../../src-contract/problems.ts';
import { collectBundle, type AskWorker } from '../../src-main/support-bundle/contents.ts';
import { redactText, redactValue } from '../../src-main/support-bundle/redact.ts';
import { scenarios } from '../fakes/window/scenarios.ts';
import { FakeWorker } from '../fakes/window/fake-worker.ts';

const key = 'Zm9yIHRlc3RzOiBhIGtleSB0aGF0IG9wZW5zIG5vdGhpbmcgYXQgYWxsLCA0MiBieXRlcw==';

describe('a redacted text', () => {
  it.each([
    ['https://ana:Tr0ub4dor@proxy:3128/x', 'https://[left out]@proxy:3128/x'],
    ['http://ana@proxy', 'http://[left out]@proxy'],
    ['Authorization: Bearer abcdefgh12345', 'Authorization: Bearer [left out]'],
    ['Proxy-Authorization: Basic YW5hOnB3', 'Proxy-Authorization: Basic [left out]'],
    ['password=hunter2; next', 'password=[left out]; next'],
    ['{"clientSecret": "a b c"}', '{"clientSecret": [left out]}'],
    ['ACCOUNT_KEY: x', 'ACCOUNT_KEY: [left out]'],
    [`the key is ${key}.`, 'the key is [left out].'],
    ['eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.', '[left out]'],
    ['a\n-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\nb', 'a\n[left out]\nb'],
    ['-----BEGIN PRIVATE KEY-----\ncut off', '[left out]'],
  ])('%j becomes %j', (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it.each([
    'The account did not accept the key that ends in …9f2c',
    'https://automation.contoso.example:8443/agent?x=1',
    '5f'.repeat(32),
    '0a0b0c0d-0000-4000-8000-000000000001',
    '/home/ana42/.local/share/Hybrid Runbook Worker/AzureAutomationFiles/AzureAutomation/1.0.0',
    '/var/lib/hybrid-runbook-worker/sandboxes/0a0b0c0d-0000-4000-8000-000000000001/work/Data2026',
    'Settings changed: trustedKeys from none given to /etc/keys.',
  ])('keeps %j', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('is every text of a value, and all that stands under the name of a secret', () => {
    expect(redactValue({ proxy: { url: 'http://a:b@c', password: 'x' }, list: ['token=y', 3, null], tokens: ['z'] })).toEqual({
      proxy: { url: 'http://[left out]@c', password: '[left out]' },
      list: ['token=[left out]', 3, null],
      tokens: ['[left out]'],
    });
  });
});

describe('a support bundle', () => {
  const collect = async (ask: (name: EngineCallName) => unknown) => {
    const worker = new FakeWorker(scenarios.filled());
    const call: AskWorker = (name, given) => {
      const refusal = ask(name);
      if (refusal !== undefined) return Promise.resolve(refusal as never);
      return worker.call(name, given);
    };
    const files = await collectBundle(call, new Date('2026-11-28T12:00:00Z'));
    return new Map(files.map((file) => [file.name, { ...file, text: file.content.toString() }]));
  };

  it('says what it is made of, and holds nothing that a runbook said', async () => {
    const files = await collect(() => undefined);
    const readme = files.get('README.txt')?.text ?? '';
    for (const [name, { about }] of files) if (name !== 'README.txt') expect(readme).toContain(about);
    expect(JSON.parse(files.get('worker.json')?.text ?? '')).toMatchObject({ machineName: 'srv-files-02' });
    const jobs = JSON.parse(files.get('jobs.json')?.text ?? '') as Record<string, unknown>[];
    expect(jobs.length).toBeGreaterThan(10);
    for (const job of jobs) {
      for (const name of ['parameters', 'lastRecord', 'outcomeReason']) expect(job).not.toHaveProperty(name);
      expect(job).toHaveProperty('parameterNames');
    }
    expect(files.get('events.ndjson')?.text.trim().split('\n')).toHaveLength(1300);
  });

  it('says of what the worker refused that it is not there, and why', async () => {
    const problem = describeProblem('control-refused', { role: 'reader', needed: 'operator' });
    const files = await collect((name) => (name === 'diagnostics:run' ? { ok: false, problem } : undefined));
    expect(files.get('diagnosis.txt')?.about).toContain('Not there: This needs the role operator.');
    expect(files.get('worker.json')?.text).toContain('srv-files-02');
  });
});
