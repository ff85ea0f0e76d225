import { describe, expect, it } from 'vitest';
import { holdSeconds } from '../../src-contract/limits.ts';
import { HoldLength } from '../../src-main/engine/hold-length.ts';

const cut = { held: true, tookMs: 10_000, retryable: true };

/** A held call is cut in its middle, and the service answers the next one. */
function cutShort(hold: HoldLength, times: number): void {
  for (let time = 0; time < times; time += 1) {
    hold.failed(cut);
    hold.answered(false);
  }
}

describe('how long calls are held', () => {
  it('is halved when two in a row are cut though the service is there, again and again, down to two seconds', () => {
    const hold = new HoldLength();
    expect([hold.seconds, hold.isShortened]).toEqual([holdSeconds, false]);
    cutShort(hold, 1);
    expect(hold.seconds).toBe(holdSeconds);
    cutShort(hold, 1);
    expect([hold.seconds, hold.isShortened]).toEqual([10, true]);
    cutShort(hold, 2);
    expect(hold.seconds).toBe(5);
    cutShort(hold, 20);
    expect(hold.seconds).toBe(2);
  });

  it('is left alone when the service itself went away, or a call was held to its end in between', () => {
    const hold = new HoldLength();
    for (let restart = 0; restart < 10; restart += 1) {
      hold.failed(cut);
      hold.failed({ held: false, tookMs: 3, retryable: true });
      hold.answered(false);
    }
    for (let rare = 0; rare < 10; rare += 1) {
      cutShort(hold, 1);
      hold.answered(true);
    }
    hold.failed({ ...cut, tookMs: 5 });
    hold.answered(false);
    hold.failed({ ...cut, retryable: false });
    hold.answered(false);
    expect(hold.seconds).toBe(holdSeconds);
  });

  it('grows again after many calls that were held to their end', () => {
    const hold = new HoldLength();
    cutShort(hold, 4);
    expect(hold.seconds).toBe(5);
    for (let good = 0; good < 120; good += 1) hold.answered(true);
    expect(hold.seconds).toBe(10);
    for (let good = 0; good < 120; good += 1) hold.answered(true);
    expect([hold.seconds, hold.isShortened]).toEqual([holdSeconds, false]);
  });
});
