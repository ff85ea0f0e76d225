/** One client of a line channel, seen from the server: its proof, its calls, its events, its end. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Answer } from '../../src-contract/app-error.ts';
import { describeProblem } from '../../src-contract/problems.ts';
import { channelProof, channelRequest, isProof, maxLineBytes, proveChannel } from '../../src-contract/node/line-channel.ts';
import { LineSplitter } from './line-splitter.ts';

/** Two nonces and a proof take under 300 bytes. */
const maxStrangerBytes = 4096;
const handshakeTimeoutMs = 5000;
/** Calls of one client that are worked on at once; further lines wait in the socket. */
const maxOpenCalls = 32;
/** A client that leaves this much unread when an event comes is not reading: it is cut off, and asks for the state when it comes back. */
const maxUnreadBytes = 2 * maxLineBytes;
/** How long unsent bytes may hold up closing. */
const closeTimeoutMs = 1000;

export interface ConnectionOptions {
  keys: ReadonlyMap<string, Uint8Array>;
  answer: (role: string, call: string, callArguments: unknown, signal: AbortSignal) => Promise<Answer<unknown>>;
}

export class ServerConnection {
  wantsEvents = false;
  readonly ended: Promise<void>;
  private role: string | undefined;
  private openCalls = 0;
  private readonly nonce = randomBytes(32).toString('hex');
  private readonly splitter = new LineSplitter(maxStrangerBytes);
  private readonly waitingLines: string[] = [];
  private readonly abort = new AbortController();
  private readonly handshakeTimer: NodeJS.Timeout;

  private readonly socket: Socket;
  private readonly options: ConnectionOptions;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.socket = socket;
    this.options = options;
    this.handshakeTimer = setTimeout(() => socket.destroy(), handshakeTimeoutMs);
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(this.handshakeTimer);
        this.abort.abort();
        resolve();
      });
    });
    // The close event follows and ends everything; which errno it was helps nobody.
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      this.receive(chunk);
    });
    socket.on('drain', () => {
      this.goOn();
    });
    this.write(JSON.stringify({ hello: 1, nonce: this.nonce }));
  }

  tell(line: string): void {
    if (this.role === undefined) return;
    this.write(line);
    if (this.socket.writableLength > maxUnreadBytes) this.socket.destroy();
  }

  async close(): Promise<void> {
    this.abort.abort();
    const forced = setTimeout(() => this.socket.destroy(), closeTimeoutMs);
    this.socket.destroySoon();
    await this.ended;
    clearTimeout(forced);
  }

  private write(line: string): void {
    if (this.socket.destroyed || this.socket.writableEnded) return;
    this.socket.write(`${line}\n`);
  }

  private receive(chunk: Buffer): void {
    const split = this.splitter.push(chunk);
    if (split.kind === 'too-long') {
      this.socket.destroy();
      return;
    }
    this.waitingLines.push(...split.lines);
    this.goOn();
  }

  /** Works on waiting lines while the client reads our answers and has not too many calls open. */
  private goOn(): void {
    while (this.waitingLines.length > 0 && !this.mustWait()) {
      const line = this.waitingLines.shift() ?? '';
      if (this.socket.destroyed) return;
      if (this.role === undefined) this.proveClient(line);
      else this.startCall(this.role, line);
    }
    if (this.waitingLines.length > 0 || this.mustWait()) this.socket.pause();
    else this.socket.resume();
  }

  private mustWait(): boolean {
    return this.openCalls >= maxOpenCalls || this.socket.writableNeedDrain;
  }

  private proveClient(line: string): void {
    const proof = channelProof.safeParse(parseLine(line));
    if (!proof.success) {
      this.socket.destroy();
      return;
    }
    const { role, nonce, proof: given, events } = proof.data;
    const key = this.options.keys.get(role);
    if (key === undefined || !isProof(proveChannel('client', key, this.nonce, nonce, role), given)) {
      this.write(JSON.stringify({ refused: `the key does not admit the role ${JSON.stringify(role.slice(0, 40))}` }));
      this.socket.destroySoon();
      return;
    }
    clearTimeout(this.handshakeTimer);
    this.role = role;
    this.splitter.maxBytes = maxLineBytes;
    this.wantsEvents = events === true;
    this.write(JSON.stringify({ proof: proveChannel('server', key, nonce, this.nonce, role), role }));
  }

  private startCall(role: string, line: string): void {
    const request = channelRequest.safeParse(parseLine(line));
    if (!request.success) {
      this.socket.destroy();
      return;
    }
    const { id, call, arguments: callArguments } = request.data;
    this.openCalls += 1;
    void this.options.answer(role, call, callArguments, this.abort.signal).then((answer) => {
      this.openCalls -= 1;
      this.write(encodeAnswer(id, answer));
      this.goOn();
    });
  }
}

/** An answer that is too long for a line would end the connection at the other end; saying so is better. */
function encodeAnswer(id: number, answer: Answer<unknown>): string {
  const line = JSON.stringify({ id, answer });
  if (Buffer.byteLength(line) < maxLineBytes) return line;
  const problem = describeProblem('input-invalid', {
    what: 'The call',
    reason: 'Its answer is too long for the channel; ask for less.',
  });
  return JSON.stringify({ id, answer: { ok: false, problem } });
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
