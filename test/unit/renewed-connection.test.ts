/** What a service has said that it offers holds over every connection to it, also before its first answer over the next one. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import { RenewedConnection } from '../../src-main/launcher/renewed-connection.ts';
import { FakeFinishingService } from '../fakes/finishing-service.ts';

describe('a connection that is made anew after a call that failed', () => {
  it('is told what the service has said over the one before', async () => {
    const told: string[][] = [];
    const { signal } = new AbortController();
    const service = new FakeFinishingService();
    const connection = new RenewedConnection((known) => {
      told.push([...known]);
      return Promise.resolve({ service, close: () => undefined });
    });
    await connection.service.getJob('job', { signal });
    service.failures.push(new AppError('connection-cut', { host: 'service' }, { retryable: true }));
    await expect(connection.service.getJob('job', { signal })).rejects.toThrow();
    await connection.service.getJob('job', { signal });
    expect(told).toEqual([[], ['wait', 'record-batches', 'sandbox-secret', 'outcome']]);
  });
});
