/** What became of one plain call to each address of the service, as findings about the way there. */
import type { AppError } from '../../src-contract/app-error.ts';
import type { Finding } from '../../src-contract/diagnostics.ts';
import type { WorkerState } from '../../src-contract/engine-calls.ts';
import { maxClockSkewSeconds } from '../../src-contract/limits.ts';
import type { ProxySettings, Trust } from '../../src-contract/settings.ts';
import { evidence, failedBy, type Evidence } from './evidence.ts';

export interface Probe {
  /** The host, with its port where that is not 443. */
  address: string;
  /** Milliseconds since the call began, as far as it came. */
  stages: { stage: 'name' | 'reached' | 'proxy' | 'tunnel' | 'encrypted' | 'answer'; atMs: number }[];
  answer:
    | { kind: 'answered'; status: number; clockAheadMs: number | undefined; issuer: string; fingerprint: string }
    | { kind: 'failed'; error: AppError };
}

const stageWords = {
  name: 'name found',
  reached: 'connected',
  proxy: 'proxy reached',
  tunnel: 'tunnel open',
  encrypted: 'TLS open',
  answer: 'first byte',
};

/** A call that takes longer works, but a held call costs its connection twice as long to come back. */
const slowMs = 3_000;

function timesOf({ stages }: Probe): string {
  let before = 0;
  const words = stages.map(({ stage, atMs }) => {
    const took = `${stageWords[stage]} ${String(Math.round(atMs - before))} ms`;
    before = atMs;
    return took;
  });
  return words.length === 0 ? 'nothing came of it' : words.join(', ');
}

function answeredOf(probes: readonly Probe[]) {
  return probes.flatMap(({ address, answer }) => (answer.kind === 'answered' ? [{ address, ...answer }] : []));
}

function firstFailure(probes: readonly Probe[]): AppError | undefined {
  return probes.flatMap(({ answer }) => (answer.kind === 'failed' ? [answer.error] : []))[0];
}

const notConnected = {
  result: 'not-checked',
  sentence: 'This machine is connected to no workspace yet',
  repair: 'Connect it: the page Connection, or `hrw connect`.',
} as const;

export function judgeReachable(probes: readonly Probe[]): Finding {
  const seen = evidence(probes.map((probe): [string, string] => [probe.address, timesOf(probe)]));
  if (probes.length === 0) return { rule: 'service-reachable', evidence: seen, ...notConnected };
  const failure = firstFailure(probes);
  // A certificate that is not believed is its own rule: the service was reached.
  if (failure !== undefined && !isAboutCertificate(failure)) return failedBy('service-reachable', failure, seen);
  const slowest = Math.max(...probes.map(({ stages }) => stages.at(-1)?.atMs ?? 0));
  if (slowest > slowMs)
    return {
      rule: 'service-reachable',
      result: 'attention',
      sentence: `The service answers slowly: ${(slowest / 1000).toFixed(1)} s`,
      evidence: seen,
      repair:
        'See below which part of the way takes the time: the name server, the network, a proxy that looks into TLS, or the service itself.',
    };
  return {
    rule: 'service-reachable',
    result: 'good',
    sentence: `The service answers within ${String(Math.ceil(slowest))} ms`,
    evidence: seen,
    repair: null,
  };
}

const certificateCodes: ReadonlySet<string> = new Set([
  'certificate-untrusted',
  'certificate-other-authority',
  'certificate-pin-mismatch',
  'tls-intercepted',
]);

function isAboutCertificate(error: AppError): boolean {
  return certificateCodes.has(error.code);
}

function trustInWords(trust: Trust): string {
  switch (trust.kind) {
    case 'system':
      return 'the operating system’s authorities';
    case 'authority':
      return 'one authority alone, given when this machine was connected';
    case 'fingerprint':
      return `the pinned certificate ${trust.sha256}`;
  }
}

/**
 * `agentCall`: what a call that has to prove this machine's own certificate came to. A service that finds no client certificate on it, though
 * one was presented, is behind something that opens TLS: the cause of event 4502.
 */
export function judgeCertificates(probes: readonly Probe[], trust: Trust | undefined, agentCall: AppError | undefined): Finding {
  const rule = 'certificate-chain';
  if (trust === undefined) return { rule, evidence: [], ...notConnected };
  const seen: Evidence = evidence([
    ['believed', trustInWords(trust)],
    ...answeredOf(probes).flatMap(({ address, issuer, fingerprint }): [string, string][] => [
      [`${address} issued by`, issuer],
      [`${address} SHA-256`, fingerprint],
    ]),
  ]);
  const failure = [
    ...(agentCall === undefined ? [] : [agentCall]),
    ...probes.flatMap(({ answer }) => (answer.kind === 'failed' ? [answer.error] : [])),
  ].find(isAboutCertificate);
  if (failure !== undefined) return failedBy(rule, failure, seen);
  if (answeredOf(probes).length === 0)
    return {
      rule,
      result: 'not-checked',
      sentence: 'No certificate was seen, because the service was not reached',
      evidence: seen,
      repair: 'Mend the way to the service first.',
    };
  return {
    rule,
    result: 'good',
    sentence:
      agentCall === undefined
        ? 'The service’s certificate is trusted, and this machine’s own reaches the service'
        : 'The service’s certificate is trusted',
    evidence: seen,
    repair: null,
  };
}

