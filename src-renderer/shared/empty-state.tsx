/** An empty list says why it is empty and what fills it. The same frame for waiting, which says what is waited for. */
import { Spinner, makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { texts } from '../texts.ts';
import { formatMoment } from './format.ts';

const useStyles = makeStyles({
  empty: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: '4px',
    padding: '12px 0 4px',
    maxWidth: '60ch',
  },
  title: { fontWeight: tokens.fontWeightSemibold, margin: 0 },
  text: { color: tokens.colorNeutralForeground2, margin: 0 },
  action: { marginTop: '8px' },
});

export function EmptyState({ title, text, action }: { title: string; text: React.ReactNode; action?: React.ReactNode }) {
  const styles = useStyles();
  return (
    <div className={styles.empty}>
      <p className={styles.title}>{title}</p>
      <p className={styles.text}>{text}</p>
      {action !== undefined && <div className={styles.action}>{action}</div>}
    </div>
  );
}

/** Shown at once, a spinner would only flash: most answers are there earlier. */
const patienceMs = 300;
/** From then on it is said since when. */
const longMs = 10_000;

export function Waiting({ forWhat }: { forWhat: string }) {
  const [patience, setPatience] = useState<'fresh' | 'late' | 'long'>('fresh');
  const [start] = useState(() => new Date());
  useEffect(() => {
    const timers = [setTimeout(() => setPatience('late'), patienceMs), setTimeout(() => setPatience('long'), longMs)];
    return () => timers.forEach(clearTimeout);
  }, []);
  if (patience === 'fresh') return null;
  const words = patience === 'long' ? texts.since(forWhat, formatMoment(start, new Date())) : forWhat;
  return <Spinner size="tiny" label={words} labelPosition="after" style={{ justifyContent: 'flex-start' }} />;
}
