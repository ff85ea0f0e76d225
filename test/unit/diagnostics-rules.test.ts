/** What cannot be met here as it is there: proxies, wrong clocks, foreign certificates, Windows. */
import { statfs } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import { formatBytes } from '../../src-contract/format-bytes.ts';
import type { Finding } from '../../src-contract/diagnostics.ts';
import { describeDiagnosis } from '../../src-main/command-line/worker/describe-diagnosis.ts';
import { judgeFolders } from '../../src-main/diagnostics/folders.ts';
import { judgePolicies } from '../../src-main/diagnostics/execution-policy.ts';
import { judgeIdentity } from '../../src-main/diagnostics/identity.ts';
import { judgeRuntimes } from '../../src-main/diagnostics/runtimes.ts';
import { judgeWaiting, type WaitingFacts } from '../../src-main/diagnostics/waiting-jobs.ts';
import {
  judgeCertificates,
  judgeClock,
  judgeProxy,
  judgeReachable,
  type Probe,
} from '../../src-main/diagnostics/way-to-service.ts';
import { idleState, readyState, sampleJob } from '../fakes/window/samples.ts';
import { diagnostics as texts } from '../../src-renderer/texts/diagnostics.ts';

const answered = (clockAheadMs = 0, atMs = 40): Probe => ({
  address: 'automation.example:443',
  stages: [
    { stage: 'name', atMs: 2 },
    { stage: 'reached', atMs: 12 },
    { stage: 'encrypted', atMs: 30 },
    { stage: 'answer', atMs },
  ],
  answer: { kind: 'answered', status: 404, clockAheadMs, issuer: 'Contoso CA', fingerprint: 'ab'.repeat(32) },
});
const failed = (error: AppError): Probe => ({ address: 'automation.example:443', stages: [], answer: { kind: 'failed', error } });
const proxied = { kind: 'manual', url: 'http://proxy.example:8080', userName: 'worker' } as const;

describe('the way to the service', () => {
  it('is timed part by part', () => {
    const { evidence, result } = judgeReachable([answered()]);
    expect(result).toBe('good');
    expect(evidence[0]?.value).toBe('name found 2 ms, connected 10 ms, TLS open 18 ms, first byte 10 ms');
  });

  it('that takes seconds wants attention', () => {
    expect(judgeReachable([answered(0, 4_200)])).toMatchObject({
      result: 'attention',
      sentence: 'The service answers slowly: 4.2 s',
    });
  });

  it('counts as open where only the certificate is refused, whose issuer is then shown', () => {
    const probe = failed(
      new AppError('certificate-other-authority', { host: 'automation.example', issuer: 'Proxy CA', fingerprint: 'cd' }),
    );
    expect(judgeReachable([probe]).result).toBe('good');
    expect(judgeCertificates([probe], { kind: 'authority', pem: '' }, undefined)).toMatchObject({
      result: 'failed',
      sentence: expect.stringContaining('Proxy CA') as string,
    });
  });

  it('on which the client certificate is lost is one that somebody looks into', () => {
    const stripped = new AppError('tls-intercepted', { host: 'automation.example', issuer: 'Contoso CA', fingerprint: 'ab' });
    const found = judgeCertificates([answered()], { kind: 'system' }, stripped);
    expect(found).toMatchObject({ result: 'failed', repair: stripped.toProblem().nextStep });
  });

  it('through a proxy fails by the proxy’s own word', () => {
    const error = new AppError('proxy-authentication-required', { proxy: 'proxy.example:8080', userName: 'worker' });
    expect(judgeProxy([failed(error)], proxied, {}, [], undefined)).toMatchObject({
      result: 'failed',
      repair: error.toProblem().nextStep,
    });
    expect(judgeProxy([answered()], proxied, {}, [], 20_100)).toMatchObject({
      result: 'good',
      sentence: 'The proxy lets this machine through, and holds its long requests',
      evidence: expect.arrayContaining([{ name: 'long requests', value: 'one was held for 20 s and answered' }]) as unknown,
    });
    expect(judgeProxy([answered()], proxied, {}, [], undefined)).toMatchObject({
      result: 'good',
      sentence: 'The proxy lets this machine through; no long request has been tried yet',
    });
  });

  it('through a proxy that cuts long requests wants attention', () => {
    const cut = { ...new AppError('holds-cut-short', { seconds: 10 }).toProblem(), since: '', times: 1 };
    expect(judgeProxy([answered()], proxied, {}, [cut], undefined)).toMatchObject({ result: 'attention', repair: cut.nextStep });
  });

  it('without the proxy that the environment names is a hint where nothing else answers', () => {
    const gone = failed(new AppError('connection-timed-out', { host: 'automation.example', seconds: 10 }));
    const environment = { HTTPS_PROXY: 'http://proxy.example:8080' };
    expect(judgeProxy([gone], { kind: 'none' }, environment, [], undefined)).toMatchObject({ result: 'attention' });
    expect(judgeProxy([answered()], { kind: 'none' }, environment, [], undefined)).toMatchObject({ result: 'good' });
  });

  it('says nothing of long requests while nothing answers', () => {
    const gone = failed(new AppError('connection-timed-out', { host: 'automation.example', seconds: 10 }));
    for (const proxy of [{ kind: 'none' } as const, proxied])
      expect(judgeProxy([gone], proxy, {}, [], 20_100)).toMatchObject({ result: 'not-checked' });
  });

  it.each([
    [400, 'good', 'less than a second'],
    [-30_000, 'good', '30 s behind the service'],
    [5 * 60_000, 'attention', '5 min ahead of the service'],
    [-16 * 60_000, 'failed', '16 min behind the service'],
  ])('tells a clock that is %i ms ahead', (ahead, result, words) => {
    const found = judgeClock([answered(ahead)]);
    expect(found).toMatchObject({ result, evidence: [{ name: 'difference', value: words }] });
  });
});

