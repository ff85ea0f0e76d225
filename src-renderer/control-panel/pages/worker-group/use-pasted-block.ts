/** Takes the article's block of settings, wherever on the page it is pasted. */
import { useEffect, useRef } from 'react';
import { parseSettingsBlock, type PastedSettings } from './settings-block.ts';

export function usePastedBlock(take: (pasted: PastedSettings) => void): void {
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  useEffect(() => {
    const notice = (event: ClipboardEvent): void => {
      const pasted = parseSettingsBlock(event.clipboardData?.getData('text/plain') ?? '');
      if (pasted === undefined) return;
      event.preventDefault();
      latest.current(pasted);
    };
    document.addEventListener('paste', notice);
    return () => document.removeEventListener('paste', notice);
  }, []);
}
