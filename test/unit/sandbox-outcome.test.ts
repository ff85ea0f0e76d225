import { describe, expect, it } from 'vitest';
import { finalStatus } from '../../src-contract/kinds.ts';
import { decideOutcome, type AttemptFacts, type HostWords, type RuntimeEnd } from '../../src-main/sandbox/outcome.ts';

const spoke: HostWords = { begun: '7.6.5', ended: { exitCode: 0, exception: null }, garbled: undefined };

function ended(change: Partial<Extract<RuntimeEnd, { kind: 'ended' }>> = {}): RuntimeEnd {
  return { kind: 'ended', exitCode: 0, signal: null, host: undefined, errorTail: '', ...change };
}

function decide(end: RuntimeEnd | undefined, change: Partial<AttemptFacts> = {}) {
  const facts = { runtime: 'Bash 5.2', end, stopReason: undefined, overrun: undefined, fenced: false, suspendedAt: undefined };
  return decideOutcome({ ...facts, ...change });
}

describe('the outcome of an attempt', () => {
  it('is suspended when the workflow had its checkpoint kept for that, and ended well', () => {
    const word = decide(ended({ host: spoke }), { suspendedAt: 7 });
    expect(word).toEqual({ outcome: 'suspended', reason: 'the workflow suspended itself at line 7', exitCode: 0 });
    expect(finalStatus('suspended')).toBe('Suspended');
    const failed = { ...spoke, ended: { exitCode: 1, exception: 'no' } };
    expect(decide(ended({ host: failed }), { suspendedAt: 7 }).outcome).toBe('failed');
    expect(decide(ended({ host: spoke }), { suspendedAt: 7, stopReason: 'asked' }).outcome).toBe('stopped');
  });

  it('is failed when this machine’s policy ended it, whoever asked for a stop meanwhile, but not when the service gave it up', () => {
    const killed = ended({ exitCode: null, signal: 'SIGTERM' });
    const word = { outcome: 'failed', reason: 'Longest run', exitCode: null };
    expect(decide(killed, { overrun: 'Longest run' })).toEqual(word);
    expect(decide(killed, { overrun: 'Longest run', stopReason: 'asked' })).toEqual(word);
    expect(decide(killed, { overrun: 'Longest run', fenced: true }).outcome).toBe('interrupted');
  });

  it.each([
    ['an exit code of 0', ended(), 'completed', 0, /exit code 0/],
    ['an exit code of 0 with words on stderr', ended({ errorTail: 'warning' }), 'completed', 0, /exit code 0/],
    ['another exit code', ended({ exitCode: 3 }), 'failed', 3, /^The runbook ended with exit code 3\.$/],
    ['another exit code with words on stderr', ended({ exitCode: 3, errorTail: 'disk full\n' }), 'failed', 3, /^disk full$/],
    ['a signal from elsewhere', ended({ exitCode: null, signal: 'SIGKILL' }), 'interrupted', null, /SIGKILL/],
    [
      'a crash of its own',
      ended({ exitCode: null, signal: 'SIGSEGV', errorTail: 'at 0' }),
      'failed',
      null,
      /crashed \(SIGSEGV\): at 0/,
    ],
    ['a runtime that could not be started', { kind: 'not-started', reason: 'ENOENT' } as const, 'failed', null, /ENOENT/],
    ['ground that could not be made ready', { kind: 'not-prepared', reason: 'ENOSPC' } as const, 'never-started', null, /ENOSPC/],
    ['no runtime at all', undefined, 'never-started', null, /was not started/],
  ] as const)('of a runtime without a host, after %s', (_what, end, outcome, exitCode, reason) => {
    expect(decide(end)).toMatchObject({ outcome, exitCode, reason: expect.stringMatching(reason) as string });
  });

  it.each([
    ['both words and a good end', ended({ host: spoke }), 'completed', 0],
    [
      'no word at all and an exit code of 0',
      ended({ host: { begun: undefined, ended: undefined, garbled: undefined } }),
      'never-started',
      0,
    ],
    ['a first word alone and an exit code of 0', ended({ host: { ...spoke, ended: undefined } }), 'interrupted', 0],
    [
      'a first word alone and a signal',
      ended({ exitCode: null, signal: 'SIGTERM', host: { ...spoke, ended: undefined } }),
      'interrupted',
      null,
    ],
    ['words that cannot be read', ended({ host: { ...spoke, garbled: 'odd' } }), 'interrupted', 0],
    ['an exception', ended({ exitCode: 1, host: { ...spoke, ended: { exitCode: 1, exception: 'no room' } } }), 'failed', 1],
    ['an exit code of its own', ended({ exitCode: 7, host: { ...spoke, ended: { exitCode: 7, exception: null } } }), 'failed', 7],
    [
      'no word before its time was over',
      ended({
        exitCode: null,
        signal: 'SIGKILL',
        host: { begun: undefined, ended: undefined, garbled: undefined },
        stuck: { seconds: 120, modules: ['scan.so', 'libc.so.6'] },
      }),
      'never-started',
      null,
    ],
  ] as const)('of a runtime with a host, after %s', (_what, end, outcome, exitCode) => {
    expect(decide(end)).toMatchObject({ outcome, exitCode });
  });

  it('is stopped when somebody asked for it, however the runtime ended', () => {
    for (const end of [
      undefined,
      ended(),
      ended({ exitCode: null, signal: 'SIGKILL' }),
      ended({ host: { ...spoke, ended: undefined } }),
    ])
      expect(decide(end, { stopReason: 'by somebody' })).toMatchObject({ outcome: 'stopped', reason: 'by somebody' });
  });

  it('is interrupted when the service has given up, even if it was stopped too', () => {
    expect(decide(ended(), { fenced: true, stopReason: 'by somebody' }).outcome).toBe('interrupted');
  });

  it('goes to a service that knows no outcomes as a final status', () => {
    expect(
      (['completed', 'stopped', 'failed', 'never-started', 'interrupted', 'sandbox-crashed'] as const).map(finalStatus),
    ).toEqual(['Completed', 'Stopped', 'Failed', 'Failed', 'Failed', 'Failed']);
  });
});
