/** One plain call to an address, on a connection of its own, with the time of each part of the way. What it answers does not matter. */
import { isAppError, type AppError } from '../../src-contract/app-error.ts';
import type { ConnectionStage } from './connection.ts';
import { createHttpsClient, type HttpsClientOptions } from './https-client.ts';

export interface ProbeResult {
  stages: { stage: ConnectionStage | 'answer'; atMs: number }[];
  answer:
    | { kind: 'answered'; status: number; clockAheadMs: number | undefined; issuer: string; fingerprint: string }
    | { kind: 'failed'; error: AppError };
}

/** Shorter than a worker's own calls wait: a person is looking. */
const limits = { connectMs: 10_000, answerMs: 10_000 };

export async function probeAddress(options: HttpsClientOptions, signal: AbortSignal): Promise<ProbeResult> {
  const stages: ProbeResult['stages'] = [];
  const startMs = performance.now();
  const tell = (stage: ConnectionStage | 'answer'): void => void stages.push({ stage, atMs: performance.now() - startMs });
  const client = createHttpsClient({ ...options, timeouts: limits, onStage: tell });
  try {
    const { status, clockAheadMs, chain } = await client.call({ method: 'GET', path: '/', signal });
    tell('answer');
    const { issuer = 'nobody', fingerprint = 'none' } = chain ?? {};
    return { stages, answer: { kind: 'answered', status, clockAheadMs, issuer, fingerprint } };
  } catch (error) {
    if (!isAppError(error)) throw error;
    return { stages, answer: { kind: 'failed', error } };
  } finally {
    client.close();
  }
}
