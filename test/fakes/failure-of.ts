import { isAppError, type AppError } from '../../src-contract/app-error.ts';

/** The AppError that a call ends with; anything else is the test's failure. */
export async function failureOf(call: Promise<unknown>): Promise<AppError> {
  try {
    await call;
  } catch (error) {
    if (isAppError(error)) return error;
    throw error;
  }
  throw new Error('The call succeeded, but a failure was expected.');
}
