/** What a worker finds when it looks at itself: one thing wrong, some to know, the rest well. */
import type { Diagnosis, PathTest } from '../../../src-contract/diagnostics.ts';
import { ago } from './samples.ts';

export function sampleDiagnosis(): Diagnosis {
  const facts = (...pairs: [string, string][]) => pairs.map(([name, value]) => ({ name, value }));
  return {
    at: ago(3),
    tookMs: 1_840,
    findings: [
      {
        rule: 'service-reachable',
        result: 'good',
        sentence: 'The service answers within 58 ms',
        evidence: facts(['automation.contoso.example:8443', 'tunnel open 21 ms, TLS open 24 ms, first byte 13 ms']),
        repair: null,
      },
      {
        rule: 'certificate-chain',
        result: 'good',
        sentence: 'The service’s certificate is trusted, and this machine’s own reaches the service',
        evidence: facts(
          ['believed', 'the pinned certificate 3b7d0a1c5e2f4a6b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d'],
          ['automation.contoso.example:8443 issued by', 'Contoso Issuing CA 3'],
        ),
        repair: null,
      },
      {
        rule: 'proxy',
        result: 'attention',
        sentence: 'Something on the way ends calls that wait: Calls that wait for work are cut after 20 s',
        evidence: facts(['applies', 'http://proxy.contoso.example:3128'], ['user', 'svc-worker']),
        repair: 'Let the proxy keep silent connections to the service for 60 s; until then the worker asks more often.',
      },
      {
        rule: 'clock',
        result: 'good',
        sentence: 'This machine’s clock agrees with the service’s',
        evidence: facts(['difference', '2 s ahead of the service']),
        repair: null,
      },
      {
        rule: 'registration',
        result: 'good',
        sentence: 'This machine is a worker of group datacenter-east',
        evidence: facts(['certificate ends', ago(-86_400 * 300)]),
        repair: null,
      },
      {
        rule: 'pack-integrity',
        result: 'good',
        sentence: 'Every file of every pack is the one that was signed',
        evidence: [],
        repair: null,
      },
      {
        rule: 'runtimes',
        result: 'good',
        sentence: 'This machine runs Windows PowerShell 5.1, PowerShell 7.6.5',
        evidence: [],
        repair: null,
      },
      {
        rule: 'execution-policy',
        result: 'failed',
        sentence: 'Windows PowerShell 5.1 runs no scripts: Group Policy (MachinePolicy) says Restricted',
        evidence: facts(['Windows PowerShell 5.1', 'MachinePolicy Restricted, UserPolicy Undefined, LocalMachine RemoteSigned']),
        repair:
          'Ask whoever owns the Group Policy “Turn on Script Execution” to allow local scripts for this machine; event 3712 is what it causes.',
      },
      {
        rule: 'identity',
        result: 'good',
        sentence: 'Runbooks run as NT AUTHORITY\\SYSTEM',
        evidence: facts(['on the network', 'the computer account FS01$: give rights on shares and servers to that account']),
        repair: null,
      },
      {
        rule: 'disk-and-folders',
        result: 'good',
        sentence: 'The disk has 126 GB left, and every folder is the worker’s own',
        evidence: [],
        repair: null,
      },
      {
        rule: 'waiting-jobs',
        result: 'attention',
        sentence: '2 jobs of group datacenter-east wait',
        evidence: facts(
          ['Install-MonthlyUpdates', `since ${ago(340)}: no worker of group datacenter-east can run Windows batch`],
          ['Export-Certificates', `since ${ago(240)}: the only worker is full`],
        ),
        repair: 'Each job says what it waits for: mend that, or send it to another group.',
      },
    ],
  };
}

export function samplePathTest(path: string): PathTest {
  const reached = !path.includes('denied');
  return {
    path,
    user: 'NT AUTHORITY\\SYSTEM',
    reached,
    sentence: `NT AUTHORITY\\SYSTEM ${reached ? 'can' : 'cannot'} list ${path}${reached ? '' : ': access is denied'}`,
    evidence: [reached ? { name: 'entries', value: '12' } : { name: 'answer', value: 'access is denied' }],
    repair: reached ? null : 'Give that identity rights on the share and on its files.',
  };
}
