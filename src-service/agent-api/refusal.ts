/** A failure whose status is not the one that its problem usually has: in this protocol 401 also says "end this sandbox". */
import type { AppError } from '../../src-contract/app-error.ts';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly failure: AppError;

  constructor(status: number, failure: AppError) {
    super(failure.message, { cause: failure });
    this.status = status;
    this.failure = failure;
  }
}
