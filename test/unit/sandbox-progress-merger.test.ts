import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ProgressMerger } from '../../src-main/sandbox/progress-merger.ts';

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
});

function merge(): { merger: ProgressMerger; told: string[] } {
  const told: string[] = [];
  const merger = new ProgressMerger(({ activity, percent, done }) =>
    told.push(`${activity} ${String(percent)}${done === true ? ' done' : ''}`),
  );
  return { merger, told };
}

const at = (percent: number) => ({ activity: 'Copy', status: '', percent });

describe('progress', () => {
  it('is told at once, then the newest each tenth of a second', () => {
    const { merger, told } = merge();
    for (const percent of [1, 2, 3]) merger.add(1, at(percent));
    expect(told).toEqual(['Copy 1']);
    vi.advanceTimersByTime(100);
    expect(told).toEqual(['Copy 1', 'Copy 3']);
    merger.add(1, at(4));
    expect(told).toHaveLength(2);
    vi.advanceTimersByTime(100);
    expect(told).toEqual(['Copy 1', 'Copy 3', 'Copy 4']);
    expect(merger.merged).toBe(1);
    vi.advanceTimersByTime(1000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is told at once when it is done, and what waited is left out', () => {
    const { merger, told } = merge();
    merger.add(1, at(1));
    merger.add(1, at(2));
    merger.add(1, { ...at(100), done: true });
    expect(told).toEqual(['Copy 1', 'Copy 100 done']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of two activities does not wait for each other', () => {
    const { merger, told } = merge();
    merger.add(1, at(1));
    merger.add(2, { ...at(1), activity: 'Move' });
    expect(told).toEqual(['Copy 1', 'Move 1']);
    merger.end();
  });

  it('tells what waits at the end, and leaves no timer', () => {
    const { merger, told } = merge();
    merger.add(1, at(1));
    merger.add(1, at(2));
    merger.end();
    expect(told).toEqual(['Copy 1', 'Copy 2']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('of activities without an end is bounded, and loses none of their last', () => {
    const { merger, told } = merge();
    for (let id = 0; id < 1000; id += 1) {
      merger.add(id, at(1));
      merger.add(id, at(2));
    }
    expect(vi.getTimerCount()).toBeLessThanOrEqual(200);
    merger.end();
    expect(told.filter((one) => one === 'Copy 2')).toHaveLength(1000);
  });
});
