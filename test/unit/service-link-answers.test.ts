import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { describeProblem } from '../../src-contract/problems.ts';
import { clockFailureOf, failureOf, parseAnswer, problemOf, refuseForeignPage } from '../../src-main/service-link/answers.ts';
import type { CallAnswer } from '../../src-main/service-link/https-client.ts';
import { provokes } from '../harness/provokes.ts';

function answerOf(status: number, body: unknown = '', parts: Partial<CallAnswer> = {}): CallAnswer {
  return {
    host: 'service.example',
    status,
    headers: {},
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    clockAheadMs: undefined,
    chain: undefined,
    presentedCertificate: false,
    ...parts,
  };
}

const page = '<!DOCTYPE html><html><body>Please log on</body></html>';

/** What a function throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('an answer with 200', () => {
  it('is parsed by its schema, and unknown keys are dropped', () => {
    expect(parseAnswer(answerOf(200, { name: 'x', more: 1 }), z.object({ name: z.string() }))).toEqual({ name: 'x' });
  });

  it('that is a page, no JSON, empty or of another shape is not understood, and the call may be repeated', () => {
    for (const body of [page, '  <html>', 'plain words', '', '{"name":', { name: 5 }, []]) {
      const error = thrownBy(() => parseAnswer(answerOf(200, body), z.object({ name: z.string() })));
      expect(error).toMatchObject({ code: provokes('answer-not-understood'), retryable: true });
    }
  });

  it('that is a page is no consent either', () => {
    expect(() => {
      refuseForeignPage(answerOf(200, page));
    }).toThrow();
    expect(() => {
      refuseForeignPage(answerOf(200, 'x', { headers: { 'content-type': 'text/html; charset=utf-8' } }));
    }).toThrow();
    expect(() => {
      refuseForeignPage(answerOf(200, ''));
    }).not.toThrow();
  });
});

describe('a refusal', () => {
  it.each([408, 429, 500, 502, 503, 504])('with %i is a service that cannot serve right now', (status) => {
    const error = failureOf(answerOf(status, page), 'ask');
    expect(error).toMatchObject({ code: provokes('service-unavailable'), retryable: true, details: { status } });
    expect(error.retryAfterMs).toBeUndefined();
  });

  it('says how long to wait, in seconds or as a date on the service’s own clock', () => {
    expect(failureOf(answerOf(503, '', { headers: { 'retry-after': '7' } }), 'ask').retryAfterMs).toBe(7_000);
    const headers = { date: 'Mon, 23 Nov 2026 10:00:00 GMT', 'retry-after': 'Mon, 23 Nov 2026 10:00:30 GMT' };
    expect(failureOf(answerOf(503, '', { headers }), 'ask').retryAfterMs).toBe(30_000);
    expect(failureOf(answerOf(503, '', { headers: { 'retry-after': 'soon' } }), 'ask').retryAfterMs).toBeUndefined();
  });

  it('that names a known problem is that problem, not to be repeated', () => {
    const problem = describeProblem('account-key-refused', { keyEnding: 'wxyz', outcome: 'Nothing was registered' });
    const error = failureOf(answerOf(401, { ...problem, status: 401, correlationId: 'c' }), 'register');
    expect(error).toMatchObject({ code: 'account-key-refused', details: { keyEnding: 'wxyz' }, retryable: false });
  });

  it('that names an unknown problem, or lacks what a known one’s words need, is quoted', () => {
    const known = describeProblem('account-key-refused', { keyEnding: 'wxyz', outcome: 'Nothing was registered' });
    for (const body of [
      { ...known, code: 'brand-new' },
      { ...known, details: {} },
      { ...known, code: 'toString' },
    ]) {
      expect(problemOf(answerOf(400, body))).toBeUndefined();
      const error = failureOf(answerOf(400, body), 'register');
      expect(error).toMatchObject({ code: provokes('service-refused'), retryable: false });
      expect(error.message).toContain(known.title);
      expect(error.message).not.toContain('undefined');
    }
  });

  it('without words is still a refusal', () => {
    expect(failureOf(answerOf(403), 'ask').details).toEqual({ call: 'ask', status: 403, reason: 'no reason given' });
    expect(failureOf(answerOf(403, 'no\r\nway\u0007'), 'ask').details).toMatchObject({ reason: 'no way' });
  });

  it('by a page or a redirection is not the service’s', () => {
    expect(failureOf(answerOf(403, page), 'ask').code).toBe('answer-not-understood');
    const moved = failureOf(answerOf(302, '', { headers: { location: 'https://portal.example/login' } }), 'ask');
    expect(moved.code).toBe('answer-not-understood');
    expect(moved.message).toContain('portal.example');
  });

  it('because no certificate arrived, although one was presented, means that something opens the connection', () => {
    const body = describeProblem('certificate-not-proven', { thumbprint: 'AB' });
    const chain = { issuer: 'Company Inspection', fingerprint: 'ff' };
    const seen = failureOf(answerOf(401, body, { presentedCertificate: true, chain }), 'register');
    expect(seen).toMatchObject({ code: provokes('tls-intercepted'), details: { host: 'service.example', ...chain } });
    expect(failureOf(answerOf(401, body), 'register').code).toBe('certificate-not-proven');
  });
});

describe('the clock', () => {
  it('explains a refusal when it is further off than the service accepts', () => {
    const ahead = clockFailureOf(answerOf(403, '', { clockAheadMs: 20 * 60_000 }));
    expect(ahead).toMatchObject({ code: provokes('clock-skewed'), details: { minutes: 20, direction: 'ahead' } });
    const behind = clockFailureOf(answerOf(403, '', { clockAheadMs: -3_600_000 }));
    expect(behind?.details).toEqual({ minutes: 60, direction: 'behind' });
    expect(clockFailureOf(answerOf(403, '', { clockAheadMs: 60_000 }))).toBeUndefined();
    expect(clockFailureOf(answerOf(403))).toBeUndefined();
  });
});
