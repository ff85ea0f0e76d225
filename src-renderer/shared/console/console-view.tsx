/** A running job's console as it is written, and how it stands: followed, over, or why it cannot be read. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useCallback, useEffect, useRef, useState } from 'react';
import { texts } from '../../texts.ts';
import { CopyButton } from '../copy-button.tsx';
import { useObservable } from '../observable.ts';
import { ProblemCard } from '../problem-card.tsx';
import { TryAgainButton } from '../try-again-button.tsx';
import type { ConsoleReader } from './console-reader.ts';
import type { ShownTerminal } from './terminal.ts';

const useStyles = makeStyles({
  bar: { display: 'flex', alignItems: 'center', gap: '12px', flexShrink: 0, minHeight: '32px' },
  standing: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200, flexGrow: 1 },
  frame: {
    flexGrow: 1,
    minHeight: '120px',
    overflow: 'auto',
    padding: '8px 12px',
    boxSizing: 'border-box',
    backgroundColor: '#0c0c0c',
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: '8px',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
  host: { width: 'fit-content' },
  mono: { fontFamily: tokens.fontFamilyMonospace },
});

export function ConsoleView({ reader }: { reader: ConsoleReader }) {
  const styles = useStyles();
  const host = useRef<HTMLDivElement>(null);
  const standing = useObservable(reader.standing);
  const [terminal, setTerminal] = useState<ShownTerminal>();
  useEffect(() => {
    let over = false;
    let opened: ShownTerminal | undefined;
    void import('./terminal.ts').then(({ openTerminal }) => {
      const place = host.current;
      const frame = place?.parentElement ?? null;
      if (over || place === null || frame === null) return;
      const { fontFamily } = getComputedStyle(place);
      opened = openTerminal({ host: place, frame, fontFamily, gapNotice: texts.console.gap });
      setTerminal(opened);
      reader.open(opened);
    });
    return () => {
      over = true;
      reader.close();
      opened?.dispose();
    };
  }, [reader]);
  const tryAgain = useCallback(() => terminal !== undefined && reader.open(terminal), [reader, terminal]);
  return (
    <>
      <div className={styles.bar}>
        <span className={styles.standing} role="status">
          {standingWords(standing)}
        </span>
        <CopyButton text={() => terminal?.text() ?? ''} label={texts.console.copy} subtle />
      </div>
      {standing.problem !== null && (
        <ProblemCard problem={standing.problem} actions={<TryAgainButton onClick={tryAgain} />} announce />
      )}
      <div className={styles.frame} role="group" aria-label={texts.console.label} tabIndex={0} data-testid="console">
        <div ref={host} className={mergeClasses(styles.host, styles.mono)} />
      </div>
    </>
  );
}

function standingWords({ status, next, isCut }: ReturnType<ConsoleReader['standing']['get']>): string {
  const words = texts.console;
  if (status === 'over') return words.over;
  if (status === 'reading') return words.reading;
  if (status === 'failed') return '';
  if (next === 0) return words.nothingYet;
  return isCut ? words.cut : words.following;
}
