/** What an answer means: its body by schema, its refusal as an AppError. Foreign text is only ever quoted, never believed. */
import type { z } from 'zod';
import { AppError } from '../../src-contract/app-error.ts';
import { maxClockSkewSeconds } from '../../src-contract/limits.ts';
import { contentDigest, digestHeader } from '../../src-contract/node/content-digest.ts';
import { problem, problemCatalogue, type Problem, type ProblemCode, type ProblemDetails } from '../../src-contract/problems.ts';
import type { CallAnswer } from './https-client.ts';

/** undefined for a body that is no JSON. */
export function readJson(answer: CallAnswer): unknown {
  try {
    return JSON.parse(answer.body.toString('utf8'));
  } catch {
    return undefined;
  }
}

export function parseAnswer<Schema extends z.ZodType>(answer: CallAnswer, schema: Schema): z.output<Schema> {
  refuseForeignPage(answer);
  const json = readJson(answer);
  if (json === undefined) throw notUnderstood(answer, answer.body.length === 0 ? 'an empty body' : 'a body that is no JSON');
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw notUnderstood(answer, `JSON of another shape (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`);
}

/** Our service speaks JSON or nothing: a page comes from something in between, whatever its status says. */
export function refuseForeignPage(answer: CallAnswer): void {
  if (isPage(answer)) throw notUnderstood(answer, 'an HTML page');
}

/** A body that has no shape of its own to be known by. A service that gives no digest is believed. */
export function refuseDamaged(answer: CallAnswer): void {
  const digest = answer.headers[digestHeader];
  if (digest !== undefined && digest !== contentDigest(answer.body))
    throw notUnderstood(answer, 'a body that was damaged on the way');
}

function isPage({ headers, body }: CallAnswer): boolean {
  if (/^(?:text\/html|application\/xhtml)/i.test(headers['content-type'] ?? '')) return true;
  return /^\s*<(?:!doctype|html|head|body)/i.test(body.subarray(0, 512).toString('latin1'));
}

function notUnderstood({ host, status }: CallAnswer, what: string): AppError {
  return new AppError('answer-not-understood', { host, status, what }, { retryable: true });
}

/** The service's own description of a failure, with a code that this version knows and every detail that its words need. */
export function problemOf(answer: CallAnswer): Problem | undefined {
  const parsed = problem.safeParse(readJson(answer));
  return parsed.success && isKnown(parsed.data) ? parsed.data : undefined;
}

function isKnown({ code, details }: Problem): boolean {
  if (!Object.hasOwn(problemCatalogue, code)) return false;
  // The catalogue has types for the details, not schemas: whether one is missing shows when its words are put together.
  let isComplete = true;
  const watched = new Proxy(details, {
    get: (target, key) => {
      if (typeof key === 'string' && !Object.hasOwn(target, key)) isComplete = false;
      return Reflect.get(target, key) as unknown;
    },
  });
  const entry = problemCatalogue[code as ProblemCode] as unknown as Record<
    'title' | 'text' | 'nextStep',
    (given: unknown) => string
  >;
  for (const part of ['title', 'text', 'nextStep'] as const) entry[part](watched);
  return isComplete;
}

/** `what`: the call in words. For any status that is not the call's success. */
export function failureOf(answer: CallAnswer, what: string): AppError {
  const { host, status } = answer;
  if (isTemporary(status)) {
    const retryAfterMs = readRetryAfter(answer);
    return new AppError(
      'service-unavailable',
      { host, status },
      { retryable: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
    );
  }
  if (status < 400) return notUnderstood(answer, describeOddSuccess(answer));
  if (isPage(answer)) return notUnderstood(answer, 'an HTML page');
  const found = problemOf(answer);
  if (found?.code === 'certificate-not-proven' && answer.presentedCertificate && answer.chain !== undefined)
    return new AppError('tls-intercepted', { host, ...answer.chain }, { retryable: true });
  if (found !== undefined)
    // problemOf has checked that the details are those of the code.
    return new AppError(found.code as ProblemCode, found.details as ProblemDetails<ProblemCode>);
  return new AppError('service-refused', { call: what, status, reason: quoteReason(answer) });
}

/**
 * Of a service that names its features in each answer, refusals too: one that does not is somebody's on the way (a gateway that has lost its
 * routes says 404 as well), and judges nothing.
 */
export function refuseStrangersRefusal(answer: CallAnswer): void {
  const { status } = answer;
  if (status >= 400 && !isTemporary(status)) throw notUnderstood(answer, 'a refusal that is not this service’s');
}

function isTemporary(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function describeOddSuccess({ status, headers }: CallAnswer): string {
  return status >= 300 && headers.location !== undefined
    ? `a redirection to ${headers.location.slice(0, 200)}`
    : 'a status that has no meaning here';
}

/** Seconds or a date. A date is measured against the answer's own clock, because ours may be wrong. */
function readRetryAfter({ headers }: CallAnswer): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1000;
  const base = headers.date === undefined ? Date.now() : Date.parse(headers.date);
  const ms = Date.parse(value) - base;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** A few words of a foreign refusal: its title or message, else the beginning of its text. */
function quoteReason(answer: CallAnswer): string {
  const json = readJson(answer);
  const fields = typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  const words = [fields['title'], fields['detail'], fields['text'], fields['message'], fields['error']].filter(
    (one): one is string => typeof one === 'string' && one !== '',
  );
  const text = words.length > 0 ? words.slice(0, 2).join(': ') : answer.body.subarray(0, 300).toString('utf8');
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim() || 'no reason given';
}

/**
 * For a signed call that was refused without a known code: a clock that is too far off explains it.
 * Our service says so itself; others only send their `Date`.
 */
export function clockFailureOf({ clockAheadMs }: CallAnswer): AppError | undefined {
  if (clockAheadMs === undefined || Math.abs(clockAheadMs) <= maxClockSkewSeconds * 1000) return undefined;
  const minutes = Math.round(Math.abs(clockAheadMs) / 60_000);
  return new AppError('clock-skewed', { minutes, direction: clockAheadMs > 0 ? 'ahead' : 'behind' });
}
