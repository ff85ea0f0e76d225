/** The control channel of a real worker: who may connect, who may ask what, and what a squatter learns. */
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EngineEvent, Role } from '../../src-contract/engine-calls.ts';
import { channelAddress } from '../../src-main/channel/channel-address.ts';
import { connectControl, type ControlClient } from '../../src-main/control/control-client.ts';
import { roles } from '../../src-main/control/role-keys.ts';
import { dataLayout } from '../../src-main/storage/layout.ts';
import { failureOf } from '../fakes/failure-of.ts';
import { provokes } from '../harness/provokes.ts';
import { waitFor } from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestWorker } from '../harness/worker-in-process.ts';

const closing: (() => unknown)[] = [];
let dataFolder: string;

beforeEach(async () => {
  dataFolder = path.join(await tempFolder(), 'worker');
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(): Promise<TestWorker> {
  const worker = await TestWorker.start(dataFolder);
  closing.push(() => worker.close());
  return worker;
}

async function connect(role?: Role): Promise<ControlClient> {
  const { controlFolder, controlAddressFile: addressFile } = dataLayout(dataFolder);
  const client = await connectControl({ dataFolder, controlFolder, addressFile, ...(role === undefined ? {} : { role }) });
  closing.push(() => client.close());
  return client;
}

describe('whoever connects', () => {
  it('gets the highest role whose key they can read, and no more', async () => {
    await start();
    expect((await connect()).role).toBe('administrator');
    const reader = await connect('reader');
    expect(await reader.call('worker:state', {})).toMatchObject({ ok: true });
    expect(await reader.call('worker:pause', {})).toMatchObject({
      ok: false,
      problem: { code: 'control-refused', details: { role: 'reader', needed: 'operator' } },
    });
    const operator = await connect('operator');
    expect(await operator.call('worker:pause', {})).toMatchObject({ ok: true });
    expect(await operator.call('worker:quit', {})).toMatchObject({ ok: false, problem: { code: 'control-refused' } });
  });

  it('is told what changes, by whomever it was changed', async () => {
    await start();
    const heard: EngineEvent[] = [];
    const looking = await connect('reader');
    looking.subscribe((event) => heard.push(event));
    await (await connect()).call('worker:pause', {});
    await waitFor('the news', 5, () => (heard.some((event) => event.event === 'worker-changed') ? true : undefined));
    expect(heard).toContainEqual(
      expect.objectContaining({ event: 'event-logged', payload: expect.objectContaining({ id: 15013 }) as unknown }),
    );
  });

  it('with a key of another folder is refused', async () => {
    await start();
    const layout = dataLayout(dataFolder);
    const elsewhere = path.join(await tempFolder(), 'keys');
    await mkdir(elsewhere);
    await writeFile(path.join(elsewhere, 'administrator.key'), 'ab'.repeat(32));
    const failure = await failureOf(
      connectControl({ dataFolder, controlFolder: elsewhere, addressFile: layout.controlAddressFile }),
    );
    expect(failure.code).toBe(provokes('control-refused'));
  });

  it('finds keys that only their owner may read', async () => {
    await start();
    for (const role of roles) {
      const file = path.join(dataLayout(dataFolder).controlFolder, `${role}.key`);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(await readFile(file, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
    }
  });

  it('keeps a key that it has across restarts of the worker', async () => {
    const worker = await start();
    const file = path.join(dataLayout(dataFolder).controlFolder, 'reader.key');
    const before = await readFile(file, 'utf8');
    await worker.close();
    await start();
    expect(await readFile(file, 'utf8')).toBe(before);
  });
});

describe('when no worker answers', () => {
  it('because none has ever run here, or none runs now, says so', async () => {
    expect((await failureOf(connect())).code).toBe(provokes('engine-not-running'));
    const worker = await start();
    const client = await connect();
    await worker.close();
    await client.ended;
    expect((await failureOf(connect())).code).toBe('engine-not-running');
    expect(await client.call('worker:state', {})).toMatchObject({ ok: false, problem: { code: 'engine-not-running' } });
  });
});

describe('a squatter', () => {
  const squat = async (address: string): Promise<string[]> => {
    const heard: string[] = [];
    const server = createServer((socket) => {
      closing.push(() => socket.destroy());
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        heard.push(chunk.toString());
        socket.write(`${JSON.stringify({ proof: '0'.repeat(64), role: 'administrator' })}\n`);
      });
      socket.write(`${JSON.stringify({ hello: 1, nonce: '0'.repeat(64) })}\n`);
    });
    await mkdir(path.dirname(address), { recursive: true });
    await new Promise<void>((resolve) => server.listen(address, resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    return heard;
  };

  it('that has the usual address before the worker keeps it; the worker listens elsewhere and is found there', async () => {
    await (await start()).close();
    const { controlFolder } = dataLayout(dataFolder);
    const heard = await squat(channelAddress(controlFolder, 'control'));
    await start();
    expect(await (await connect()).call('worker:state', {})).toMatchObject({ ok: true });
    expect(heard).toEqual([]);
  });

  it('that has put itself at the address that clients read is asked nothing and learns no key', async () => {
    const worker = await start();
    const { controlFolder, controlAddressFile } = dataLayout(dataFolder);
    await worker.close();
    const address = path.join(controlFolder, 'other.sock');
    const heard = await squat(address);
    await writeFile(controlAddressFile, JSON.stringify({ address }));
    expect((await failureOf(connect())).code).toBe(provokes('control-taken'));
    const key = (await readFile(path.join(controlFolder, 'administrator.key'), 'utf8')).trim();
    expect(heard.join('')).not.toContain(key);
    expect(heard).toHaveLength(1);
  });
});

describe('a folder with a long name', () => {
  it('has a control channel all the same', async () => {
    dataFolder = path.join(dataFolder, 'long'.repeat(30), 'name');
    await start();
    expect((await connect()).role).toBe('administrator');
  });
});

describe('rights', () => {
  it('a key that this user may not read is a refusal, not an absent worker', async (context) => {
    if (process.getuid?.() === 0) context.skip('this user is root, who may read every file');
    await start();
    for (const role of roles) await chmod(path.join(dataLayout(dataFolder).controlFolder, `${role}.key`), 0);
    expect((await failureOf(connect())).code).toBe('control-refused');
  });
});
