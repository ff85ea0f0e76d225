/** What `hrw jobs show` says of a job of this machine. */
import { describe, expect, it } from 'vitest';
import { describeJob } from '../../src-main/command-line/worker/describe-worker.ts';
import { sampleJob } from '../fakes/window/samples.ts';

describe('the records of a job', () => {
  it.each([
    ['of which nothing is known', 5, 3, null, '5, of which the service has 3'],
    ['that are all there', 5, 5, true, '5, of which the service has 5; count and hash agree'],
    ['of which the last ones are missing', 5, 3, false, '5, of which the service has 3; it lacks 3 to 4'],
    ['of which the last one is missing', 5, 4, false, '5, of which the service has 4; it lacks 4'],
    ['that the service has otherwise', 5, 5, false, '5, of which the service has 5; it has not confirmed that they are these'],
  ])('%s', (_what, recordCount, acknowledgedCount, verified, words) => {
    const text = describeJob(sampleJob(1, { phase: 'ended', recordCount, acknowledgedCount, verified }));
    expect(/^records +(.*)$/m.exec(text)?.[1]).toBe(words);
  });
});
