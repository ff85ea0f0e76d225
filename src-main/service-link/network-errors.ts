/** What the operating system, TLS and the HTTP parser say, as an AppError: decided from the code alone, never from the text. */
import { AppError, isAppError } from '../../src-contract/app-error.ts';

const unknownName = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME', 'ENODATA']);
const noAnswer = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL']);
const refused = new Set(['ECONNREFUSED', 'EACCES', 'EPERM']);
const cut = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_EOF_STATE']);

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code !== undefined) return code;
  // Several addresses were tried: the first one's failure stands for all.
  return error instanceof AggregateError && error.errors.length > 0 ? codeOf(error.errors[0]) : '';
}

/** The connection was there and ended. */
export function isCut(error: unknown): boolean {
  return cut.has(codeOf(error));
}

/** Retryable throughout: the service has not judged the call, so the same call may succeed when the way is free again. */
export function describeNetworkError(error: unknown, host: string, port: number, seconds = 0): unknown {
  if (isAppError(error)) return error;
  const code = codeOf(error);
  const options = { retryable: true, cause: error };
  if (unknownName.has(code)) return new AppError('host-unknown', { host }, options);
  if (refused.has(code)) return new AppError('connection-refused', { host, port }, options);
  if (noAnswer.has(code)) return new AppError('connection-timed-out', { host, seconds }, options);
  if (cut.has(code)) return new AppError('connection-cut', { host }, options);
  if (code.startsWith('HPE_'))
    return new AppError('answer-not-understood', { host, status: 0, what: 'something that is not HTTP' }, options);
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_'))
    return new AppError('answer-not-understood', { host, status: 0, what: describeTls(code) }, options);
  // Neither the network's nor TLS's: a mistake of ours, and it must look like one.
  return error;
}

function describeTls(code: string): string {
  return code.includes('ALERT') ? `a refusal of the encrypted connection (${code})` : `something that is not TLS (${code})`;
}
