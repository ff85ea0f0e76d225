/** Times and durations in a page: tabular, local, with everything about the moment on hover. */
import { makeStyles } from '@fluentui/react-components';
import { formatAgo, formatDuration, formatMoment, formatMomentInFull } from './format.ts';
import { useNow } from './use-now.ts';

const useStyles = makeStyles({ figures: { fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' } });

export function Moment({ time }: { time: string }) {
  const styles = useStyles();
  const date = new Date(time);
  return (
    <time dateTime={time} title={formatMomentInFull(date)} className={styles.figures}>
      {formatMoment(date, new Date())}
    </time>
  );
}

/** `2 s ago`, counting. */
export function Ago({ time }: { time: string }) {
  const styles = useStyles();
  const date = new Date(time);
  return (
    <time dateTime={time} title={formatMomentInFull(date)} className={styles.figures}>
      {formatAgo(date, useNow())}
    </time>
  );
}

/** Counts up from a moment: for what runs. */
export function RunningFor({ since }: { since: string }) {
  const styles = useStyles();
  const now = useNow();
  return (
    <span className={styles.figures} title={formatMomentInFull(new Date(since))}>
      {formatDuration(now.getTime() - new Date(since).getTime())}
    </span>
  );
}

export function Figures({ children, title }: { children: React.ReactNode; title?: string }) {
  const styles = useStyles();
  return (
    <span className={styles.figures} title={title}>
      {children}
    </span>
  );
}
