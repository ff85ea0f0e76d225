import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../src-contract/app-error.ts';
import type { Acknowledged } from '../../src-contract/jrds.ts';
import { decodeFrame, emptyChain } from '../../src-contract/node/journal-frame.ts';
import { JournalUploader, type FrameSink, type FramesAnswer } from '../../src-main/journal/journal-uploader.ts';
import { JournalWriter } from '../../src-main/journal/journal-writer.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const beginning = { jobId: 'job', sandboxId: 'sandbox', attempt: 1, runbookName: 'r', runbookKind: 'Bash' };
const time = '2026-11-23T23:05:00.123Z';

/** Keeps what a real service would: verified frames, and where it stands. `fail` may throw before or after that. */
class RecordingSink implements FrameSink {
  texts: string[] = [];
  chain: Buffer = emptyChain;
  requests = 0;
  inFlight = 0;
  maxInFlight = 0;
  largestBody = 0;
  /** Larger bodies meet what a proxy says: a page of its own. */
  largestTaken = Infinity;
  beforeStoring: () => Promise<void> | void = () => undefined;
  afterStoring: () => Promise<void> | void = () => undefined;

  get state(): Acknowledged {
    return { acknowledged: this.texts.length, chain: this.chain.toString('hex') };
  }

  acknowledgedRecords(): Promise<Acknowledged> {
    return Promise.resolve(this.state);
  }

  async uploadFrames(
    _sandboxId: string,
    _jobId: string,
    upload: { from: number; chain: string; body: Buffer },
  ): Promise<FramesAnswer> {
    this.requests += 1;
    this.inFlight += 1;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
    try {
      await this.beforeStoring();
      if (gunzipSync(upload.body).length > this.largestTaken)
        throw new AppError('answer-not-understood', { host: 'h', status: 413, what: 'an HTML page' }, { retryable: true });
      if (upload.from !== this.texts.length || upload.chain !== this.state.chain) return { kind: 'resume-at', ...this.state };
      const bytes = gunzipSync(upload.body);
      this.largestBody = Math.max(this.largestBody, bytes.length);
      for (let at = 0; at < bytes.length;) {
        const decision = decodeFrame(this.chain, bytes, at);
        if (decision.kind !== 'frame') throw new Error(`the upload holds a ${decision.kind} frame`);
        const lines = decision.frame.payload.toString().split('\n').slice(1);
        this.texts.push(...lines.map((line) => (JSON.parse(line) as { text: string }).text));
        this.chain = decision.frame.chain;
        at += decision.frame.length;
      }
      await this.afterStoring();
      return { kind: 'acknowledged', ...this.state };
    } finally {
      this.inFlight -= 1;
    }
  }
}

async function prepare(options: { resume?: boolean; batchBytes?: number } = {}) {
  const file = path.join(await tempFolder(), 'a.journal');
  const sink = new RecordingSink();
  const waits: number[] = [];
  const holder: { uploader?: JournalUploader } = {};
  const writer = await JournalWriter.create(
    { path: file, now: () => new Date(time), delay: (ms) => sleep(ms), onWritten: () => holder.uploader?.poke() },
    beginning,
  );
  const startUploader = (resume = options.resume ?? false): JournalUploader =>
    (holder.uploader = new JournalUploader({
      path: file,
      sink,
      sandboxId: 'sandbox',
      jobId: 'job',
      resume,
      ...(options.batchBytes === undefined ? {} : { batchBytes: options.batchBytes }),
      delay: async (ms, signal) => {
        await sleep(Math.min(ms, 5), undefined, { signal }).catch(() => undefined);
      },
      retryDelayMs: (failures) => {
        waits.push(failures);
        return failures;
      },
    }));
  const append = (from: number, to: number): void => {
    for (let number = from; number < to; number += 1) {
      const bytes = Buffer.from(`line ${number}`);
      writer.appendLine('Output', time, bytes, 0, bytes.length);
    }
  };
  const target = () => ({ recordCount: writer.recordCount, chain: writer.chain });
  return { file, sink, writer, waits, startUploader, append, target };
}

const lines = (count: number): string[] => Array.from({ length: count }, (_, index) => `line ${index}`);

