/** What brings a journal to the service, in whichever way that service takes records. Used by sandboxes, and by the engine for dead ones. */
import { AppError, isAppError } from '../../src-contract/app-error.ts';

export interface JournalSender {
  /** More may be in the file. */
  poke(): void;
  /** Resolves when the service has everything up to `chain`, or will never take it. */
  finish(target: SendTarget): Promise<SendEnd>;
  /** Ends what is under way; resolves when nothing is any more. */
  close(): Promise<void>;
  /** Records that the service has confirmed. */
  readonly acknowledgedCount: number;
  /** What keeps the upload waiting, in words; null when nothing does. */
  readonly trouble: string | null;
}

export interface SendTarget {
  recordCount: number;
  /** Chain after the last frame before the end frame, lower-case hex. */
  chain: string;
}

/**
 * `refused`: the service takes nothing more from this attempt. `diverged`: it has records that are not in this journal, or has looked at what
 * is in it and will never take it.
 */
export type SendEnd = 'complete' | 'refused' | 'diverged' | 'closed';

export interface SenderOptions {
  path: string;
  /** Waits; ends early, without an error, when the signal is aborted. */
  delay: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** How long to wait after the given number of failures in a row: jittered, and the service's own wish where it had one. */
  retryDelayMs: (failures: number, error: unknown) => number;
  /** Each time `acknowledgedCount` or `trouble` changes. */
  onProgress?: (() => void) | undefined;
}

/** The attempt is over for the service; to ask again changes nothing. */
export function isRefusal(error: unknown): boolean {
  return error instanceof AppError && error.code === 'attempt-fenced';
}

/** The service has looked at these records and would say the same again. */
export function isUnfit(error: unknown): boolean {
  return (isAppError(error) && unfitCodes.has(error.code)) || statusOf(error) === 422;
}

const unfitCodes: ReadonlySet<string> = new Set(['input-invalid', 'request-invalid']);

/** Somebody between here and the service takes only smaller bodies; a proxy says so with a page of its own. */
export function isTooLarge(error: unknown): boolean {
  return statusOf(error) === 413;
}

function statusOf(error: unknown): unknown {
  return error instanceof AppError ? (error.details as Record<string, unknown>)['status'] : undefined;
}

export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
