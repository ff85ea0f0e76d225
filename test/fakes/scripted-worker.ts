/**
 * A worker and its sandboxes as the protocol has them, call by call, over real HTTPS. It knows nothing of ours: addresses are written as
 * Microsoft's clients write them, bodies as their own code builds them, and every answer is given back as it came.
 */
import { createHash, webcrypto, X509Certificate } from 'node:crypto';
import { Agent, request } from 'node:https';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { formatSignatureDate, signShared } from '../../src-contract/node/shared-signature.ts';

export interface ClientIdentity {
  key: string;
  cert: string;
  /** SHA-1, upper-case hex. */
  thumbprint: string;
}

export interface Answer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  body: Buffer;
  json: unknown;
}

export interface CallOptions {
  headers?: Record<string, string>;
  body?: Uint8Array | string | object;
  signal?: AbortSignal;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** All of Microsoft's workers carry the same subject: only the thumbprint tells them apart. */
export async function makeIdentity(options: { notBefore?: Date; notAfter?: Date } = {}): Promise<ClientIdentity> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: 'C=US, O=Microsoft Corporation, OU=Azure Automation, CN=Hybrid Runbook Worker',
      notBefore: options.notBefore ?? new Date(Date.now() - 60_000),
      notAfter: options.notAfter ?? new Date(Date.now() + 365 * 86_400_000),
      signingAlgorithm: algorithm,
      keys,
    },
    webcrypto,
  );
  const cert = certificate.toString('pem');
  const thumbprint = createHash('sha1').update(new X509Certificate(cert).raw).digest('hex').toUpperCase();
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { key, cert, thumbprint };
}

export interface Connection {
  call: (method: string, url: string, options?: CallOptions) => Promise<Answer>;
  close: () => void;
}

/** `identity`: the client certificate, or none at all. */
export function connect(caPem: string, identity?: ClientIdentity): Connection {
  const agent = new Agent({ keepAlive: true, ca: caPem, ...(identity && { key: identity.key, cert: identity.cert }) });
  return {
    call: (method, url, options = {}) => send(agent, method, url, options),
    close: () => agent.destroy(),
  };
}

function send(agent: Agent, method: string, url: string, { headers = {}, body, signal }: CallOptions): Promise<Answer> {
  const bytes = bytesOf(body);
  const { hostname, port } = new URL(url);
  // Not through URL, which would change quotes and parentheses.
  const path = url.slice(url.indexOf(port) + port.length);
  return new Promise((resolve, reject) => {
    const call = request({
      method,
      hostname,
      port,
      path,
      agent,
      headers: { ...(bytes && { 'content-type': 'application/json', 'content-length': bytes.length }), ...headers },
      ...(signal && { signal }),
    });
    call.on('error', reject);
    call.on('response', (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const whole = Buffer.concat(parts);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole, json: parse(whole) });
      });
    });
    call.end(bytes);
  });
}

function bytesOf(body: CallOptions['body']): Uint8Array | undefined {
  if (body === undefined || body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

export interface SignedOptions {
  key: string;
  now?: Date;
  /** What is signed, where it is to differ from what is sent. */
  signedBody?: string;
  headers?: Record<string, string>;
}

/** Python's JSON: a blank behind comma and colon. The signature is over these very bytes. */
export function pythonJson(value: Record<string, unknown>): string {
  const fields = Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${JSON.stringify(one)}`);
  return `{${fields.join(', ')}}`;
}

export function signedCall(
  connection: Connection,
  method: 'PUT' | 'DELETE' | 'POST',
  url: string,
  body: string,
  { key, now = new Date(), signedBody = body, headers = {} }: SignedOptions,
): Promise<Answer> {
  const date = formatSignatureDate(now);
  return connection.call(method, url, {
    body,
    headers: {
      Authorization: `Shared ${signShared(key, Buffer.from(signedBody), date)}`,
      Protocolversion: '2.0',
      'X-Ms-Date': date,
      ...headers,
    },
  });
}

export function registrationBody(identity: ClientIdentity, groupName: string): string {
  return pythonJson({
    RunbookWorkerGroup: groupName,
    MachineName: 'worker-a',
    IpAddress: '10.0.0.4',
    Thumbprint: identity.thumbprint,
    Issuer: 'C = US, O = Microsoft Corporation',
    OperatingSystem: 2,
    SMBIOSAssetTag: false,
    VirtualMachineId: 'Unknown',
    Subject: 'C = US, O = Microsoft Corporation',
  });
}