describe('the journal uploader', () => {
  it('brings every frame but the last to the service, in order, one request at a time', async () => {
    const { sink, writer, startUploader, append, target } = await prepare({ batchBytes: 300_000 });
    const uploader = startUploader();
    for (let number = 0; number < 20_000; number += 1000) {
      append(number, number + 1000);
      await writer.flush();
    }
    const aim = target();
    await writer.end({ outcome: 'completed', reason: '', exitCode: 0 });
    expect(await uploader.finish(aim)).toBe('complete');
    expect(sink.texts).toEqual(lines(20_000));
    expect(sink.state.chain).toBe(aim.chain);
    expect(sink.maxInFlight).toBe(1);
    expect(sink.largestBody).toBeLessThanOrEqual(300_000);
    expect(uploader.acknowledgedCount).toBe(20_000);
  });

  it('uploads while the runbook runs, before anybody asks for the end', async () => {
    const { sink, writer, startUploader, append } = await prepare();
    const uploader = startUploader();
    append(0, 5);
    while (sink.texts.length < 5) await sleep(2);
    expect(uploader.acknowledgedCount).toBe(5);
    await uploader.close();
    await writer.close();
  });

  it('outlasts failures, says what is wrong meanwhile, and sends nothing twice when only the answer was lost', async () => {
    const { sink, writer, waits, startUploader, append, target } = await prepare();
    let failures = 0;
    const troubles: (string | null)[] = [];
    sink.beforeStoring = () => {
      failures += 1;
      if (failures <= 3) throw new AppError('connection-refused', { host: 'h', port: 1 }, { retryable: true });
    };
    let lost = false;
    sink.afterStoring = () => {
      if (!lost) {
        lost = true;
        throw new AppError('connection-cut', { host: 'h' }, { retryable: true });
      }
    };
    const uploader = startUploader();
    append(0, 100);
    await writer.flush();
    while (uploader.trouble === null) await sleep(1);
    troubles.push(uploader.trouble);
    expect(await uploader.finish(target())).toBe('complete');
    expect(sink.texts).toEqual(lines(100));
    expect(waits).toEqual([1, 2, 3, 4]);
    expect(troubles[0]).toMatch(/Nothing answers/);
    expect(uploader.trouble).toBeNull();
    await writer.close();
  });

  it('resumes where the service stands, not where it stood itself', async () => {
    const { sink, writer, startUploader, append, target } = await prepare();
    append(0, 10);
    await writer.flush();
    const first = startUploader();
    expect(await first.finish(target())).toBe('complete');
    append(10, 20);
    await writer.flush();
    const second = startUploader(true);
    expect(await second.finish(target())).toBe('complete');
    expect(sink.texts).toEqual(lines(20));
    // Without asking first, it learns the same from the refusal of its first upload.
    append(20, 30);
    await writer.flush();
    const third = startUploader(false);
    expect(await third.finish(target())).toBe('complete');
    expect(sink.texts).toEqual(lines(30));
    await writer.close();
  });

  it('stops for good when the service has given up on the attempt', async () => {
    const { sink, writer, startUploader, append, target } = await prepare();
    sink.beforeStoring = () => {
      throw new AppError('attempt-fenced', { sandboxId: 'sandbox' });
    };
    const uploader = startUploader();
    append(0, 10);
    await writer.flush();
    expect(await uploader.finish(target())).toBe('refused');
    expect(sink.requests).toBe(1);
    await writer.close();
  });

  it('says that the two diverge when the service has what this journal has not', async () => {
    const { sink, writer, startUploader, append, target } = await prepare();
    append(0, 10);
    await writer.flush();
    sink.chain = Buffer.alloc(32, 7);
    const uploader = startUploader(true);
    expect(await uploader.finish(target())).toBe('diverged');
    await writer.close();
  });

  it('sends smaller batches to a service behind something that takes no large ones', async () => {
    const { sink, writer, waits, startUploader, append, target } = await prepare();
    sink.largestTaken = 100_000;
    for (let number = 0; number < 20_000; number += 500) {
      append(number, number + 500);
      await writer.flush();
    }
    const uploader = startUploader();
    expect(await uploader.finish(target())).toBe('complete');
    expect(sink.texts).toEqual(lines(20_000));
    // Halved at once: what does not get smaller by waiting is not waited for.
    expect(waits).toEqual([]);
    await writer.close();
  });

  it('says so and tries on when a single frame is too large, for somebody can mend that', async () => {
    const { sink, writer, waits, startUploader, append, target } = await prepare();
    sink.largestTaken = 10;
    append(0, 100);
    await writer.flush();
    const uploader = startUploader();
    while (waits.length < 2) await sleep(1);
    expect(uploader.trouble).toContain('413');
    sink.largestTaken = Infinity;
    expect(await uploader.finish(target())).toBe('complete');
    await writer.close();
  });

  const unfit: [string, AppError][] = [
    ['refuses what is in it', new AppError('input-invalid', { what: 'body', reason: 'its chain is broken' })],
    ['says so by its own code', new AppError('request-invalid', { where: 'body', reason: 'frame 3 does not follow' })],
    ['cannot process it', new AppError('service-refused', { call: 'upload records', status: 422, reason: 'no' })],
  ];
  for (const [how, refusal] of unfit)
    it(`comes to an end when the service has looked at a batch and ${how}`, async () => {
      const { sink, writer, startUploader, append, target } = await prepare();
      sink.beforeStoring = () => {
        throw refusal;
      };
      append(0, 10);
      await writer.flush();
      const uploader = startUploader();
      expect(await uploader.finish(target())).toBe('diverged');
      expect(sink.requests).toBe(1);
      expect(uploader.trouble).toBe(refusal.message);
      await writer.close();
    });

  it('outlasts a journal that cannot be read, and says what is wrong meanwhile', async () => {
    const uploader = new JournalUploader({
      // Opens like a file; reading it fails as a bad disk does.
      path: await tempFolder(),
      sink: new RecordingSink(),
      sandboxId: 'sandbox',
      jobId: 'job',
      resume: false,
      delay: async (_ms, signal) => {
        await sleep(5, undefined, { signal }).catch(() => undefined);
      },
      retryDelayMs: () => 5,
    });
    while (uploader.trouble === null) await sleep(1);
    expect(uploader.trouble).toContain('EISDIR');
    await sleep(20);
    await uploader.close();
    expect(await uploader.finish({ recordCount: 1, chain: '' })).toBe('closed');
  });

  it('can be closed in the middle of waiting', async () => {
    const { sink, writer, startUploader, append } = await prepare();
    sink.beforeStoring = () => {
      throw new AppError('connection-refused', { host: 'h', port: 1 }, { retryable: true });
    };
    const uploader = startUploader();
    append(0, 10);
    await writer.flush();
    while (uploader.trouble === null) await sleep(1);
    await uploader.close();
    const { requests } = sink;
    await sleep(20);
    expect(sink.requests).toBe(requests);
    await writer.close();
  });
});
