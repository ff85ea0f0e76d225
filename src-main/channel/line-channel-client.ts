/** The calling end of a line channel. It proves itself and wants the server's proof before it asks anything. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import * as z from 'zod';
import type { Answer } from '../../src-contract/app-error.ts';
import { problem } from '../../src-contract/problems.ts';
import {
  channelHello,
  channelMessage,
  channelWelcome,
  isProof,
  maxLineBytes,
  proveChannel,
} from '../../src-contract/node/line-channel.ts';
import { ChannelError } from './channel-error.ts';
import { LineSplitter } from './line-splitter.ts';

const handshakeTimeoutMs = 5000;

const answerShape = z.union([z.object({ ok: z.literal(true), value: z.unknown() }), z.object({ ok: z.literal(false), problem })]);

export interface ConnectOptions {
  address: string;
  role: string;
  key: Uint8Array;
  /** Given: the client asks for events. The payload is parsed by the listener, who knows its schema. */
  onEvent?: (event: string, payload: unknown) => void;
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface CallOptions {
  signal?: AbortSignal;
}

export interface LineChannel {
  readonly role: string;
  /** Rejects with a ChannelError when the connection ends first; the value is parsed by the caller, who knows its schema. */
  call(name: string, callArguments: unknown, options?: CallOptions): Promise<Answer<unknown>>;
  /** Resolves when the connection has ended, with why. */
  readonly ended: Promise<ChannelError>;
  /** Ends the connection; open calls reject. Safe to call twice. */
  close(): Promise<void>;
}

/** Rejects with a ChannelError. */
export async function connectLineChannel(options: ConnectOptions): Promise<LineChannel> {
  if (options.signal?.aborted === true) throw new ChannelError('closed', 'given up before it was connected');
  const connection = new ClientConnection(connect(options.address), options);
  await connection.proven;
  return connection;
}

interface OpenCall {
  resolve: (answer: Answer<unknown>) => void;
  reject: (error: Error) => void;
}

class ClientConnection implements LineChannel {
  readonly role: string;
  readonly ended: Promise<ChannelError>;
  readonly proven: Promise<void>;
  private status: 'expecting-hello' | 'expecting-welcome' | 'open' | 'ended' = 'expecting-hello';
  private endedBy: ChannelError | undefined;
  private serverNonce = '';
  private nextId = 1;
  private readonly ownNonce = randomBytes(32).toString('hex');
  private readonly openCalls = new Map<number, OpenCall>();
  private readonly splitter = new LineSplitter(maxLineBytes);
  private settleProven: { resolve: () => void; reject: (error: ChannelError) => void } | undefined;

  private readonly socket: Socket;
  private readonly options: ConnectOptions;

