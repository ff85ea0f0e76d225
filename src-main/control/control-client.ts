/** The asking end of the control channel: for hrw, and for a window that is attached to a worker that runs elsewhere. */
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { AppError, type Answer } from '../../src-contract/app-error.ts';
import {
  engineCalls,
  engineEvents,
  type EngineArguments,
  type EngineCallName,
  type EngineEvent,
  type EngineEventName,
  type EngineValue,
  type Role,
} from '../../src-contract/engine-calls.ts';
import { channelAddress } from '../channel/channel-address.ts';
import { ChannelError } from '../channel/channel-error.ts';
import { connectLineChannel, type LineChannel } from '../channel/line-channel-client.ts';
import { readRoleKey, roles } from './role-keys.ts';

const addressShape = z.object({ address: z.string() });

export interface ControlClientOptions {
  dataFolder: string;
  controlFolder: string;
  addressFile: string;
  /** Default: the highest role whose key this user can read. */
  role?: Role;
  signal?: AbortSignal;
}

export interface ControlClient {
  readonly role: Role;
  call<Name extends EngineCallName>(
    name: Name,
    callArguments: EngineArguments<Name>,
    options?: { signal?: AbortSignal },
  ): Promise<Answer<EngineValue<Name>>>;
  /** Returns how to unsubscribe. */
  subscribe(listener: (event: EngineEvent) => void): () => void;
  /** Resolves when the connection has ended: the worker ended, or `close` was called. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Throws AppError `engine-not-running`, `control-refused` or `control-taken`. */
export async function connectControl(options: ControlClientOptions): Promise<ControlClient> {
  const { dataFolder } = options;
  // The address first: it is published when every key is there, so that the first connection to a new worker is not left with the
  // one role whose key happened to be made already.
  const address = await readAddress(options);
  const { role, key } = await findKey(options);
  if (address === undefined) throw new AppError('engine-not-running', { dataFolder });
  const listeners = new Set<(event: EngineEvent) => void>();
  let channel: LineChannel;
  try {
    channel = await connectLineChannel({
      address,
      role,
      key,
      onEvent: (name, payload) => {
        const event = parseEvent(name, payload);
        if (event !== undefined) for (const listener of listeners) listener(event);
      },
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    throw describe(error, dataFolder, role);
  }
  return {
    role,
    call: (name, callArguments, callOptions) => callOnce(channel, dataFolder, name, callArguments, callOptions),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    ended: channel.ended.then(() => undefined),
    close: () => channel.close(),
  };
}

async function callOnce<Name extends EngineCallName>(
  channel: LineChannel,
  dataFolder: string,
  name: Name,
  callArguments: EngineArguments<Name>,
  options: { signal?: AbortSignal } = {},
): Promise<Answer<EngineValue<Name>>> {
  try {
    const answer = await channel.call(name, callArguments, options);
    if (!answer.ok) return answer;
    const parsed = engineCalls[name].value.safeParse(answer.value);
    // A worker of another version answers in another shape; guessing at it would show nonsense.
    if (!parsed.success) throw new ChannelError('malformed', `the answer of ${name} has not the shape of this version`);
    return { ok: true, value: parsed.data as EngineValue<Name> };
  } catch (error) {
    return { ok: false, problem: describe(error, dataFolder, channel.role).toProblem() };
  }
}

async function findKey({ controlFolder, dataFolder, role }: ControlClientOptions): Promise<{ role: Role; key: Uint8Array }> {
  let isClosed = false;
  for (const candidate of role === undefined ? [...roles].reverse() : [role]) {
    const found = await readRoleKey(controlFolder, candidate);
    if (found.kind === 'key') return { role: candidate, key: found.key };
    isClosed ||= found.kind === 'closed';
  }
  if (isClosed) throw new AppError('control-refused', { role: 'nobody', needed: role ?? 'reader' });
  throw new AppError('engine-not-running', { dataFolder });
}

async function readAddress({ addressFile, controlFolder }: ControlClientOptions): Promise<string | undefined> {
  try {
    const text = await readFile(addressFile, 'utf8');
    // On a full disk there is room for its name alone: the usual one is meant.
    return text === '' ? channelAddress(controlFolder, 'control') : addressShape.safeParse(JSON.parse(text)).data?.address;
  } catch {
    return undefined;
  }
}

function parseEvent(name: string, payload: unknown): EngineEvent | undefined {
  if (!Object.hasOwn(engineEvents, name)) return undefined;
  const event = name as EngineEventName;
  const parsed = engineEvents[event].safeParse(payload);
  return parsed.success ? ({ event, payload: parsed.data } as EngineEvent) : undefined;
}

function describe(error: unknown, dataFolder: string, role: string): AppError {
  if (!(error instanceof ChannelError)) throw error;
  switch (error.kind) {
    case 'unreachable':
    case 'timed-out':
    case 'closed':
      return new AppError('engine-not-running', { dataFolder }, { cause: error });
    case 'refused':
      return new AppError('control-refused', { role: 'nobody', needed: role }, { cause: error });
    case 'not-proven':
    case 'malformed':
      return new AppError('control-taken', { dataFolder, what: error.message }, { cause: error });
  }
}
