import { describe, expect, it } from 'vitest';
import { ConsoleView } from '../../src-main/sandbox/console-view.ts';

const text = (view: ConsoleView, from: number): string => view.read(from).bytes.toString();

describe('a console', () => {
  it('is read from any place on', () => {
    const view = new ConsoleView();
    view.push(Buffer.from('one '));
    view.push(Buffer.from('two'));
    expect(text(view, 0)).toBe('one two');
    expect(text(view, 4)).toBe('two');
    expect(view.read(4)).toMatchObject({ from: 4, next: 7 });
    expect(view.read(100)).toMatchObject({ from: 7, next: 7, bytes: Buffer.alloc(0) });
  });

  it.each([1, 100_000])('keeps the newest of a flood that comes in pieces of %i bytes, and says where they begin', (size) => {
    const view = new ConsoleView();
    const total = 1_500_000;
    for (let at = 0; at < total; at += size) view.push(Buffer.alloc(size, 0x30 + ((at / size) % 10)));
    const { from, next, bytes } = view.read(0);
    expect(next).toBe(total);
    expect(bytes.length).toBe(256 * 1024);
    expect(from).toBe(total - bytes.length);
    expect(bytes.at(-1)).toBe(0x30 + ((total / size - 1) % 10));
  });

  it('tells its last lines without control sequences', () => {
    const view = new ConsoleView();
    view.push(Buffer.from('\u001b[31;1mbad\u001b[0m\r\nworse\r\n'));
    expect(view.tail).toBe('bad\nworse\n');
    view.push(Buffer.from(`${'x'.repeat(1999)}\nlast`));
    expect(view.tail).toBe('last');
  });

  it('tells whoever follows that it has grown', () => {
    const view = new ConsoleView();
    const heard: number[] = [];
    view.follow(() => heard.push(view.next));
    view.push(Buffer.from('ab'));
    view.push(Buffer.from('c'));
    expect(heard).toEqual([2, 3]);
  });
});