describe('execution policies', () => {
  const list = (machine: string, local: string) => [
    { scope: 'MachinePolicy', policy: machine },
    { scope: 'UserPolicy', policy: 'Undefined' },
    { scope: 'Process', policy: 'Undefined' },
    { scope: 'CurrentUser', policy: 'Undefined' },
    { scope: 'LocalMachine', policy: local },
  ];
  const judge = (machine: string, local: string) =>
    judgePolicies([{ label: 'Windows PowerShell 5.1', policies: list(machine, local) }]);

  it('of Group Policy are named as such', () => {
    expect(judge('Restricted', 'RemoteSigned')).toMatchObject({
      result: 'failed',
      sentence: 'Windows PowerShell 5.1 runs no scripts: Group Policy (MachinePolicy) says Restricted',
    });
    expect(judge('AllSigned', 'Undefined')).toMatchObject({
      result: 'attention',
      sentence: expect.stringContaining('Group Policy') as string,
    });
  });

  it('of the machine are mended on the machine', () => {
    expect(judge('Undefined', 'Restricted').repair).toBe('Allow them: Set-ExecutionPolicy -Scope LocalMachine RemoteSigned.');
  });

  it('that let scripts run are no matter', () => {
    expect(judge('Undefined', 'RemoteSigned').result).toBe('good');
    expect(judge('Undefined', 'Undefined').result).toBe('good');
  });

  it('that cannot be asked want attention', () => {
    expect(judgePolicies([{ label: 'PowerShell 7', policies: undefined }]).result).toBe('attention');
  });
});

describe('identity and runtimes', () => {
  it('names the computer account where the service’s own account goes onto the network', () => {
    const runbooks = { user: 'NT AUTHORITY\\SYSTEM', separated: false, sentence: 'Runbooks run as NT AUTHORITY\\SYSTEM' };
    const found = judgeIdentity({ runbooks, machineName: 'FS01', problems: [] }, 'win32');
    expect(found.evidence.find(({ name }) => name === 'on the network')?.value).toContain('FS01$');
    expect(found.evidence.find(({ name }) => name === 'a second hop')?.value).toContain('Kerberos delegation');
  });

  it('wants attention where runbooks can read the worker’s keys', () => {
    const own = { user: 'root', separated: false, sentence: 'Runbooks run as root and can read the worker’s keys' };
    const here = { machineName: 'fs01', problems: [] };
    expect(judgeIdentity({ ...here, runbooks: own }, 'linux').result).toBe('attention');
    expect(judgeIdentity({ ...here, runbooks: { ...own, separated: true } }, 'linux').result).toBe('good');
    const problem = {
      ...new AppError('run-as-unavailable', { user: 'svc', reason: 'there is no such user' }).toProblem(),
      since: '',
      times: 1,
    };
    expect(judgeIdentity({ machineName: 'fs01', problems: [problem], runbooks: own }, 'linux').result).toBe('failed');
  });

  it('fails without a runtime, and says what to install', () => {
    expect(judgeRuntimes([])).toMatchObject({ result: 'failed', repair: expect.stringContaining('PowerShell 7') as string });
    const bash = { kind: 'Bash', label: 'Bash 5.2.15', executable: '/bin/bash' };
    expect(judgeRuntimes([bash])).toMatchObject({ result: 'attention' });
  });
});

