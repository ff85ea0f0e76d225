/** How wide the window is, in three steps: tables leave columns out. The first is also where the styles' cards stack. */
import { useSyncExternalStore } from 'react';

export type WindowWidth = 'narrow' | 'wide' | 'very-wide';

const wide = matchMedia('(min-width: 981px)');
const veryWide = matchMedia('(min-width: 1241px)');

function subscribe(listener: () => void): () => void {
  wide.addEventListener('change', listener);
  veryWide.addEventListener('change', listener);
  return () => {
    wide.removeEventListener('change', listener);
    veryWide.removeEventListener('change', listener);
  };
}

function current(): WindowWidth {
  if (veryWide.matches) return 'very-wide';
  return wide.matches ? 'wide' : 'narrow';
}

export function useWindowWidth(): WindowWidth {
  return useSyncExternalStore(subscribe, current);
}
