/** The line channel over real sockets: proof of both ends, calls, events, and everybody's end. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import { maxLineBytes, proveChannel } from '../../src-contract/node/line-channel.ts';
import { channelAddress } from '../../src-main/channel/channel-address.ts';
import { ChannelError } from '../../src-main/channel/channel-error.ts';
import { connectLineChannel, type ConnectOptions, type LineChannel } from '../../src-main/channel/line-channel-client.ts';
import { serveLineChannel, type LineChannelOptions, type LineChannelServer } from '../../src-main/channel/line-channel-server.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { waitFor } from '../harness/stack.ts';

const key = Buffer.alloc(32, 7);
let address: string;
let faults: string[];
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  address = path.join(await tempFolder(), 'c.sock');
  faults = [];
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(
  onCall: LineChannelOptions['onCall'] = (role, call, given) => Promise.resolve({ ok: true, value: { role, call, given } }),
): Promise<LineChannelServer> {
  const server = await serveLineChannel({
    address,
    keys: new Map([['engine', key]]),
    onCall,
    onFault: (error) => faults.push(String(error)),
  });
  closing.push(() => server.close());
  return server;
}

async function open(more: Partial<ConnectOptions> = {}): Promise<LineChannel> {
  const channel = await connectLineChannel({ address, role: 'engine', key, ...more });
  closing.push(() => channel.close());
  return channel;
}

async function kindOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'no failure',
    (failure: unknown) => failure,
  );
  return error instanceof ChannelError ? error.kind : String(error);
}

/** A plain socket that does what the test says. */
function raw(): { socket: Socket; received: () => string; closed: Promise<void> } {
  const socket = connect(address);
  closing.push(() => socket.destroy());
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  return {
    socket,
    received: () => text,
    closed: new Promise((resolve) =>
      socket.once('close', () => {
        resolve();
      }),
    ),
  };
}

describe('a call', () => {
  it('is answered, many at once and in any order', async () => {
    await serve(async (_role, _call, given) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      return { ok: true, value: given };
    });
    const channel = await open();
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => channel.call('echo', { index })));
    expect(answers).toEqual(Array.from({ length: 200 }, (_, index) => ({ ok: true, value: { index } })));
  });

  it('carries a large page, and an answer that is too large is a refusal instead of a dead connection', async () => {
    await serve((_role, _call, given) => Promise.resolve({ ok: true, value: 'x'.repeat((given as { bytes: number }).bytes) }));
    const channel = await open();
    expect(await channel.call('page', { bytes: 8_000_000 })).toMatchObject({ ok: true });
    expect(await channel.call('page', { bytes: maxLineBytes })).toMatchObject({ ok: false, problem: { code: 'input-invalid' } });
    expect(await channel.call('page', { bytes: 3 })).toEqual({ ok: true, value: 'xxx' });
    expect(await kindOf(channel.call('page', 'x'.repeat(maxLineBytes)))).toBe('malformed');
  });

  it('that is refused says why; a mistake of ours is told here and not there', async () => {
    await serve((_role, call) =>
      Promise.reject(call === 'refuse' ? new AppError('not-registered', {}) : new Error('our secret')),
    );
    const channel = await open();
    expect(await channel.call('refuse', {})).toMatchObject({ ok: false, problem: { code: 'not-registered' } });
    const answer = await channel.call('break', {});
    expect(answer).toMatchObject({ ok: false, problem: { code: 'internal' } });
    expect(JSON.stringify(answer)).not.toContain('our secret');
    expect(faults).toEqual(['Error: our secret']);
  });

  it('can be given up by its caller, and its answer then harms nobody', async () => {
    let answer: () => void = () => undefined;
    await serve((_role, call) =>
      call === 'slow'
        ? new Promise(
            (resolve) =>
              (answer = () => {
                resolve({ ok: true, value: 'late' });
              }),
          )
        : Promise.resolve({ ok: true, value: call }),
    );
    const channel = await open();
    const controller = new AbortController();
    const slow = channel.call('slow', {}, { signal: controller.signal });
    controller.abort();
    expect(await kindOf(slow)).toBe('closed');
    answer();
    expect(await channel.call('next', {})).toEqual({ ok: true, value: 'next' });
  });

  it('under way when the server closes rejects, and the server’s work hears of it', async () => {
    let heard = false;
    const server = await serve(
      (_role, _call, _given, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            heard = true;
            resolve({ ok: true, value: null });
          });
        }),
    );
    const channel = await open();
    const ending = kindOf(channel.call('hang', {}));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await server.close();
    expect(await ending).toBe('closed');
    expect(heard).toBe(true);
    expect((await channel.ended).kind).toBe('closed');
    expect(await kindOf(channel.call('again', {}))).toBe('closed');
  });
});

describe('events', () => {
  it('reach those who asked for them, in order', async () => {
    const server = await serve();
    const heard: unknown[] = [];
    await open({ onEvent: (event, payload) => heard.push([event, payload]) });
    await open();
    for (let index = 0; index < 100; index += 1) server.publish('counted', index);
    await waitFor('the events', 5, () => (heard.length === 100 ? true : undefined));
    expect(heard).toEqual(Array.from({ length: 100 }, (_, index) => ['counted', index]));
  });

  it('cut off a client that does not read, instead of filling the memory', async () => {
    const server = await serve();
    const { socket, received, closed } = raw();
    await waitFor('the hello', 5, () => (received().includes('\n') ? true : undefined));
    const { nonce } = JSON.parse(received()) as { nonce: string };
    const own = 'a'.repeat(64);
    socket.write(
      `${JSON.stringify({ role: 'engine', nonce: own, proof: proveChannel('client', key, nonce, own, 'engine'), events: true })}\n`,
    );
    await waitFor('the welcome', 5, () => (received().includes('"role"') ? true : undefined));
    socket.pause();
    for (let index = 0; index < 60; index += 1) server.publish('large', 'x'.repeat(1_000_000));
    socket.resume();
    await closed;
    expect(received().length).toBeLessThan(60_000_000);
  });
});

