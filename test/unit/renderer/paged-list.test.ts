import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { describeProblem } from '../../../src-contract/problems.ts';
import { readKept } from '../../../src-renderer/control-panel/state/kept.ts';
import { PagedList, rowAt, rowsPerPage } from '../../../src-renderer/shared/list/paged-list.ts';
import { isSelected, pressed, rangeOf, walked } from '../../../src-renderer/shared/list/selection.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A list of numbers from `total - 1` down, as the newest would come first. */
function makeList(total: number) {
  const source = { total, fails: false, reads: [] as { query: string; offset: number }[] };
  const list = new PagedList<string, number, string>('first', (query, { offset, limit }) => {
    source.reads.push({ query, offset });
    const problem = describeProblem('history-unreadable', { setAside: 'x' });
    if (source.fails) return Promise.resolve({ ok: false, problem });
    const length = Math.max(0, Math.min(limit, source.total - offset));
    const rows = Array.from({ length }, (_unused, index) => source.total - 1 - offset - index);
    return Promise.resolve({ ok: true, value: { rows, total: source.total, more: query } });
  });
  return { source, list, settle: () => vi.advanceTimersByTimeAsync(1) };
}

describe('a list whose rows lie elsewhere', () => {
  it('reads only the pages in sight, and those that were scrolled past not at all', async () => {
    const { source, list, settle } = makeList(100_000);
    list.show(0, 40);
    await settle();
    expect([list.view.get().total, rowAt(list.view.get(), 3)]).toEqual([100_000, 99_996]);
    // While the next page is on its way, the reader goes on: only where they stop is read.
    for (let from = 0; from < 90_000; from += 1_000) list.show(from, from + 40);
    await settle();
    expect(source.reads.length).toBeLessThan(5);
    expect(rowAt(list.view.get(), 89_010)).toBe(10_989);
    expect(rowAt(list.view.get(), 50_000)).toBeUndefined();
  });

  it('keeps some pages, never all', async () => {
    const { list, settle } = makeList(100_000);
    list.show(0, 40);
    for (let page = 0; page < 60; page += 1) {
      list.show(page * rowsPerPage, page * rowsPerPage + 40);
      await settle();
    }
    expect(list.view.get().pages.size).toBeLessThan(25);
  });

  it('shows what came, gathered, as long as it goes along', async () => {
    const { source, list, settle } = makeList(10);
    list.show(0, 40);
    await settle();
    source.total = 1_010;
    for (let event = 0; event < 1_000; event += 1) list.grew(1);
    await vi.advanceTimersByTimeAsync(300);
    expect(rowAt(list.view.get(), 0)).toBe(1_009);
    expect(source.reads).toHaveLength(2);
  });

  it('stands still when it is told to, counts what is new, and goes along again', async () => {
    const { source, list, settle } = makeList(10);
    list.show(0, 40);
    await settle();
    list.standStill('before ten');
    source.total = 13;
    list.grew(2);
    list.grew(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([rowAt(list.view.get(), 0), list.view.get().newer]).toEqual([9, 3]);
    list.goAlong('first');
    await settle();
    expect([rowAt(list.view.get(), 0), list.view.get().newer]).toEqual([12, null]);
  });

  it('keeps what it has until the answer to another question is there, and drops late answers', async () => {
    const { list, settle } = makeList(10);
    list.show(0, 40);
    await settle();
    list.ask('second');
    list.ask('third');
    expect(list.view.get().more).toBe('first');
    await settle();
    expect(list.view.get().more).toBe('third');
  });

  it('says what is wrong, and reads again when it is told to', async () => {
    const { source, list, settle } = makeList(10);
    source.fails = true;
    list.show(0, 40);
    await settle();
    expect(list.view.get().problem?.code).toBe('history-unreadable');
    source.fails = false;
    list.readAgain();
    await settle();
    expect([list.view.get().problem, list.view.get().total]).toEqual([null, 10]);
  });

  it('reads chosen rows that are not in sight, for copying them', async () => {
    const { list, settle } = makeList(1_000);
    list.show(0, 40);
    await settle();
    const answer = await list.rows(150, 650);
    expect(answer.ok && [answer.value.length, answer.value[0], answer.value.at(-1)]).toEqual([500, 849, 350]);
  });
});

describe('chosen rows', () => {
  it('go on from where choosing began, in both directions', () => {
    const one = pressed(undefined, 5, false);
    expect(rangeOf(one)).toEqual({ from: 5, to: 6 });
    const up = pressed(one, 2, true);
    expect(rangeOf(up)).toEqual({ from: 2, to: 6 });
    expect([isSelected(up, 2), isSelected(up, 6), isSelected(undefined, 0)]).toEqual([true, false, false]);
    expect(walked(up, 'ArrowUp', true, 10)).toEqual({ anchor: 5, head: 1 });
    expect(walked(up, 'End', false, 10)).toEqual({ anchor: 9, head: 9 });
    expect(walked(undefined, 'ArrowDown', false, 10)).toEqual({ anchor: 0, head: 0 });
    expect(walked(undefined, 'End', false, 10)).toEqual({ anchor: 9, head: 9 });
    expect(walked(up, 'x', false, 10)).toBeUndefined();
  });
});

describe('what a person chose', () => {
  it('is found again, and what another version kept is not', () => {
    const shape = z.object({ level: z.enum(['low', 'high']) });
    const usual = { level: 'low' as const };
    const storage = (text: string | null): Storage => ({ getItem: () => text }) as unknown as Storage;
    expect(readKept(storage('{"level":"high"}'), 'list', shape, usual)).toEqual({ level: 'high' });
    for (const text of [null, '{', '{"level":"other"}']) expect(readKept(storage(text), 'list', shape, usual)).toBe(usual);
  });
});
