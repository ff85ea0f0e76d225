/** A plain caller of the REST API for tests and benchmarks: one call an operation, typed by the contract, failures thrown as they came. */
import { Agent, request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import type { PeerCertificate } from 'node:tls';
import {
  restOperations,
  type OperationName,
  type RestBodyInput,
  type RestParams,
  type RestQueryInput,
  type RestValue,
} from '../../src-contract/rest.ts';
import { checkIdentity } from '../../src-main/service-link/trust.ts';

export interface RestAddress {
  restUrl: string;
  caPem: string;
  token: string;
}

/** The service said no: its status and its problem, for assertions. */
export class RestRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly body: string;

  constructor(status: number, body: string) {
    super(`${String(status)}: ${body}`);
    this.status = status;
    this.body = body;
    this.code = readCode(body);
  }
}

type Given<Name extends OperationName> = {
  params?: RestParams<Name>;
  query?: RestQueryInput<Name>;
  body?: RestBodyInput<Name>;
};

export interface LiveEvent {
  event: string;
  id: string;
  data: unknown;
}

export function createRestClient(address: RestAddress) {
  const { hostname } = new URL(address.restUrl);
  const host = hostname.replace(/^\[|\]$/g, '');
  const checkServerIdentity = (_name: string, certificate: PeerCertificate): Error | undefined =>
    checkIdentity(host, certificate);
  const agent = new Agent({ keepAlive: true, ca: address.caPem, checkServerIdentity });
  const authorization = `Bearer ${address.token}`;

  function open(method: string, path: string, headers: Record<string, string>, body?: Uint8Array): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const call = request(new URL(path, address.restUrl), { method, agent, headers: { authorization, ...headers } }, resolve);
      call.on('error', reject);
      call.end(body);
    });
  }

  return {
    async call<Name extends OperationName>(name: Name, given: Given<Name> = {}): Promise<RestValue<Name>> {
      const operation = restOperations[name];
      const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, key: string) => {
        const value = (given.params as Record<string, string> | undefined)?.[key];
        if (value === undefined) throw new Error(`${name} needs the path value ${key}`);
        return encodeURIComponent(value);
      });
      const query = new URLSearchParams(
        Object.entries(given.query ?? {}).map(([key, value]): [string, string] => [key, String(value)]),
      ).toString();
      const body = encodeBody(
        given.body,
        'body' in operation && 'media' in operation.body ? operation.body.media : 'application/json',
      );
      const answer = await open(operation.method, query === '' ? path : `${path}?${query}`, body?.headers ?? {}, body?.bytes);
      const text = await readText(answer);
      const status = answer.statusCode ?? 0;
      if (status < 200 || status > 299) throw new RestRefusal(status, text);
      return (answer.headers['content-type']?.includes('json') === true ? JSON.parse(text) : text) as RestValue<Name>;
    },

    /** Server-sent events of a job, until the service ends them or the caller stops reading. */
    async *live(accountName: string, jobName: string, lastEventId?: string): AsyncGenerator<LiveEvent, void, undefined> {
      const path = `/automationAccounts/${accountName}/jobs/${jobName}/streams/live`;
      const answer = await open('GET', path, lastEventId === undefined ? {} : { 'last-event-id': lastEventId });
      if (answer.statusCode !== 200) throw new RestRefusal(answer.statusCode ?? 0, await readText(answer));
      yield* readEvents(answer);
    },

    close: () => agent.destroy(),
  };
}

export type RestClient = ReturnType<typeof createRestClient>;

function encodeBody(body: unknown, media: string): { headers: Record<string, string>; bytes: Uint8Array } | undefined {
  if (body === undefined) return undefined;
  const bytes =
    typeof body === 'string' ? Buffer.from(body) : body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  return { headers: { 'content-type': media }, bytes };
}

async function readText(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

async function* readEvents(answer: IncomingMessage): AsyncGenerator<LiveEvent, void, undefined> {
  let text = '';
  answer.setEncoding('utf8');
  try {
    for await (const part of answer) {
      text += part as string;
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const event = parseEvent(text.slice(0, end));
        text = text.slice(end + 2);
        if (event !== undefined) yield event;
      }
    }
  } finally {
    answer.destroy();
  }
}

function parseEvent(block: string): LiveEvent | undefined {
  const found = { event: 'message', id: '', data: '' };
  for (const line of block.split('\n')) {
    const separator = line.indexOf(':');
    const field = line.slice(0, separator);
    const value = line.slice(separator + 1).replace(/^ /, '');
    if (field === 'event') found.event = value;
    if (field === 'id') found.id = value;
    if (field === 'data') found.data += value;
  }
  return found.data === '' ? undefined : { ...found, data: JSON.parse(found.data) as unknown };
}

function readCode(body: string): string {
  try {
    return String((JSON.parse(body) as { code?: unknown }).code);
  } catch {
    return 'unreadable';
  }
}
