/** What cannot be met here as it is there: proxies, wrong clocks, foreign certificates, Windows. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import { judgePolicies } from '../../src-main/diagnostics/execution-policy.ts';
import { judgeIdentity } from '../../src-main/diagnostics/identity.ts';
import { judgeRuntimes } from '../../src-main/diagnostics/runtimes.ts';
import {
  judgeCertificates,
  judgeClock,
  judgeProxy,
  judgeReachable,
  type Probe,
} from '../../src-main/diagnostics/way-to-service.ts';

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
    expect(judgeProxy([failed(error)], proxied, {}, [])).toMatchObject({ result: 'failed', repair: error.toProblem().nextStep });
    expect(judgeProxy([answered()], proxied, {}, [])).toMatchObject({ result: 'good' });
  });

  it('through a proxy that cuts long requests wants attention', () => {
    const cut = { ...new AppError('holds-cut-short', { seconds: 10 }).toProblem(), since: '', times: 1 };
    expect(judgeProxy([answered()], proxied, {}, [cut])).toMatchObject({ result: 'attention', repair: cut.nextStep });
  });

  it('without the proxy that the environment names is a hint where nothing else answers', () => {
    const gone = failed(new AppError('connection-timed-out', { host: 'automation.example', seconds: 10 }));
    const environment = { HTTPS_PROXY: 'http://proxy.example:8080' };
    expect(judgeProxy([gone], { kind: 'none' }, environment, [])).toMatchObject({ result: 'attention' });
    expect(judgeProxy([answered()], { kind: 'none' }, environment, [])).toMatchObject({ result: 'good' });
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
