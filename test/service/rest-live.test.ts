/** Jobs as server-sent events. */
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RestClient, LiveEvent } from '../harness/rest-client.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { waitFor } from '../harness/stack.ts';
import {
  accountName,
  publish,
  startJob,
  startRestFixture,
  startScriptedWorker,
  type RestFixture,
  type ScriptedWorker,
} from './rest-fixture.ts';

leftoversAreCheckedAtTheEnd();
let fixture: RestFixture;
let worker: ScriptedWorker;
beforeAll(async () => {
  fixture = await startRestFixture();
  worker = await startScriptedWorker(fixture);
  await publish(fixture, 'Plain', 'Bash', 'echo 1\n');
});
afterAll(async () => {
  worker.close();
  await fixture.close();
});

interface Seen {
  statuses: string[];
  texts: string[];
  ids: string[];
  ended: boolean;
}

/** Reads until the end, or until as many records were seen. */
async function follow(
  rest: RestClient,
  jobName: string,
  options: { until?: number; lastEventId?: string; onEvent?: (event: LiveEvent) => void } = {},
) {
  const seen: Seen = { statuses: [], texts: [], ids: [], ended: false };
  for await (const event of rest.live(accountName, jobName, options.lastEventId)) {
    options.onEvent?.(event);
    const data = event.data as { status: string; records: { streamText: string }[] };
    if (event.event === 'status') seen.statuses.push(data.status);
    if (event.event === 'records') {
      seen.texts.push(...data.records.map(({ streamText }) => streamText));
      seen.ids.push(event.id);
    }
    seen.ended = event.event === 'end';
    if (seen.texts.length >= (options.until ?? Infinity)) break;
  }
  return seen;
}

describe('a job’s live stream', () => {
  it('tells states and records as they come, and ends with the job', async () => {
    const jobName = await startJob(fixture, 'Plain');
    let firstRecordAt = 0;
    const following = follow(fixture.rest, jobName, {
      onEvent: ({ event }) => {
        if (event === 'records' && firstRecordAt === 0) firstRecordAt = performance.now();
      },
    });
    const attempt = await worker.takeJob();
    const writtenAt = performance.now();
    await attempt.write({ text: 'one' }, { stream: 'Error', text: 'two' });
    await waitFor('the first record', 5, () => (firstRecordAt > 0 ? true : undefined));
    expect(firstRecordAt - writtenAt).toBeLessThan(1000);
    await attempt.write({ text: 'three' });
    await attempt.end('Failed', 'failed', 'it broke');
    const seen = await following;
    expect(seen.texts).toEqual(['one', 'two', 'three']);
    expect(seen.statuses.at(0)).toBe('New');
    expect(seen.statuses.at(-1)).toBe('Failed');
    expect(seen.statuses).toContain('Running');
    expect(seen.ended).toBe(true);
  });

  it('goes on behind the last event that was seen, and gives a job that has ended whole', async () => {
    const jobName = await startJob(fixture, 'Plain');
    const attempt = await worker.takeJob();
    for (let count = 0; count < 20; count += 1) await attempt.write({ text: `line ${count}` });
    const first = await follow(fixture.rest, jobName, { until: 5 });
    await attempt.end('Completed', 'completed');
    const rest = await follow(fixture.rest, jobName, { lastEventId: first.ids.at(-1) ?? '' });
    expect([...first.texts, ...rest.texts]).toEqual(Array.from({ length: 20 }, (_, index) => `line ${index}`));
    expect(rest.ended).toBe(true);
    expect((await follow(fixture.rest, jobName)).texts).toHaveLength(20);
  });

  it('gives a large upload in helpings, each with its own place to go on from', async () => {
    const jobName = await startJob(fixture, 'Plain');
    const attempt = await worker.takeJob();
    await attempt.write(...Array.from({ length: 1200 }, (_, index) => ({ text: `line ${index}` })));
    await attempt.end('Completed', 'completed');
    const seen = await follow(fixture.rest, jobName);
    expect(seen.ids).toEqual(['1/499', '1/999', '1/1199']);
    expect(seen.texts).toEqual(Array.from({ length: 1200 }, (_, index) => `line ${index}`));
    expect((await follow(fixture.rest, jobName, { lastEventId: '1/999' })).texts).toHaveLength(200);
  });

  it('holds one event at a time for a reader that does not read', async () => {
    const jobName = await startJob(fixture, 'Plain');
    const attempt = await worker.takeJob();
    const large = 'x'.repeat(900_000);
    const count = 60;
    for (let written = 0; written < count; written += 1) await attempt.write({ text: large });
    await attempt.end('Completed', 'completed');
    const url = new URL(fixture.service.urls.restUrl);
    const socket = connect({ host: url.hostname, port: Number(url.port), ca: fixture.caPem });
    try {
      await new Promise((resolve) => socket.once('secureConnect', resolve));
      socket.pause();
      const before = process.memoryUsage.rss();
      socket.write(
        `GET /automationAccounts/${accountName}/jobs/${jobName}/streams/live HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${fixture.token}\r\nconnection: close\r\n\r\n`,
      );
      await new Promise((resolve) => setTimeout(resolve, 1500));
      // Everything is 54 MB; what lies in socket buffers and in one event is far less.
      expect(process.memoryUsage.rss() - before).toBeLessThan(40 * 1024 * 1024);
      let bytes = 0;
      socket.on('data', (piece: Buffer) => (bytes += piece.length));
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
      expect(bytes).toBeGreaterThan(count * large.length);
    } finally {
      socket.destroy();
    }
  });

  it('leaves no subscription behind when its reader goes', async () => {
    const jobName = await startJob(fixture, 'Plain');
    const attempt = await worker.takeJob();
    const { changes } = fixture.service.context;
    const before = changes.size;
    await attempt.write({ text: 'one' });
    await follow(fixture.rest, jobName, { until: 1 });
    await waitFor('the subscriptions’ end', 5, () => (changes.size === before ? true : undefined));
    expect(changes.size).toBe(before);
    await attempt.end('Completed', 'completed');
  });

  it('of a job that does not exist is a plain refusal', async () => {
    const answer = await fixture.send(`/automationAccounts/${accountName}/jobs/none/streams/live`, {
      headers: { authorization: `Bearer ${fixture.token}` },
    });
    expect(answer).toMatchObject({ status: 404, code: 'resource-unknown' });
  });

  it('is ended when the service ends, which does not wait for its readers', async () => {
    const own = await startRestFixture();
    await publish(own, 'Plain', 'Bash', 'echo 1\n');
    const jobName = await startJob(own, 'Plain');
    const events: string[] = [];
    let hasBegun: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (hasBegun = resolve));
    const following = follow(own.rest, jobName, {
      onEvent: ({ event }) => {
        events.push(event);
        hasBegun();
      },
    });
    await begun;
    const closingAt = performance.now();
    await own.service.close();
    expect(performance.now() - closingAt).toBeLessThan(3_000);
    const seen = await following;
    expect(seen.ended).toBe(false);
    own.rest.close();
  });
});
