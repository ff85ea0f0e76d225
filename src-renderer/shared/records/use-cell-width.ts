/** The width of one character of the list's face, measured over a hundred so that fractions count. */
import { useLayoutEffect, useRef, useState, type RefObject } from 'react';

const characters = 100;
/** Until it is measured; of Consolas and DejaVu Sans Mono at 12 px. */
const usualWidth = 7.2;

export function useCellWidth(): { ruler: RefObject<HTMLSpanElement | null>; cellWidth: number } {
  const ruler = useRef<HTMLSpanElement>(null);
  const [cellWidth, setCellWidth] = useState(usualWidth);
  useLayoutEffect(() => {
    const element = ruler.current;
    if (element === null) return;
    const measure = (): void => {
      element.textContent = '0'.repeat(characters);
      const width = element.getBoundingClientRect().width / characters;
      if (width > 0) setCellWidth(width);
    };
    measure();
    void document.fonts.ready.then(measure);
  }, []);
  return { ruler, cellWidth };
}
