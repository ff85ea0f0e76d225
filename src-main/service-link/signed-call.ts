/** A call that proves a shared key: join, register, deregister. Over a connection of its own, ended afterwards. */
import { formatSignatureDate, signShared } from '../../src-contract/node/shared-signature.ts';
import { protocolVersion } from '../../src-contract/agent-service.ts';
import { createHttpsClient, type CallAnswer, type HttpsClientOptions } from './https-client.ts';
import type { ClientCertificate } from './trust.ts';

export interface SignedCall {
  connection: HttpsClientOptions & { certificate: ClientCertificate };
  key: string;
  method: 'PUT' | 'POST' | 'DELETE';
  path: string;
  body: unknown;
  headers?: Record<string, string>;
  now: Date;
  signal?: AbortSignal;
}

/**
 * A new connection each time: the service accepts a signature once, so a call must not be begun again on another connection
 * after a kept one turned out to be dead.
 */
export async function sendSigned({ connection, key, method, path, body, headers, now, signal }: SignedCall): Promise<CallAnswer> {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8');
  const date = formatSignatureDate(now);
  const client = createHttpsClient(connection);
  try {
    return await client.call({
      method,
      path,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        authorization: `Shared ${signShared(key, bytes, date)}`,
        protocolversion: protocolVersion,
        'x-ms-date': date,
        ...headers,
      },
      body: bytes,
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    client.close();
  }
}
