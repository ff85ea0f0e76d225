/** What `hrw jobs show` says of a job of this machine, and times as `hrw events` takes them. */
import { describe, expect, it } from 'vitest';
import { describeJob } from '../../src-main/command-line/worker/describe-worker.ts';
import { readTime } from '../../src-main/command-line/worker/event-times.ts';
import { WrongUse } from '../../src-main/command-line/failures.ts';
import { sampleJob } from '../fakes/window/samples.ts';

describe('the records of a job', () => {
  it.each([
    ['of which nothing is known', 5, 3, null, '5, of which the service has 3'],
    ['that are all there', 5, 5, true, '5, of which the service has 5; count and hash agree'],
    ['of which the last ones are missing', 5, 3, false, '5, of which the service has 3; it lacks sequence 3 to 4'],
    ['of which the last one is missing', 5, 4, false, '5, of which the service has 4; it lacks sequence 4'],
    ['that the service has otherwise', 5, 5, false, '5, of which the service has 5; it has not confirmed that they are these'],
  ])('%s', (_what, recordCount, acknowledgedCount, verified, words) => {
    const text = describeJob(sampleJob(1, { phase: 'ended', recordCount, acknowledgedCount, verified }));
    expect(/^records +(.*)$/m.exec(text)?.[1]).toBe(words);
  });
});

describe('a time', () => {
  const now = new Date('2026-11-28T14:00:00.000Z');
  it.each([
    ['30m', '2026-11-28T13:30:00.000Z'],
    ['24h', '2026-11-27T14:00:00.000Z'],
    ['7d', '2026-11-21T14:00:00.000Z'],
    ['2026-11-28T06:30Z', '2026-11-28T06:30:00.000Z'],
    ['2026-11-28 06:30:05.5+02:00', '2026-11-28T04:30:05.500Z'],
    ['2026-11-28', new Date(2026, 10, 28).toISOString()],
    ['2026-11-28T06:30', new Date(2026, 10, 28, 6, 30).toISOString()],
  ])('is written as %s', (text, iso) => {
    expect(readTime('--since', text, now)).toBe(iso);
  });

  it.each(['', 'yesterday', '14:00', '2026-13-01', '2026-11-28T25:00', '28.11.2026', '7w'])('is not written as %j', (text) => {
    expect(() => readTime('--since', text, now)).toThrow(WrongUse);
    expect(() => readTime('--since', text, now)).toThrow(/^--since: .* is no time\. Give how long ago/);
  });
});
