/**
 * Stands before the real service, ends TLS for a worker and its sandboxes, and forwards what they say; but one fault is done to one of each
 * call of the protocol: the first, or the one that a plan says. It calls the service with the certificate of whoever called, whose key it is
 * given; and as a service's own proxy does, it puts its own address where the service names its.
 */
import { createServer, request as callService, Agent } from 'node:https';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import type { ClientPair } from './made-keys.ts';

/** `before`: the service hears nothing. `midway`: half of a message passes. `after`: the service has done it, its answer does not arrive. */
export const moments = ['before', 'midway', 'after'] as const;
/** `refuse`: 503 with Retry-After. `garbage`: another one's page with status 200, or an answer whose half is noise. */
export const faults = ['cut', 'delay', 'refuse', 'garbage'] as const;
export type Moment = (typeof moments)[number];
export type Fault = (typeof faults)[number];

export interface FrontOptions {
  /** Where the service listens for agents. */
  serviceUrl: string;
  credentials: { key: string; cert: string };
  /** The pair whose certificate this is (DER). */
  pairOf: (certificate: Buffer) => ClientPair | undefined;
  /** One name a call of the protocol, whatever ids are in its path. */
  nameOf: (incoming: IncomingMessage, body: Buffer) => string;
  delayMs: number;
}

export interface Plan {
  moment: Moment;
  fault: Fault;
  /** Which of the calls with this name, counted from 1; absent: the first. Nothing is done to a name that is called less often. */
  occurrenceOf?: (call: string) => number;
  /** The fault is done to every call with this name, and to no other. */
  lasting?: string;
}

export interface Seen {
  /** How often each call was made, by its name. */
  calls: ReadonlyMap<string, number>;
  /** How often the fault was done to it. */
  done: ReadonlyMap<string, number>;
}

export interface FaultingFront {
  url: string;
  /** From now on this is done; `undefined`, and until the first plan: nothing is. What is seen from now on is counted in the answer. */
  begin: (plan: Plan | undefined) => Seen;
  /** Workers are asked for another certificate with each answer to a call for work, until one has been announced. */
  askForCertificate: () => void;
  close: () => Promise<void>;
}