/** What the system's proxy comes to, where the connection goes by it. `url`: null for none. */
export interface SystemWay {
  url: string | null;
  because: string;
}

/** Variables by which other programs find a proxy; this worker looks at them where its connection says so. */
const proxyVariables = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'];

export function judgeProxy(
  probes: readonly Probe[],
  proxy: ProxySettings | undefined,
  environment: NodeJS.ProcessEnv,
  problems: WorkerState['problems'],
  longestHoldMs: number | undefined,
  systemWay?: SystemWay,
): Finding {
  const rule = 'proxy';
  if (proxy === undefined) return { rule, evidence: [], ...notConnected };
  const named = proxyVariables.filter((name) => (environment[name] ?? '') !== '');
  const seen = evidence([
    ['applies', appliesWords(proxy, systemWay)],
    ...(proxy.kind === 'manual' && proxy.userName !== undefined ? ([['user', proxy.userName]] satisfies [string, string][]) : []),
    ...(named.length === 0 || proxy.kind === 'system'
      ? []
      : ([['not used', `the environment names another by ${named.join(', ')}`]] satisfies [string, string][])),
    [
      'long requests',
      longestHoldMs === undefined
        ? 'none has been held to its end since the worker started or was connected'
        : `one was held for ${String(Math.round(longestHoldMs / 1000))} s and answered`,
    ],
  ]);
  const failure = firstFailure(probes);
  if (failure?.code.startsWith('proxy-') === true) return failedBy(rule, failure, seen);
  // Every held call is a long request; how they fare is known without another one.
  const cut = problems.find(({ code }) => code === 'holds-cut-short');
  if (cut !== undefined)
    return {
      rule,
      result: 'attention',
      sentence: `${cut.title}: ${cut.text.replace(/\.$/, '')}`,
      evidence: seen,
      repair: cut.nextStep,
    };
  if (proxy.kind === 'none' && named.length > 0 && failure !== undefined)
    return {
      rule,
      result: 'attention',
      sentence: 'The service is not reached, and this machine’s environment names a proxy that the worker does not use',
      evidence: seen,
      repair:
        'If this network has no other way out, use that proxy: choose the system’s on the page Connection, or `hrw way change --proxy system`.',
    };
  if (failure !== undefined)
    return {
      rule,
      result: 'not-checked',
      sentence: isDirect(proxy, systemWay)
        ? 'No proxy is used; how long requests fare shows when the service is reached'
        : 'What the proxy does shows when the service is reached',
      evidence: seen,
      repair: 'Mend the way to the service first.',
    };
  return {
    rule,
    result: 'good',
    sentence: wayWords(isDirect(proxy, systemWay), longestHoldMs),
    evidence: seen,
    repair: null,
  };
}

function isDirect(proxy: ProxySettings, systemWay: SystemWay | undefined): boolean {
  return proxy.kind === 'none' || (proxy.kind === 'system' && systemWay?.url === null);
}

function appliesWords(proxy: ProxySettings, systemWay: SystemWay | undefined): string {
  if (proxy.kind === 'manual') return proxy.url;
  if (proxy.kind === 'none') return 'none: connections go straight to the service';
  if (systemWay === undefined) return 'what the system is set to';
  const { url, because } = systemWay;
  return `what the system is set to: ${url ?? 'none'} (${because})`;
}

function wayWords(direct: boolean, longestHoldMs: number | undefined): string {
  const through = direct ? 'No proxy is used' : 'The proxy lets this machine through';
  // Silence that was never tried is not known to be let through.
  if (longestHoldMs === undefined) return `${through}; no long request has been tried yet`;
  return direct ? `${through}, and long requests are held` : `${through}, and holds its long requests`;
}

const smallSkewMs = 60_000;

export function judgeClock(probes: readonly Probe[]): Finding {
  const rule = 'clock';
  const ahead = answeredOf(probes).flatMap(({ clockAheadMs }) => (clockAheadMs === undefined ? [] : [clockAheadMs]))[0];
  if (ahead === undefined)
    return {
      rule,
      result: 'not-checked',
      sentence: 'The service did not tell its time',
      evidence: [],
      repair: probes.length === 0 ? notConnected.repair : 'Mend the way to the service first.',
    };
  const off = Math.abs(ahead);
  const words =
    off < 1000
      ? 'less than a second'
      : off < 120_000
        ? `${String(Math.round(off / 1000))} s`
        : `${String(Math.round(off / 60_000))} min`;
  const seen = evidence([
    ['difference', `${words}${off < 1000 ? '' : ahead > 0 ? ' ahead of the service' : ' behind the service'}`],
  ]);
  if (off <= smallSkewMs)
    return { rule, result: 'good', sentence: 'This machine’s clock agrees with the service’s', evidence: seen, repair: null };
  const tooFar = off > maxClockSkewSeconds * 1000;
  return {
    rule,
    result: tooFar ? 'failed' : 'attention',
    sentence: `This machine’s clock is ${words} ${ahead > 0 ? 'ahead of' : 'behind'} the service’s${tooFar ? `: beyond ${String(maxClockSkewSeconds / 60)} min nothing can be signed` : ''}`,
    evidence: seen,
    repair: 'Let the machine take its time from a time server: `w32tm /resync` on Windows, `timedatectl set-ntp true` on Linux.',
  };
}
