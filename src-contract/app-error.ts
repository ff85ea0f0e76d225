/** A failure: the world said no. Foreign errors become one once, at the edge that met them, decided from status or errno. */
import { describeProblem, type Problem, type ProblemCode, type ProblemDetails } from './problems.ts';

export interface AppErrorOptions {
  /** May the same call succeed later without anybody doing anything? Decided where the error was met. */
  retryable?: boolean;
  retryAfterMs?: number;
  cause?: unknown;
}

/** Programs are made of several bundles, each with its own copy of the class: an error keeps its kind when it crosses between them. */
const mark = Symbol.for('hybrid-runbook-worker.AppError');

export class AppError<Code extends ProblemCode = ProblemCode> extends Error {
  override readonly name = 'AppError';
  readonly [mark] = true;
  readonly code: Code;
  readonly details: ProblemDetails<Code>;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: Code, details: ProblemDetails<Code>, options: AppErrorOptions = {}) {
    const problem = describeProblem(code, details);
    super(`${problem.title}. ${problem.text}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = details;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && mark in value;
  }

  toProblem(): Problem {
    return describeProblem(this.code, this.details);
  }
}

/** `instanceof` alone would leave code and details untyped. */
export function isAppError(error: unknown): error is AppError {
  return error instanceof AppError;
}

/** Every call between our processes answers with this. A refusal is an answer. */
export type Answer<Value> = { ok: true; value: Value } | { ok: false; problem: Problem };
