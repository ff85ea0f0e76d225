/**
 * Draws only what is in sight of a list whose rows are equally high. Nothing is measured and nothing kept per row, so the cost does
 * not depend on how many there are (a measuring virtualiser keeps an object a row and walks them all when one is appended).
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from 'react';

export interface FixedRows {
  scroller: RefObject<HTMLDivElement | null>;
  /** Rows to draw: from `from` up to, not including, `to`. */
  from: number;
  to: number;
  /** Of the element that holds all rows. */
  totalHeight: number;
  scrollToRow: (row: number) => void;
}

/** Drawn beyond both edges, so that a scroll of a page finds its rows there. */
const extraRows = 12;

export function useFixedRows(count: number, rowHeight: number): FixedRows {
  const scroller = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ first: 0, visible: 0 });

  const look = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const first = Math.floor(element.scrollTop / rowHeight);
    const visible = Math.ceil(element.clientHeight / rowHeight) + 1;
    setSight((before) => (before.first === first && before.visible === visible ? before : { first, visible }));
  }, [rowHeight]);

  useLayoutEffect(look, [look, count]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [look]);

  const scrollToRow = useCallback(
    (row: number) => {
      if (scroller.current === null) return;
      scroller.current.scrollTop = row * rowHeight;
      // The event of scrolling comes later, and what is drawn until then would be rows that are out of sight.
      look();
    },
    [rowHeight, look],
  );
  const from = Math.max(0, Math.min(sight.first - extraRows, count));
  const to = Math.min(count, sight.first + sight.visible + extraRows);
  return { scroller, from, to, totalHeight: count * rowHeight, scrollToRow };
}
