import { rename, rmdir, mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { JournalWriter } from '../../src-main/journal/journal-writer.ts';
import { RecordPoster } from '../../src-main/sandbox/record-poster.ts';
import { tempFolder } from '../harness/temp-folder.ts';

describe('the record poster', () => {
  it('waits while the journal cannot be read, says so, and goes on when it can', async () => {
    const folder = await tempFolder();
    const file = path.join(folder, 'a.journal');
    const writer = await JournalWriter.create(
      { path: path.join(folder, 'written.journal'), now: () => new Date(), delay: (ms) => sleep(ms) },
      { jobId: 'job', sandboxId: 'sandbox', attempt: 1, runbookName: 'r', runbookKind: 'Bash' },
    );
    for (const text of ['one', 'two']) writer.append({ stream: 'Output', text });
    await writer.flush();
    const target = { recordCount: writer.recordCount, chain: writer.chain };
    await writer.close();
    // Reading a folder fails as a bad disk does.
    await mkdir(file);
    const posted: (string | null | undefined)[] = [];
    const poster = new RecordPoster({
      path: file,
      post: (body) => Promise.resolve(void posted.push(body.StreamRecordText)),
      accountId: 'account',
      jobId: 'job',
      runbookVersionId: 'version',
      delay: async (_ms, signal) => {
        await sleep(5, undefined, { signal }).catch(() => undefined);
      },
      retryDelayMs: () => 5,
    });
    while (poster.trouble === null) await sleep(2);
    expect(poster.trouble).toContain('EISDIR');
    await rmdir(file);
    await rename(path.join(folder, 'written.journal'), file);
    expect(await poster.finish(target)).toBe('complete');
    expect(posted).toEqual(['one', 'two']);
    expect(poster.trouble).toBeNull();
    await poster.close();
  });
});