export async function startFaultingFront(options: FrontOptions): Promise<FaultingFront> {
  let calls = new Map<string, number>();
  let done = new Map<string, number>();
  let hasSentRecords = false;
  let asksForCertificate = false;
  let plan: Plan | undefined;
  let ownUrl = '';
  const sockets = new Set<Duplex>();
  const timers = new Set<NodeJS.Timeout>();
  const agents: Agent[] = [];
  const byFingerprint = new Map<string, Agent>();

  const agentFor = (incoming: IncomingMessage): Agent => {
    const { socket } = incoming;
    // Without a certificate the answer is an empty object.
    const presented: Partial<PeerCertificate> = socket instanceof TLSSocket ? socket.getPeerCertificate() : {};
    const fingerprint = presented.fingerprint256 ?? '';
    let agent = byFingerprint.get(fingerprint);
    if (agent === undefined) {
      const pair = presented.raw === undefined ? undefined : options.pairOf(presented.raw);
      // Who the service is has been checked by the worker's own trust, against the same certificate.
      agent = new Agent({ keepAlive: true, rejectUnauthorized: false, ...pair });
      byFingerprint.set(fingerprint, agent);
      agents.push(agent);
    }
    return agent;
  };

  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        resolve();
      }, options.delayMs);
      timers.add(timer);
    });

  /** Whether it is this one's turn. Counts it. */
  function planFor(call: string): Plan | undefined {
    const count = (calls.get(call) ?? 0) + 1;
    calls.set(call, count);
    if (plan === undefined) return undefined;
    const isHit = plan.lasting === undefined ? count === (plan.occurrenceOf?.(call) ?? 1) : call === plan.lasting;
    if (!isHit) return undefined;
    done.set(call, (done.get(call) ?? 0) + 1);
    return plan;
  }

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const call = options.nameOf(incoming, body);
    // An upload that goes on is not as the first.
    const current = planFor(hasSentRecords && call.endsWith('/records') ? `${call}, again` : call);
    if (call.endsWith('/records') && (current === undefined || current.fault === 'delay')) hasSentRecords = true;
    const forward = async (given: Buffer): Promise<Answer> => {
      const found = await forwardTo(options.serviceUrl, agentFor(incoming), incoming, outgoing, given);
      const isTaken = found.status === 200;
      if (isTaken && call.endsWith('/hybridcertificaterotation')) asksForCertificate = false;
      const asks = isTaken && asksForCertificate && call.includes('/getsandboxactions');
      return withOwnUrl(found, options.serviceUrl, ownUrl, asks ? { rotateworkercertificate: 'true' } : {});
    };
    if (current === undefined) {
      send(outgoing, await forward(body));
      return;
    }
    const { moment, fault } = current;
    if (moment === 'before') {
      if (fault !== 'delay') {
        fail(fault, incoming, outgoing);
        return;
      }
      await wait();
      send(outgoing, await forward(body));
      return;
    }
    // A request that breaks off in its middle reaches the service too; what comes of it is not passed on.
    if (moment === 'midway' && fault === 'refuse') {
      await breakOff(options.serviceUrl, agentFor(incoming), incoming, body);
      fail(fault, incoming, outgoing);
      return;
    }
    const found = await forward(body);
    if (moment === 'after') {
      if (fault !== 'delay') {
        fail(fault, incoming, outgoing);
        return;
      }
      await wait();
      send(outgoing, found);
      return;
    }
    await sendHalf(found, fault, outgoing, incoming);
  }

  async function sendHalf(found: Answer, fault: Fault, outgoing: ServerResponse, incoming: IncomingMessage): Promise<void> {
    const middle = Math.floor(found.body.length / 2);
    outgoing.writeHead(found.status, found.headers);
    outgoing.write(found.body.subarray(0, middle));
    if (fault === 'cut') {
      // The half is to arrive before the end does.
      setImmediate(() => incoming.socket.destroy());
      return;
    }
    if (fault === 'delay') await wait();
    const rest = found.body.subarray(middle);
    outgoing.end(fault === 'garbage' ? Buffer.alloc(rest.length, 0xff) : rest);
  }

  const server = createServer({ ...options.credentials, requestCert: true, rejectUnauthorized: false }, (incoming, outgoing) => {
    outgoing.on('error', () => undefined);
    // The service is away, or the caller is: the caller sees its connection end.
    answer(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ownUrl = `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return {
    url: ownUrl,
    begin: (next) => {
      plan = next;
      hasSentRecords = false;
      calls = new Map();
      done = new Map();
      return { calls, done };
    },
    askForCertificate: () => {
      asksForCertificate = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const timer of timers) clearTimeout(timer);
        for (const socket of sockets) socket.destroy();
        for (const agent of agents) agent.destroy();
      }),
  };
}

interface Answer {
  status: number;
  headers: OutgoingHttpHeaders;
  body: Buffer;
}

function withOwnUrl(found: Answer, serviceUrl: string, ownUrl: string, more: OutgoingHttpHeaders): Answer {
  const headers = { ...found.headers, ...more };
  if (!/json/i.test(headers['content-type'] ?? '')) return { ...found, headers };
  const body = Buffer.from(found.body.toString('utf8').replaceAll(serviceUrl, ownUrl));
  return { ...found, headers: { ...headers, 'content-length': body.length }, body };
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function begin(serviceUrl: string, agent: Agent, incoming: IncomingMessage) {
  const headers: OutgoingHttpHeaders = { ...incoming.headers };
  // What is passed on half, or not at all, is to be readable text.
  delete headers['accept-encoding'];
  return callService(new URL(incoming.url ?? '/', serviceUrl), { method: incoming.method, agent, headers });
}

/** Gives up the call when the caller is gone: a held call would outlive it. */
function forwardTo(
  serviceUrl: string,
  agent: Agent,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = begin(serviceUrl, agent, incoming);
    const giveUp = (): void => void call.destroy();
    outgoing.once('close', giveUp);
    call.once('error', reject);
    call.once('response', (found) => {
      readAll(found).then((whole) => {
        outgoing.off('close', giveUp);
        const { connection: _c, 'keep-alive': _k, 'transfer-encoding': _t, ...headers } = found.headers;
        resolve({ status: found.statusCode ?? 0, headers: { ...headers, 'content-length': whole.length }, body: whole });
      }, reject);
    });
    call.end(body);
  });
}

function breakOff(serviceUrl: string, agent: Agent, incoming: IncomingMessage, body: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const call = begin(serviceUrl, agent, incoming);
    call.once('error', () => resolve());
    call.once('response', (found) => {
      // A call without a body cannot break off in it: it has been made.
      found.resume();
      found.once('close', () => resolve());
    });
    if (body.length === 0) call.end();
    else call.write(body.subarray(0, Math.floor(body.length / 2)), () => setTimeout(() => call.destroy(), 20));
  });
}

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, headers);
  outgoing.end(body);
}

function fail(fault: Fault, incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (fault === 'cut') incoming.socket.destroy();
  else if (fault === 'refuse') outgoing.writeHead(503, { 'retry-after': '1', 'content-length': 0 }).end();
  else outgoing.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Welcome</title><p>Please log on.');
}
