/**
 * Puts the service together: data folder, vault, store, dispatcher, authority, two ports. Used by the program and by tests.
 * What is opened is registered for closing in the same statement; closing runs in reverse and survives a failing step.
 */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { isIP, type AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { Server } from 'node:https';
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { AppError } from '../src-contract/app-error.ts';
import { createAgentServer } from './agent-api/agent-server.ts';
import { systemClock, type Clock } from './clock.ts';
import type { ServiceContext, ServiceUrls } from './context.ts';
import { holdDataFolder } from './data-folder.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { createSandboxSecrets } from './dispatch/sandbox-secret.ts';
import { Installers } from './installers.ts';
import { createLog } from './logging/log.ts';
import { createRestServer } from './rest-api/rest-server.ts';
import { keepForgetting } from './retention.ts';
import { findFact, settleFact } from './store/service-facts.ts';
import { openStore, type Store } from './store/store.ts';
import { createToken } from './store/tokens.ts';
import { openAuthority, type Authority, type AuthorityPems } from './tls/authority.ts';
import { openVault, type Vault } from './vault/vault.ts';
import { seedPacks } from './workspace/packs.ts';
import { registerWorkspaceApi } from './workspace/workspace-api.ts';

export interface ServiceOptions {
  version: string;
  dataFolder: string;
  host: string;
  publicNames: readonly string[];
  agentPort: number;
  restPort: number;
  vaultKeyFile?: string | undefined;
  /** PostgreSQL; SQLite in the data folder without it. */
  databaseUrl?: string | undefined;
  newAdministratorToken?: boolean;
  /** Packs that come with the service; each is published at the first start that finds it. */
  packsFolder?: string | undefined;
  /** Installers of the worker that callers may fetch; need not be there. */
  installersFolder?: string | undefined;
  /** Short lines on standard error. */
  logToConsole?: boolean;
  clock?: Clock;
}

export interface RunningService {
  readonly context: ServiceContext;
  readonly urls: ServiceUrls;
  readonly caFile: string;
  readonly caFingerprint: string;
  /** On the first start, or when a new one was asked for: shown once and kept nowhere. */
  readonly administratorToken: string | undefined;
  /** Renews the server's certificate if it is due, on the open ports; done each hour. True when it was. */
  renewCertificate: () => Promise<boolean>;
  close: () => Promise<void>;
}

const renewalCheckMs = 60 * 60 * 1000;

export async function runService(options: ServiceOptions): Promise<RunningService> {
  const closers: (() => void | Promise<void>)[] = [];
  const close = (): Promise<void> => closeAll(closers);
  try {
    return { ...(await open(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(options: ServiceOptions, closers: (() => void | Promise<void>)[]): Promise<Omit<RunningService, 'close'>> {
  const { version, clock = systemClock } = options;
  const folder = holdDataFolder(resolve(options.dataFolder));
  closers.push(folder.release);
  const log = createLog({ folder: folder.logsFolder, toConsole: options.logToConsole ?? false });
  closers.push(log.close);
  if (folder.neverFinished.length > 0)
    log.info('Files that an earlier start never finished were removed', { files: folder.neverFinished.join(', ') });

  const store = await openDatabase(options.databaseUrl, folder.databaseFile, (error) => {
    log.warn('The database connection was lost; it is made again', { reason: error.message });
  });
  closers.push(store.close);
  const vaultKeyFile = options.vaultKeyFile ?? folder.vaultKeyFile;
  const vault = await openVaultOf(store, vaultKeyFile);

  const dispatcher = new Dispatcher({ store, clock, log, secrets: createSandboxSecrets(vault) });
  const urls: ServiceUrls = { agentUrl: '', restUrl: '' };
  const names = certificateNames(options);
  const authority = await undamaged(`${folder.path}, authority.pem or server.pem`, () =>
    openAuthority({
      folder: folder.path,
      names,
      now: () => new Date(clock.now()),
      agree: (own) => agreeOnAuthority(store, vault, own),
    }),
  );
  if (authority.setAside !== undefined)
    log.warn(
      'The authority of the database replaces the one of this folder; agents that trust only that one have to be given it',
      {
        setAside: authority.setAside,
        caFingerprint: authority.caFingerprint,
      },
    );
  const credentials = authority.serverCredentials();
  const context: ServiceContext = {
    ...{ version, store, changes: store.changes, dispatcher, vault, clock, log, urls },
    caFingerprint: authority.caFingerprint,
    installers: new Installers(options.installersFolder),
  };

  const agentServer = createAgentServer(context, { credentials });
  registerWorkspaceApi(agentServer, context);
  const restServer = createRestServer(context, { credentials });
  // Closed first, and together: a call to one port may wait for what another call to the other port brings.
  closers.push(async () => {
    await dispatcher.close();
    await Promise.all([agentServer.close(), restServer.close()]);
    await dispatcher.late.flush();
  });
  await listen(agentServer, options.host, options.agentPort, '--agent-port', (port) => (urls.agentUrl = urlOf(options, port)));
  await listen(restServer, options.host, options.restPort, '--rest-port', (port) => (urls.restUrl = urlOf(options, port)));
  if (options.packsFolder !== undefined) await seedPacks(context, options.packsFolder);
  dispatcher.start();
  const renewCertificate = (): Promise<boolean> => renewOn([agentServer, restServer], authority, context);
  closers.push(renewInTime(renewCertificate, context), keepForgetting(context));

  const administratorToken = await makeAdministratorToken(store, clock, options.newAdministratorToken ?? false);
  closers.push(() => log.info('The service stops', { version }));
  log.info('The service is up', { version, ...urls, engine: store.engine, caFingerprint: authority.caFingerprint });
  const { caFile, caFingerprint } = authority;
  return { context, urls, caFile, caFingerprint, administratorToken, renewCertificate };
}

async function openDatabase(url: string | undefined, file: string, onTrouble: (error: Error) => void): Promise<Store> {
  if (url === undefined) return undamaged(file, () => openStore({ kind: 'sqlite', file }));
  try {
    return await openStore({ kind: 'postgres', url }, onTrouble);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // What the driver says names host, port, user and database, never the password.
    throw new AppError('input-invalid', { what: 'DATABASE_URL', reason: `${describe(error)}.` }, { cause: error });
  }
}

/** What cannot be read here was written by us once: the disk's or somebody's doing, and a person has to decide. */
async function undamaged<Opened>(file: string, open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('data-file-damaged', { file, reason: describe(error) }, { cause: error });
  }
}

/** A refused connection is an AggregateError without a message where the host has several addresses. */
function describe(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** A database belongs to one vault key: with another nothing in it can be opened, and what is written would be lost to the right one. */
/** A key is made for a new database alone: beside one that was written with another, it would only be in the way. */
async function openVaultOf(store: Store, file: string): Promise<Vault> {
  const isNew = (await findFact(store.db, 'vaultKeyId')) === undefined;
  if (!isNew && !existsSync(file))
    throw new AppError('data-file-damaged', {
      file,
      reason: 'it is not there, and the database was written with the key that was in it',
    });
  const vault = openVault(file);
  const keyId = await store.write((tx) => settleFact(tx, 'vaultKeyId', vault.keyId));
  if (keyId !== vault.keyId)
    throw new AppError('data-file-damaged', { file, reason: 'it is not the key that the database was written with' });
  return vault;
}

/** The first replica's authority is that of all. Sealed, as everything secret in the database. */
async function agreeOnAuthority(store: Store, vault: Vault, own: AuthorityPems): Promise<AuthorityPems> {
  const purpose = 'authority';
  const sealed = vault.seal(JSON.stringify(own), purpose);
  const agreed = await store.write((tx) => settleFact(tx, 'authority', sealed));
  return authorityPems.parse(JSON.parse(vault.open(agreed, purpose)));
}

async function makeAdministratorToken(store: Store, clock: Clock, another: boolean): Promise<string | undefined> {
  return store.write(async (tx) => {
    const { id, token } = await createToken(tx, 'administrator', 'administrator', clock.now());
    const isFirst = (await settleFact(tx, 'firstAdministratorTokenId', id)) === id;
    if (isFirst || another) return token;
    await tx.db.deleteFrom('tokens').where('id', '=', id).execute();
    return undefined;
  });
}

const authorityPems = z.object({ certificate: z.string(), key: z.string() });

const wildcards = ['0.0.0.0', '::'];

function certificateNames({ host, publicNames }: ServiceOptions): string[] {
  const bound = wildcards.includes(host) ? [] : [host];
  return [...new Set([...publicNames, 'localhost', '127.0.0.1', '::1', hostname(), ...bound])];
}

function urlOf({ host, publicNames }: ServiceOptions, port: number): string {
  const name = publicNames[0] ?? (wildcards.includes(host) ? hostname() : host);
  return `https://${isIP(name) === 6 ? `[${name}]` : name}:${String(port)}`;
}

async function listen(
  server: FastifyInstance,
  host: string,
  port: number,
  option: string,
  opened: (port: number) => void,
): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'EADDRINUSE' ? `Another program listens on that port; ${option} names another.` : `${option}: ${message}.`;
    throw new AppError('input-invalid', { what: `${host}:${String(port)}`, reason }, { cause: error });
  }
  opened((server.server.address() as AddressInfo).port);
}

/** New connections get the new certificate; those that are open stay. */
async function renewOn(servers: readonly FastifyInstance[], authority: Authority, { log }: ServiceContext): Promise<boolean> {
  if (!(await authority.renewIfDue())) return false;
  const { key, cert } = authority.serverCredentials();
  for (const { server } of servers) (server as unknown as Server).setSecureContext({ key, cert, minVersion: 'TLSv1.2' });
  log.info('The server certificate was renewed');
  return true;
}

function renewInTime(renewCertificate: () => Promise<boolean>, { log }: ServiceContext): () => void {
  const timer = setInterval(() => {
    renewCertificate().catch((error: unknown) => {
      log.error('The server certificate could not be renewed; it is tried again in an hour', {}, error);
    });
  }, renewalCheckMs);
  return () => {
    clearInterval(timer);
  };
}

async function closeAll(closers: (() => void | Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (let closer = closers.pop(); closer !== undefined; closer = closers.pop()) {
    try {
      await closer();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'The service did not close cleanly');
}
