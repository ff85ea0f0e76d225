/** The engine's end of the control channel. */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { AppError, type Answer } from '../../src-contract/app-error.ts';
import { role as roleShape, type EngineCallName, type EngineEvent, type Role } from '../../src-contract/engine-calls.ts';
import type { FaultListener } from '../channel/answer.ts';
import { channelAddress } from '../channel/channel-address.ts';
import { serveLineChannel, type LineChannelServer } from '../channel/line-channel-server.ts';
import { isEngineCall } from './engine-answers.ts';
import { ensureRoleKeys, keyFile, roles } from './role-keys.ts';

export interface ControlServerOptions {
  controlFolder: string;
  /** Where clients read the address. */
  addressFile: string;
  call: (role: Role, name: EngineCallName, callArguments: unknown) => Promise<Answer<unknown>>;
  onFault: FaultListener;
  /** Lets in whom a role is meant for, and nobody else; after each file and the address are there. */
  guard?: (files: { keys: ReadonlyMap<Role, string>; shared: readonly string[]; address: string }) => void;
}

export interface ControlServer {
  readonly address: string;
  publish(event: EngineEvent): void;
  close(): Promise<void>;
}

export async function serveControl(options: ControlServerOptions): Promise<ControlServer> {
  const { controlFolder, addressFile, call, onFault, guard } = options;
  const keys = await ensureRoleKeys(controlFolder);
  const listen = (address: string): Promise<LineChannelServer> =>
    serveLineChannel({
      address,
      keys,
      onFault,
      onCall: (role, name, callArguments) => {
        if (!isEngineCall(name)) throw new AppError('input-invalid', { what: 'The call', reason: `There is no call ${name}.` });
        return call(roleShape.parse(role), name, callArguments);
      },
    });
  const server = await listenSomewhere(listen, controlFolder);
  try {
    await publishAddress(addressFile, server.address, channelAddress(controlFolder, 'control'));
    const files = new Map(roles.map((one) => [one, keyFile(controlFolder, one)] as const));
    guard?.({ keys: files, shared: [addressFile], address: server.address });
  } catch (error) {
    await server.close();
    throw error;
  }
  return {
    address: server.address,
    publish: ({ event, payload }) => {
      server.publish(event, payload);
    },
    close: async () => {
      // First: a window that is opened now is not to attach to a worker that is about to end, but to wait until the folder is free.
      await rm(addressFile, { force: true });
      await server.close();
    },
  };
}

/** Whoever holds the engine's lock is the engine: another listener at its usual address is a squatter, and the address is left to it. */
async function listenSomewhere(
  listen: (address: string) => Promise<LineChannelServer>,
  controlFolder: string,
): Promise<LineChannelServer> {
  try {
    return await listen(channelAddress(controlFolder, 'control'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    return await listen(channelAddress(controlFolder, `control-${randomBytes(4).toString('hex')}`));
  }
}

/** A full disk has no room for it, but for its name: an empty file says that it is the usual one. */
async function publishAddress(file: string, address: string, usual: string): Promise<void> {
  const text = `${JSON.stringify({ address })}\n`;
  // What an engine that was killed has left.
  if ((await readFile(file, 'utf8').catch(() => '')) === text) return;
  try {
    await writeBeside(file, text);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (address !== usual || (code !== 'ENOSPC' && code !== 'EDQUOT')) throw error;
    await writeBeside(file, '');
  }
}

async function writeBeside(file: string, text: string): Promise<void> {
  const sibling = `${file}.new`;
  const handle = await open(sibling, 'w', 0o600);
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  await rename(sibling, file);
}
