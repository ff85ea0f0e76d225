/**
 * A service in this process, on loopback, with an account; and clients of it. Started in a test it is closed with the test; a file that
 * starts it in `beforeAll` calls `close` in `afterAll`.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src-service/clock.ts';
import { runService, type RunningService } from '../../src-service/running-service.ts';
import { insertAccount, type Account } from '../../src-service/store/accounts.ts';
import { makeSharedKey, sealSharedKey } from '../../src-service/vault/shared-keys.ts';
import {
  connect,
  makeIdentity,
  registrationBody,
  signedCall,
  type Answer,
  type CallOptions,
  type ClientIdentity,
  type Connection,
} from '../fakes/scripted-worker.ts';
import { runsInTest } from '../harness/scope.ts';
import { tempFolder } from '../harness/temp-folder.ts';

/** Real time with an offset that a test moves. */
export class MovableClock implements Clock {
  private offsetMs = 0;
  private setByMs = 0;

  now(): number {
    return Date.now() + this.offsetMs + this.setByMs;
  }

  monotonic(): number {
    return performance.now() + this.offsetMs;
  }

  advance(milliseconds: number): void {
    this.offsetMs += milliseconds;
  }

  /** Somebody sets the clock: no time passes. */
  set(milliseconds: number): void {
    this.setByMs += milliseconds;
  }
}

export interface StartedService {
  service: RunningService;
  clock: MovableClock;
  caPem: string;
  account: Account & { primary: string; secondary: string; endpoint: string };
  /** `…/jrds/automationAccounts/{account id}`. */
  jrds: string;
  connect: (identity?: ClientIdentity) => Connection;
  /** Closes the clients, then the service. Safe to call twice. */
  close: () => Promise<void>;
}

export async function startedService(
  options: { dataFolder?: string; databaseUrl?: string; vaultKeyFile?: string } = {},
): Promise<StartedService> {
  const clock = new MovableClock();
  const dataFolder = options.dataFolder ?? (await tempFolder());
  const service = await runService({
    version: '0.0.0-test',
    host: '127.0.0.1',
    publicNames: [],
    agentPort: 0,
    restPort: 0,
    clock,
    ...options,
    dataFolder,
  });
  const connections: Connection[] = [];
  const close = async (): Promise<void> => {
    for (const connection of connections.splice(0)) connection.close();
    await service.close();
  };
  if (runsInTest()) onTestFinished(close);
  const caPem = readFileSync(service.caFile, 'utf8');
  const account = await makeAccount(service, `account-${randomUUID().slice(0, 8)}`);
  return {
    service,
    clock,
    caPem,
    account,
    jrds: `${service.urls.agentUrl}/jrds/automationAccounts/${account.id}`,
    connect: (identity) => {
      const connection = connect(caPem, identity);
      connections.push(connection);
      return connection;
    },
    close,
  };
}

export async function makeAccount({ context, urls }: RunningService, name: string): Promise<StartedService['account']> {
  const id = randomUUID();
  const [primary, secondary] = [makeSharedKey(), makeSharedKey()];
  const row = {
    id,
    name,
    primaryKey: sealSharedKey(context.vault, { kind: 'account', id }, 'primary', primary),
    secondaryKey: sealSharedKey(context.vault, { kind: 'account', id }, 'secondary', secondary),
    createdAt: context.clock.now(),
  };
  await context.store.write((tx) => insertAccount(tx, row));
  return { ...row, nameKey: name, primary, secondary, endpoint: `${urls.agentUrl}/accounts/${id}` };
}

export interface RegisteredWorker {
  machineId: string;
  identity: ClientIdentity;
  connection: Connection;
  /** #1, with what our own worker says of itself when `headers` are given. */
  poll: (options?: CallOptions) => Promise<Answer>;
}

/** What our own worker sends with a poll. */
export function ownHeaders(
  given: { freeSlots?: number; limit?: number; kinds?: string; state?: string; wait?: number } = {},
): Record<string, string> {
  const { freeSlots = 2, limit = Math.max(2, freeSlots), kinds = '5,10,11,13', state = 'ready', wait } = given;
  return {
    'HRW-Version': '0.1.0',
    'HRW-Kinds': kinds,
    'HRW-Free-Slots': String(freeSlots),
    'HRW-Limit': String(limit),
    'HRW-State': state,
    ...(wait === undefined ? {} : { Prefer: `wait=${wait}` }),
  };
}

export async function registerWorker(
  started: StartedService,
  groupName: string,
  givenIdentity?: ClientIdentity,
  machineId: string = randomUUID(),
): Promise<RegisteredWorker> {
  const identity = givenIdentity ?? (await makeIdentity());
  const connection = started.connect(identity);
  const url = `${started.account.endpoint}/HybridV2(MachineId='${machineId}')`;
  const key = started.account.primary;
  const now = new Date(started.clock.now());
  const answer = await signedCall(connection, 'PUT', url, registrationBody(identity, groupName), { key, now });
  if (answer.status !== 200) throw new Error(`registering failed: ${answer.body.toString('utf8')}`);
  return {
    machineId,
    identity,
    connection,
    poll: (options) =>
      connection.call(
        'GET',
        `${started.jrds}/Sandboxes/GetSandboxActions?HybridWorkerGroupName=${groupName}&api-version=1.0`,
        options,
      ),
  };
}
