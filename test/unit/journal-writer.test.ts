import { open, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { maxRecordBytes } from '../../src-contract/limits.ts';
import { decodeFrame, emptyChain, framePrefixBytes } from '../../src-contract/node/journal-frame.ts';
import { readJournal, readRecords, summarizeJournal } from '../../src-main/journal/journal-reader.ts';
import { JournalWriter, type JournalWriterOptions } from '../../src-main/journal/journal-writer.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const beginning = { jobId: 'job', sandboxId: 'sandbox', attempt: 1, runbookName: 'Copy-LocalFiles', runbookKind: 'Bash' };
const ending = { outcome: 'completed', reason: 'The runbook ended with 0', exitCode: 0 } as const;
const time = '2026-11-23T23:05:00.123Z';

async function makeOptions(more: Partial<JournalWriterOptions> = {}): Promise<JournalWriterOptions> {
  const folder = await tempFolder();
  return { path: path.join(folder, 'journals', 'a.journal'), now: () => new Date(time), delay: (ms) => sleep(ms), ...more };
}

function appendText(writer: JournalWriter, text: string): void {
  const bytes = Buffer.from(text);
  writer.appendLine('Output', time, bytes, 0, bytes.length);
}

async function textsOf(file: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const frame of readJournal(file)) texts.push(...frame.records.map((one) => one.text));
  return texts;
}

