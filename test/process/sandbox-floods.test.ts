import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { summarizeJournal } from '../../src-main/journal/journal-reader.ts';
import { ScriptedJrds, type JrdsOptions } from '../fakes/scripted-jrds.ts';
import { endedWell, runSandbox, type RunningSandbox } from '../harness/sandbox-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';

async function startJrds(options: JrdsOptions): Promise<ScriptedJrds> {
  const jrds = await ScriptedJrds.start({ keepRecords: false, ...options });
  onTestFinished(() => jrds.close());
  return jrds;
}

const flood = readFileSync(path.join(import.meta.dirname, '..', 'fixtures', 'runtimes', 'flood.py'), 'utf8');
const maxResidentBytes = 150 * 1024 * 1024;

/** The most memory that the sandbox ever had, as the kernel remembers it. Asked while it lives. */
async function watchPeak(sandbox: RunningSandbox): Promise<() => number> {
  let peak = 0;
  const look = async (): Promise<void> => {
    const status = await readFile(`/proc/${sandbox.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024);
  };
  const timer = setInterval(() => void look(), 50);
  onTestFinished(() => clearInterval(timer));
  await look();
  return () => {
    clearInterval(timer);
    return peak;
  };
}

interface Flood {
  jrds: ScriptedJrds;
  journalBytes: number;
  seconds: number;
  peakBytes: number;
  hash: string;
}

async function runFlood(kind: 'lines' | 'one-line', count: number): Promise<Flood> {
  const hashFile = path.join(await tempFolder(), 'hash');
  const parameters = { a: JSON.stringify(kind), b: String(count), c: JSON.stringify(hashFile) };
  const jrds = await startJrds({ job: { kind: 'Python3', script: flood, parameters } });
  const start = performance.now();
  const sandbox = await runSandbox(jrds);
  const readPeak = await watchPeak(sandbox);
  expect(await sandbox.ended).toBe(endedWell);
  const seconds = (performance.now() - start) / 1000;
  const peakBytes = readPeak();
  const { bytes, recordCount, chain } = await summarizeJournal(sandbox.journal);
  expect({ recordCount, chain }).toEqual({ recordCount: jrds.recordCount, chain: jrds.chain });
  expect(jrds.final).toMatchObject({ jobStatus: 'Completed', hrw: { recordCount, chain } });
  return { jrds, journalBytes: bytes, seconds, peakBytes, hash: await readFile(hashFile, 'utf8') };
}

const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);

describe('a runtime that floods one stream while the other is silent', () => {
  it('writes ten million lines: the service gets every one, in bounded memory', { timeout: 300_000 }, async ({ annotate }) => {
    const { jrds, seconds, peakBytes, journalBytes, hash } = await runFlood('lines', 10_000_000);
    await annotate(
      `${seconds.toFixed(1)} s, ${(10 / seconds).toFixed(2)} million records/s, journal ${megabytes(journalBytes)} MiB, sandbox at most ${megabytes(peakBytes)} MiB`,
    );
    expect(jrds.recordCount).toBe(10_000_000);
    expect(jrds.sha256('Output')).toBe(hash);
    expect(peakBytes).toBeLessThan(maxResidentBytes);
  });

  it(
    'writes 1 GiB as one line: the parts that the service gets join to it, in bounded memory',
    { timeout: 300_000 },
    async ({ annotate }) => {
      const { jrds, seconds, peakBytes, hash } = await runFlood('one-line', 1024 * 1024 * 1024);
      await annotate(
        `${seconds.toFixed(1)} s, ${(1024 / seconds).toFixed(0)} MiB/s, sandbox at most ${megabytes(peakBytes)} MiB`,
      );
      expect(jrds.recordCount).toBe(1024);
      expect(jrds.sha256('Output')).toBe(hash);
      expect(peakBytes).toBeLessThan(maxResidentBytes);
    },
  );
});

describe('a runtime that writes what is no text', () => {
  it('gets a record for every line all the same, mended where it had to be', async () => {
    const script = "printf 'good\\nbad \\xff\\xfe end\\n\\xc3\\xa9t\\xc3\\xa9\\ncut \\xe9'";
    const jrds = await startJrds({ keepRecords: true, job: { kind: 'Bash', script } });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.records.map((record) => [record.text, record.repaired])).toEqual([
      ['good', undefined],
      ['bad \ufffd\ufffd end', true],
      ['été', undefined],
      ['cut \ufffd', true],
    ]);
  });
});
