/** How wide the window is, in steps: tables leave columns out, styles stack cards at the same widths. Enlarging counts as narrowing. */
import { useSyncExternalStore } from 'react';

const steps = ['tiny', 'narrow', 'wide', 'usual', 'very-wide'] as const;
export type WindowWidth = (typeof steps)[number];

export function isAtLeast(width: WindowWidth, least: WindowWidth): boolean {
  return steps.indexOf(width) >= steps.indexOf(least);
}

const narrow = matchMedia('(min-width: 701px)');
const wide = matchMedia('(min-width: 981px)');
/** A new window is a little wider. */
const usual = matchMedia('(min-width: 1100px)');
const veryWide = matchMedia('(min-width: 1240px)');

function subscribe(listener: () => void): () => void {
  narrow.addEventListener('change', listener);
  wide.addEventListener('change', listener);
  usual.addEventListener('change', listener);
  veryWide.addEventListener('change', listener);
  return () => {
    narrow.removeEventListener('change', listener);
    wide.removeEventListener('change', listener);
    usual.removeEventListener('change', listener);
    veryWide.removeEventListener('change', listener);
  };
}

function current(): WindowWidth {
  if (veryWide.matches) return 'very-wide';
  if (usual.matches) return 'usual';
  if (wide.matches) return 'wide';
  return narrow.matches ? 'narrow' : 'tiny';
}

export function useWindowWidth(): WindowWidth {
  return useSyncExternalStore(subscribe, current);
}
