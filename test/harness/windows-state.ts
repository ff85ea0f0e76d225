/** What a Windows under wine holds: its files and its registry, to be compared with what it held before. */
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const exported = [
  'HKLM\\SOFTWARE',
  'HKLM\\SYSTEM\\CurrentControlSet\\Services',
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager',
  'HKCU\\Software',
];

/** Of wine's own: what it notes of the machine that it runs on whenever it looks. */
const notCompared = /\\(Fonts|Time Zones|Perflib|FontSubstitutes|Wine|Explorer\\(?!ControlPanel)[^\]]*)\b/i;

export interface WindowsState {
  files: string[];
  /** `[key] name=value`, one a value, and each key by itself. */
  registry: string[];
}

/** Of a Windows that has just been started: wine's own services go on writing for a while. */
export async function readSettledState(...given: Parameters<typeof readWindowsState>): Promise<WindowsState> {
  let before = await readWindowsState(...given);
  for (;;) {
    const after = await readWindowsState(...given);
    if (isDeepStrictEqual(before, after)) return after;
    before = after;
  }
}

/** `runBatch` runs lines of a batch file to their end. */
export async function readWindowsState(drive: string, runBatch: (lines: string[]) => Promise<unknown>): Promise<WindowsState> {
  const files = exported.map((_key, at) => `state-${String(at)}.reg`);
  await runBatch(exported.map((key, at) => `reg export "${key}" C:\\${files[at] ?? ''} /y`));
  const registry = files.flatMap((file) => linesOf(readFileSync(path.join(drive, file), 'utf16le')));
  for (const file of files) rmSync(path.join(drive, file));
  const found = readdirSync(drive, { recursive: true, encoding: 'utf8' });
  return { files: found.sort(), registry: registry.sort() };
}

function linesOf(text: string): string[] {
  let key = '';
  const lines: string[] = [];
  for (const line of text.replaceAll(/\\\r?\n\s*/g, '').split(/\r?\n/)) {
    if (line.startsWith('[')) key = line;
    if (key === '' || notCompared.test(key) || line === '') continue;
    lines.push(line === key ? key : `${key} ${line}`);
  }
  return lines;
}

/** What one has and the other has not. */
export function differenceOf(one: readonly string[], other: readonly string[]): string[] {
  const known = new Set(other);
  return one.filter((line) => !known.has(line));
}
