/** The libraries in a process: what to look at when it hangs before it has done anything (a scanner's, a driver's). */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Names without folders, each once, in the order of loading where the system tells it; empty when they cannot be read. */
export async function loadedModules(pid: number): Promise<string[]> {
  try {
    return process.platform === 'win32' ? await fromTasklist(pid) : fromMaps(pid);
  } catch {
    return [];
  }
}

function fromMaps(pid: number): string[] {
  const files = readFileSync(`/proc/${String(pid)}/maps`, 'utf8')
    .split('\n')
    .map((line) => line.slice(line.indexOf('/')))
    .filter((file) => file.startsWith('/'));
  return [...new Set(files.map((file) => path.basename(file)))];
}

/** One line of CSV: program, process, and the modules with commas between them. */
async function fromTasklist(pid: number): Promise<string[]> {
  const { stdout } = await run('tasklist', ['/m', '/fi', `PID eq ${String(pid)}`, '/fo', 'csv', '/nh'], { windowsHide: true });
  const modules = /^"[^"]*","[^"]*","([^"]*)"/.exec(stdout.trim())?.[1] ?? '';
  return modules.split(',').filter((name) => name !== '');
}