describe('proof', () => {
  it('is wanted of the client: another key or role is refused', async () => {
    await serve();
    expect(await kindOf(open({ key: Buffer.alloc(32, 8) }))).toBe('refused');
    expect(await kindOf(open({ role: 'administrator' }))).toBe('refused');
  });

  it('is wanted of the server: a squatter is asked nothing, and learns no key', async () => {
    const heard: string[] = [];
    const squatter = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        heard.push(chunk.toString());
        socket.write(`${JSON.stringify({ proof: 'f'.repeat(64), role: 'engine' })}\n`);
      });
      socket.write(`${JSON.stringify({ hello: 1, nonce: '0'.repeat(64) })}\n`);
    });
    await new Promise<void>((resolve) => squatter.listen(address, resolve));
    closing.push(() => squatter.close());
    expect(await kindOf(open())).toBe('not-proven');
    expect(heard.join('')).not.toContain(key.toString('hex'));
    expect(
      heard
        .join('')
        .split('\n')
        .filter((line) => line !== ''),
    ).toHaveLength(1);
  });

  it('cannot be repeated from an earlier connection', async () => {
    await serve();
    const first = raw();
    await waitFor('the hello', 5, () => (first.received().includes('\n') ? true : undefined));
    const { nonce } = JSON.parse(first.received()) as { nonce: string };
    const own = 'a'.repeat(64);
    const line = `${JSON.stringify({ role: 'engine', nonce: own, proof: proveChannel('client', key, nonce, own, 'engine') })}\n`;
    const second = raw();
    await waitFor('the hello', 5, () => (second.received().includes('\n') ? true : undefined));
    second.socket.write(line);
    await second.closed;
    expect(second.received()).toContain('refused');
  });

  it('is waited for only a while, and a stranger gets little room', async () => {
    await serve();
    const flood = raw();
    flood.socket.write('x'.repeat(10_000));
    await flood.closed;
    const silent = raw();
    const since = performance.now();
    await silent.closed;
    expect(performance.now() - since).toBeGreaterThan(4000);
  });
});

describe('what does not speak this channel', () => {
  for (const [what, line] of [
    ['garbage', 'GET / HTTP/1.1\r\n\r\n'],
    ['another hello', '{"hello":2,"nonce":"x"}\n'],
  ] as const) {
    it(`is left at once: ${what}`, async () => {
      const other = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.write(line);
      });
      await new Promise<void>((resolve) => other.listen(address, resolve));
      closing.push(() => other.close());
      expect(await kindOf(open())).toBe('malformed');
    });
  }

  it('is given up when it says nothing', async () => {
    const other = createServer((socket) => {
      closing.push(() => socket.destroy());
    });
    await new Promise<void>((resolve) => other.listen(address, resolve));
    closing.push(() => other.close());
    expect(await kindOf(open({ timeoutMs: 100 }))).toBe('timed-out');
  });

  it('is nobody: unreachable', async () => {
    expect(await kindOf(open())).toBe('unreachable');
  });
});

describe('the address', () => {
  it('is closed to other users, and free again afterwards', async () => {
    const server = await serve();
    expect((await stat(address)).mode & 0o777).toBe(0o600);
    await server.close();
    await server.close();
    expect(existsSync(address)).toBe(false);
  });

  it('that a dead owner left is taken over; one where somebody answers is not', async () => {
    const program = `require('net').createServer().listen(${JSON.stringify(address)}, () => process.kill(process.pid, 'SIGKILL'))`;
    spawnSync(process.execPath, ['-e', program]);
    expect(existsSync(address)).toBe(true);
    await serve();
    await expect(serve()).rejects.toThrow('EADDRINUSE');
    expect(await (await open()).call('hello', {})).toMatchObject({ ok: true });
  });

  it('lies in the folder, or, where that path is too long for a socket, under the temporary one', () => {
    const facts = { platform: 'linux', temporaryFolder: '/tmp', userId: 1000 } as const;
    expect(channelAddress('/data/control', 'control', facts)).toBe('/data/control/control.sock');
    const long = `/${'long/'.repeat(30)}control`;
    const moved = channelAddress(long, 'control', facts);
    expect(moved).toMatch(/^\/tmp\/hrw-1000\/[0-9a-f]{24}-control[.]sock$/);
    expect(channelAddress(long, 'control', facts)).toBe(moved);
    expect(channelAddress(`${long}2`, 'control', facts)).not.toBe(moved);
  });

  it('on Windows is a pipe of the folder, however its name is spelled', () => {
    const facts = { platform: 'win32', temporaryFolder: 'C:\\Temp', userId: -1 } as const;
    const pipe = channelAddress('C:\\ProgramData\\Worker\\control', 'control', facts);
    expect(pipe).toMatch(/^\\\\[.]\\pipe\\hrw-[0-9a-f]{32}-control$/);
    expect(channelAddress('c:\\PROGRAMDATA\\worker\\control\\', 'control', facts)).toBe(pipe);
  });

  it('that is too long is used all the same', async () => {
    const folder = path.join(await tempFolder(), 'long'.repeat(40));
    await mkdir(folder);
    address = channelAddress(folder, 'control');
    expect(address.startsWith(folder)).toBe(false);
    await serve();
    expect(await (await open()).call('hello', {})).toMatchObject({ ok: true });
  });
});
