/** Keeps a person from losing what is not saved: where they wanted to go is asked about first. */
import { useEffect, useRef, useState } from 'react';
import type { Place } from './place.ts';
import { useServices } from './services.ts';

interface HeldPlace {
  /** Where the person wanted to go; undefined: nowhere. */
  wanted: Place | undefined;
  stay: () => void;
  /** Goes there. */
  leave: () => void;
}

export function useHeldPlace(isHeld: boolean): HeldPlace {
  const { place } = useServices();
  const [wanted, setWanted] = useState<Place>();
  const letGo = useRef<() => void>(() => undefined);
  useEffect(() => {
    if (!isHeld) return;
    letGo.current = place.hold(setWanted);
    return () => letGo.current();
  }, [place, isHeld]);
  return {
    wanted,
    stay: () => setWanted(undefined),
    leave: () => {
      letGo.current();
      setWanted(undefined);
      if (wanted !== undefined) place.open(wanted);
    },
  };
}