describe('the journal writer', () => {
  it('gives back every text byte for byte, whatever JSON thinks of it', async () => {
    const options = await makeOptions();
    const writer = await JournalWriter.create(options, beginning);
    const texts = [
      '',
      'plain',
      'quotes " and \\ and \\n and / and \u007f',
      Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join(''),
      'žluťoučký kůň 馬 🐎 \u2028\u2029',
      'C:\\Users\\"x"\\'.repeat(500),
      `${'x'.repeat(1000)}"${'y'.repeat(70)}\t${'é'.repeat(5000)}`,
      '\u0001'.repeat(100_000),
      'z'.repeat(maxRecordBytes),
    ];
    for (const text of texts) appendText(writer, text);
    for (const text of texts) writer.append({ stream: 'Warning', text, part: { index: 0, last: true } });
    await writer.end(ending);
    expect(await textsOf(options.path)).toEqual([...texts, ...texts]);
    const { records } = await readRecords(options.path, { from: 0, limit: 100 });
    expect(records[1]).toEqual({ seq: 1, time, stream: 'Output', text: 'plain' });
    expect(records[texts.length + 1]).toEqual({
      seq: texts.length + 1,
      time,
      stream: 'Warning',
      text: 'plain',
      part: { index: 0, last: true },
    });
    expect(records.map((one) => one.seq)).toEqual(records.map((_, index) => index));
  });

  it('marks parts and repaired lines on the hot path as anywhere', async () => {
    const options = await makeOptions();
    const writer = await JournalWriter.create(options, beginning);
    const bytes = Buffer.from('xtext');
    writer.appendLine('Error', time, bytes, 1, 5, { repaired: true });
    writer.appendLine('Error', time, bytes, 1, 5, { part: { index: 7, last: false } });
    writer.appendLine('Error', time, bytes, 1, 5, { part: { index: 8, last: true }, repaired: true });
    await writer.end(ending);
    const common = { time, stream: 'Error', text: 'text' };
    expect((await readRecords(options.path, { from: 0, limit: 9 })).records).toEqual([
      { seq: 0, ...common, repaired: true },
      { seq: 1, ...common, part: { index: 7, last: false } },
      { seq: 2, ...common, part: { index: 8, last: true }, repaired: true },
    ]);
  });

  it('chains its frames from 32 zero bytes on, and reports the chain before the end frame', async () => {
    const options = await makeOptions();
    const writer = await JournalWriter.create(options, beginning);
    appendText(writer, 'one');
    await writer.flush();
    appendText(writer, 'two');
    await writer.flush();
    const chain = writer.chain;
    await writer.end(ending);
    const bytes = await readFile(options.path);
    const kinds: string[] = [];
    const chains: string[] = [];
    let previous: Buffer = emptyChain;
    for (let at = 0; at < bytes.length;) {
      const decision = decodeFrame(previous, bytes, at);
      if (decision.kind !== 'frame') throw new Error(decision.kind);
      kinds.push((JSON.parse(decision.frame.payload.toString().split('\n')[0] ?? '') as { kind: string }).kind);
      chains.push(decision.frame.chain.toString('hex'));
      previous = decision.frame.chain;
      at += decision.frame.length;
    }
    expect(kinds).toEqual(['begin', 'records', 'records', 'end']);
    expect(chains[2]).toBe(chain);
    expect((await summarizeJournal(options.path)).chain).toBe(chain);
  });

  it('writes a record within the frame delay without being asked', async () => {
    const options = await makeOptions();
    const writer = await JournalWriter.create(options, beginning);
    await writer.flush();
    const written = new Promise<void>((resolve) => (options.onWritten = () => resolve()));
    appendText(writer, 'soon');
    await written;
    expect(await textsOf(options.path)).toEqual(['soon']);
    await writer.close();
  });

  it('says when too much waits for the disk, and when it no longer does', async () => {
    let drained = 0;
    const options = await makeOptions({ onDrain: () => (drained += 1) });
    const writer = await JournalWriter.create(options, beginning);
    const text = 'x'.repeat(maxRecordBytes);
    let count = 0;
    while (!writer.isFull) {
      appendText(writer, text);
      count += 1;
    }
    expect(count).toBeGreaterThan(3);
    expect(count).toBeLessThan(8);
    await writer.flush();
    expect(drained).toBe(1);
    expect(writer.isFull).toBe(false);
    await writer.close();
  });

  it('tells records that are in the file from those that wait to be written', async () => {
    const options = await makeOptions();
    const writer = await JournalWriter.create(options, beginning);
    await writer.flush();
    appendText(writer, 'one');
    await writer.flush();
    appendText(writer, 'two');
    expect(writer).toMatchObject({ recordCount: 2, writtenCount: 1 });
    expect(await textsOf(options.path)).toEqual(['one']);
    await writer.flush();
    expect(writer).toMatchObject({ recordCount: 2, writtenCount: 2 });
    await writer.close();
    const again = await JournalWriter.reopen(options);
    expect(again.writtenCount).toBe(2);
    await again.close();
  });

  it('keeps nothing beyond its quota, counts it, and says both in the journal, as part of the chain', async () => {
    const options = await makeOptions({ quotaBytes: 1024 });
    const writer = await JournalWriter.create(options, beginning);
    await writer.flush();
    for (let number = 0; writer.bytes < 1024; number += 1) {
      appendText(writer, `line ${number}`);
      await writer.flush();
    }
    const recordCount = writer.recordCount + 1;
    for (let number = 0; number < 10; number += 1) appendText(writer, 'too much');
    writer.append({ stream: 'Error', text: 'and more' });
    await writer.flush();
    const { chain } = writer;
    await writer.end(ending);
    const summary = await summarizeJournal(options.path);
    expect(summary).toMatchObject({ recordCount, chain, damaged: null, end: ending });
    expect(summary.decisions.map((one) => one.text)).toEqual([
      'The journal has reached its quota of 0 MiB: what comes from here on is counted, and not kept.',
      '11 records have come since the quota was reached, and were not kept.',
    ]);
    expect(summary.decisions.map((one) => one.after)).toEqual([recordCount - 1, recordCount]);
    // Whoever reads the records alone is told too.
    const texts = await textsOf(options.path);
    expect(texts.pop()).toBe(summary.decisions[0]?.text);
    expect(texts.every((text) => text.startsWith('line '))).toBe(true);
  });

  it('refuses a record that should have been split, and any record after the end', async () => {
    const writer = await JournalWriter.create(await makeOptions(), beginning);
    expect(() => writer.append({ stream: 'Output', text: 'x'.repeat(maxRecordBytes + 1) })).toThrow(/split it/);
    await writer.end(ending);
    expect(() => appendText(writer, 'late')).toThrow(/has ended/);
    expect(() => writer.decide('late')).toThrow(/has ended/);
  });

  it('does not start a journal twice', async () => {
    const options = await makeOptions();
    await (await JournalWriter.create(options, beginning)).close();
    await expect(JournalWriter.create(options, beginning)).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('cuts a tail torn at any byte when it reopens, says so, and goes on with the next sequence', async () => {
    const options = await makeOptions();
    const writer = await JournalWriter.create(options, beginning);
    for (const text of ['one', 'two', 'three']) {
      appendText(writer, text);
      await writer.flush();
    }
    await writer.close();
    const whole = await readFile(options.path);
    const { bytes: wholeBytes } = await summarizeJournal(options.path);
    const lastFrame = whole.lastIndexOf('{"kind":"records"') - 36;
    for (const cut of [lastFrame + 1, lastFrame + 20, lastFrame + 36, lastFrame + 60, wholeBytes - 1]) {
      await writeFile(options.path, whole);
      await truncate(options.path, cut);
      expect(await textsOf(options.path)).toEqual(['one', 'two']);
      expect((await summarizeJournal(options.path)).unfinishedBytes).toBe(cut - lastFrame);
      const again = await JournalWriter.reopen(options);
      expect(again.recordCount).toBe(2);
      appendText(again, 'four');
      await again.end({ ...ending, outcome: 'sandbox-crashed' });
      expect(await textsOf(options.path)).toEqual(['one', 'two', 'four']);
      const summary = await summarizeJournal(options.path);
      expect(summary.decisions[0]?.text).toContain(`${cut - lastFrame} bytes`);
      expect(summary.end?.outcome).toBe('sandbox-crashed');
      expect(summary.unfinishedBytes).toBe(0);
    }
  });

  it('reopens an ended journal only to be told so', async () => {
    const options = await makeOptions();
    await (await JournalWriter.create(options, beginning)).end(ending);
    const again = await JournalWriter.reopen(options);
    expect(again.isEnded).toBe(true);
    await again.close();
  });

  it('keeps what lies behind a damaged frame, for a person to read', async () => {
    const options = await makeOptions();
    const writer = await JournalWriter.create(options, beginning);
    for (const text of ['kept', 'damaged', 'behind it']) {
      appendText(writer, text);
      await writer.flush();
    }
    await writer.close();
    const whole = await readFile(options.path);
    const at = whole.indexOf('damaged');
    await writeFile(options.path, Buffer.concat([whole.subarray(0, at), Buffer.from('DAMAGED'), whole.subarray(at + 7)]));
    const again = await JournalWriter.reopen(options);
    expect(again.writtenCount).toBe(1);
    await again.end(ending);
    const aside = (await readdir(path.dirname(options.path))).filter((name) => name.includes('.damaged-'));
    expect(aside).toHaveLength(1);
    expect(await readFile(path.join(path.dirname(options.path), aside[0] ?? ''), 'utf8')).toContain('behind it');
    const { decisions } = await summarizeJournal(options.path);
    expect(decisions[0]?.text).toContain(`They are kept as ${aside[0] ?? ''}.`);
  });

  it('keeps what lies behind a frame whose length was damaged, though it then seems to end behind the file', async () => {
    const options = await makeOptions();
    const writer = await JournalWriter.create(options, beginning);
    for (const text of ['kept', 'longer than it was', 'behind it']) {
      appendText(writer, text);
      await writer.flush();
    }
    await writer.close();
    const whole = await readFile(options.path);
    // Each frame begins with its length; the third of the file is that of the second record.
    let offset = 0;
    for (let frame = 0; frame < 2; frame += 1) offset += framePrefixBytes + whole.readUInt32LE(offset);
    whole.writeUInt32LE(1024 * 1024, offset);
    await writeFile(options.path, whole);
    const again = await JournalWriter.reopen(options);
    expect(again.writtenCount).toBe(1);
    await again.end(ending);
    const [aside = ''] = (await readdir(path.dirname(options.path))).filter((name) => name.includes('.damaged-'));
    expect(await readFile(path.join(path.dirname(options.path), aside), 'utf8')).toContain('behind it');
    expect(await summarizeJournal(options.path)).toMatchObject({ damaged: null, recordCount: 1 });
  });

  it('treats zeros that a power failure left behind the last frame as a torn tail', async () => {
    const options = await makeOptions();
    const writer = await JournalWriter.create(options, beginning);
    appendText(writer, 'kept');
    await writer.flush();
    await writer.close();
    const file = await open(options.path, 'a');
    await file.write(Buffer.alloc(5000));
    await file.close();
    expect((await summarizeJournal(options.path)).damaged).toMatch(/impossible length 0/);
    const again = await JournalWriter.reopen(options);
    await again.end(ending);
    const summary = await summarizeJournal(options.path);
    expect(summary).toMatchObject({ damaged: null, unfinishedBytes: 0, recordCount: 1 });
  });
});
