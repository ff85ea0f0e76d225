/** How wide the window is, in steps: tables leave columns out, styles stack cards at the same widths. Enlarging counts as narrowing. */
import { useSyncExternalStore } from 'react';
import type { WindowWidth } from './window-width.ts';

const narrow = matchMedia('(min-width: 701px)');
/** The smallest window that the application opens, as it is: 900 × 600. */
const middle = matchMedia('(min-width: 841px)');
const wide = matchMedia('(min-width: 981px)');
/** A new window is a little wider. */
const usual = matchMedia('(min-width: 1100px)');
const veryWide = matchMedia('(min-width: 1240px)');
const widest = matchMedia('(min-width: 1400px)');
const huge = matchMedia('(min-width: 1700px)');
const all = [narrow, middle, wide, usual, veryWide, widest, huge];

function subscribe(listener: () => void): () => void {
  for (const one of all) one.addEventListener('change', listener);
  return () => {
    for (const one of all) one.removeEventListener('change', listener);
  };
}

function current(): WindowWidth {
  if (huge.matches) return 'huge';
  if (widest.matches) return 'widest';
  if (veryWide.matches) return 'very-wide';
  if (usual.matches) return 'usual';
  if (wide.matches) return 'wide';
  if (middle.matches) return 'middle';
  return narrow.matches ? 'narrow' : 'tiny';
}

export function useWindowWidth(): WindowWidth {
  return useSyncExternalStore(subscribe, current);
}
