/** Runs a program that answers a question and ends. */
import { execFile } from 'node:child_process';

export interface Asking {
  environment: NodeJS.ProcessEnv;
  signal?: AbortSignal;
}

/** A first start from a cold disk, under a virus scanner, can take seconds; one that hangs must not hold whoever asks. */
const answerLimitMs = 20_000;

/** What it wrote to its standard output; undefined when it could not be started, failed, or took too long. */
export function askProgram(
  executable: string,
  question: readonly string[],
  { environment, signal }: Asking,
): Promise<string | undefined> {
  const options = { env: environment, timeout: answerLimitMs, killSignal: 'SIGKILL', windowsHide: true } as const;
  return new Promise((resolve) => {
    execFile(executable, question, { ...options, ...(signal === undefined ? {} : { signal }) }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}