  constructor(socket: Socket, options: ConnectOptions) {
    this.socket = socket;
    this.options = options;
    this.role = options.role;
    const timer = setTimeout(() => {
      this.end(new ChannelError('timed-out', 'whoever listens said nothing'));
    }, options.timeoutMs ?? handshakeTimeoutMs);
    const giveUp = (): void => {
      this.end(new ChannelError('closed', 'given up'));
    };
    options.signal?.addEventListener('abort', giveUp);
    this.proven = new Promise<void>((resolve, reject) => {
      this.settleProven = { resolve, reject };
    }).finally(() => {
      clearTimeout(timer);
    });
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        options.signal?.removeEventListener('abort', giveUp);
        resolve(this.settleEnd());
      });
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.endedBy ??= new ChannelError('unreachable', `the connection failed (${error.code ?? error.message})`, error);
    });
    socket.on('data', (chunk: Buffer) => {
      this.receive(chunk);
    });
  }

  async call(name: string, callArguments: unknown, options: CallOptions = {}): Promise<Answer<unknown>> {
    if (this.status !== 'open') throw this.endedBy ?? new ChannelError('closed', 'the connection has ended');
    if (options.signal?.aborted === true) throw new ChannelError('closed', `${name} was given up`);
    const id = this.nextId++;
    const line = JSON.stringify({ id, call: name, arguments: callArguments });
    if (Buffer.byteLength(line) >= maxLineBytes) throw new ChannelError('malformed', `${name} has too long arguments`);
    return await new Promise<Answer<unknown>>((resolve, reject) => {
      const giveUp = (): void => {
        this.openCalls.delete(id);
        reject(new ChannelError('closed', `${name} was given up`));
      };
      const settled = <Result>(settle: (result: Result) => void) => {
        return (result: Result): void => {
          options.signal?.removeEventListener('abort', giveUp);
          settle(result);
        };
      };
      options.signal?.addEventListener('abort', giveUp, { once: true });
      this.openCalls.set(id, { resolve: settled(resolve), reject: settled(reject) });
      this.socket.write(`${line}\n`);
    });
  }

  async close(): Promise<void> {
    this.end(new ChannelError('closed', 'this end closed it'));
    await this.ended;
  }

  private end(reason: ChannelError): void {
    this.endedBy ??= reason;
    this.socket.destroy();
  }

  private settleEnd(): ChannelError {
    const wasOpen = this.status === 'open';
    this.status = 'ended';
    const reason =
      this.endedBy?.kind === 'unreachable' && wasOpen
        ? new ChannelError('closed', this.endedBy.message, this.endedBy)
        : (this.endedBy ?? new ChannelError('closed', 'the other end closed it'));
    this.endedBy = reason;
    this.settleProven?.reject(reason);
    for (const open of this.openCalls.values()) open.reject(reason);
    this.openCalls.clear();
    return reason;
  }

  private receive(chunk: Buffer): void {
    const split = this.splitter.push(chunk);
    if (split.kind === 'too-long') {
      this.end(new ChannelError('malformed', 'the other end sent a line without an end'));
      return;
    }
    for (const line of split.lines) {
      if (this.endedBy !== undefined) return;
      this.takeLine(parseLine(line));
    }
  }

  private takeLine(message: unknown): void {
    switch (this.status) {
      case 'expecting-hello':
        this.takeHello(message);
        return;
      case 'expecting-welcome':
        this.takeWelcome(message);
        return;
      case 'open':
        this.takeMessage(message);
        return;
      case 'ended':
        return;
    }
  }

  private takeHello(message: unknown): void {
    const hello = channelHello.safeParse(message);
    if (!hello.success) {
      this.end(new ChannelError('malformed', 'whoever listens does not speak this channel'));
      return;
    }
    this.serverNonce = hello.data.nonce;
    const proof = proveChannel('client', this.options.key, this.serverNonce, this.ownNonce, this.role);
    const events = this.options.onEvent !== undefined;
    this.socket.write(`${JSON.stringify({ role: this.role, nonce: this.ownNonce, proof, events })}\n`);
    this.status = 'expecting-welcome';
  }

  private takeWelcome(message: unknown): void {
    const welcome = channelWelcome.safeParse(message);
    if (!welcome.success) {
      this.end(new ChannelError('malformed', 'whoever listens does not speak this channel'));
    } else if ('refused' in welcome.data) {
      this.end(new ChannelError('refused', welcome.data.refused));
    } else if (
      !isProof(proveChannel('server', this.options.key, this.ownNonce, this.serverNonce, this.role), welcome.data.proof)
    ) {
      this.end(new ChannelError('not-proven', 'whoever listens does not have the key of this channel'));
    } else {
      this.status = 'open';
      this.settleProven?.resolve();
    }
  }

  private takeMessage(message: unknown): void {
    const parsed = channelMessage.safeParse(message);
    if (!parsed.success) {
      this.end(new ChannelError('malformed', 'the other end sent what is no message of this channel'));
    } else if ('event' in parsed.data) {
      this.options.onEvent?.(parsed.data.event, parsed.data.payload);
    } else {
      this.takeAnswer(parsed.data.id, parsed.data.answer);
    }
  }

  private takeAnswer(id: number, given: unknown): void {
    const open = this.openCalls.get(id);
    if (open === undefined) return; // given up meanwhile
    this.openCalls.delete(id);
    const answer = answerShape.safeParse(given);
    if (answer.success) open.resolve(answer.data);
    else open.reject(new ChannelError('malformed', 'the answer has not the shape of an answer'));
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