describe('jobs that wait', () => {
  const job = { jobId: 'j', runbookName: 'Say-Hello', startedBy: 'ana', queuedAt: '2026-11-28T10:00:00Z', reason: 'it is full' };
  const known = (total: number): WaitingFacts['waiting'] => ({ kind: 'known', jobs: { value: [job].slice(0, total), total } });
  const judge = (change: Partial<WaitingFacts>) => judgeWaiting({ state: readyState, waiting: known(0), running: [], ...change });

  it('are none, and that is good', () => {
    expect(judge({})).toMatchObject({ result: 'good', sentence: 'No job of group datacenter-east waits' });
  });

  it('each say why, and what this machine can do about it', () => {
    expect(judge({ waiting: known(1) })).toEqual({
      rule: 'waiting-jobs',
      result: 'attention',
      sentence: 'One job of group datacenter-east waits',
      evidence: [{ name: 'Say-Hello', value: 'since 2026-11-28T10:00:00Z: it is full' }],
      repair: 'Each job says what it waits for: mend that, or send it to another group.',
    });
    const many = judge({ waiting: known(7), state: { ...readyState, status: 'full' } });
    expect(many).toMatchObject({
      sentence: '7 jobs of group datacenter-east wait',
      repair: expect.stringContaining('limit') as string,
    });
    expect(many.evidence.at(-1)).toEqual({ name: 'more', value: '6' });
    const repairs = (['paused', 'draining'] as const).map(
      (status) => judge({ waiting: known(1), state: { ...readyState, status } }).repair,
    );
    for (const repair of repairs) expect(repair).toContain('hrw resume');
  });

  it('wait for a person too, whatever the service tells', () => {
    const running = [sampleJob(1, { phase: 'loading', asking: { since: 'x', until: '2026-11-28T10:05:00Z' } }), sampleJob(2)];
    expect(judge({ running, waiting: { kind: 'untold' } })).toMatchObject({
      result: 'attention',
      sentence: 'One job of group datacenter-east waits',
      evidence: [{ name: 'Copy-LocalFiles', value: 'waits here until 2026-11-28T10:05:00Z for a person to allow it' }],
      repair: expect.stringContaining('hrw policy questions') as string,
    });
  });

  it('are not known where nobody tells of them', () => {
    const error = new AppError('service-unavailable', { host: 'automation.example', status: 503 });
    for (const one of [
      judge({ waiting: { kind: 'untold' } }),
      judge({ waiting: { kind: 'failed', error } }),
      judge({ state: idleState }),
    ]) {
      expect(one.result).toBe('not-checked');
    }
    expect(judge({ waiting: { kind: 'failed', error } }).repair).toContain('Mend the way');
  });
});

describe('all of it together', () => {
  const finding = (result: Finding['result']): Finding => ({ rule: 'clock', result, sentence: 's', evidence: [], repair: null });
  it.each([
    [['good', 'not-checked'], 'Nothing is wrong', texts.titleGood],
    [['good', 'attention'], 'Nothing is wrong; one thing wants your attention', texts.titleAttention(1)],
    [['attention', 'attention'], 'Nothing is wrong; 2 things want your attention', texts.titleAttention(2)],
    [['failed', 'attention'], 'One thing is wrong', texts.titleWrong(1)],
    [['failed', 'failed'], '2 things are wrong', texts.titleWrong(2)],
  ] as const)('%j is said in one way on a terminal and in the window', (results, sentence, title) => {
    const words = describeDiagnosis({ at: '', tookMs: 100, findings: results.map(finding) }, process.stdout);
    expect(words.trimEnd().split('\n').at(-1)).toBe(`${sentence} (looked for 0.1 s).`);
    expect(title).toMatch(new RegExp(`^${sentence}( with this worker)?$`));
  });

  it('gives the disk’s room in the units of the window', async () => {
    const { evidence } = await judgeFolders({ dataFolder: process.cwd(), folders: [], platform: process.platform });
    const { bsize, blocks } = await statfs(process.cwd());
    expect(evidence.find(({ name }) => name === 'free')?.value).toMatch(new RegExp(` of ${formatBytes(bsize * blocks)}$`));
  });
});
