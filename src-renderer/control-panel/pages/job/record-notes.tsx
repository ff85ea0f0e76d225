/** What the worker noted beside the records: what was left out and why, what was decided. Closed at first, but for its number. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { useReading } from '../../../shared/call.ts';
import { formatRecordTime } from '../../../shared/format.ts';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';

const useStyles = makeStyles({
  details: {
    flexShrink: 0,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    maxHeight: '30%',
    overflowY: 'auto',
  },
  summary: {
    cursor: 'pointer',
    width: 'fit-content',
    borderRadius: '4px',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
  },
  list: { listStyleType: 'none', margin: '4px 0 0', padding: '0 0 0 16px', display: 'flex', flexDirection: 'column', gap: '2px' },
  note: { display: 'grid', gridTemplateColumns: '88px 132px minmax(0, 1fr)', gap: '12px', fontVariantNumeric: 'tabular-nums' },
  text: { overflowWrap: 'anywhere', color: tokens.colorNeutralForeground1 },
});

export function RecordNotes({ job }: { job: JobView }) {
  const styles = useStyles();
  const { bridge } = useServices();
  // They come at the start, at a stop and at the end of a job.
  const { reading } = useReading(() => bridge.call('jobs:notes', { sandboxId: job.sandboxId }), `${job.sandboxId} ${job.phase}`);
  // Without them the records are as good; why a journal cannot be read, the records themselves say.
  if (reading.status !== 'known' || reading.value.notes.length === 0) return null;
  const { notes } = reading.value;
  const words = texts.job.notes;
  return (
    <details className={styles.details}>
      <summary className={styles.summary}>{words.title(notes.length)}</summary>
      <ol className={styles.list} aria-label={words.label}>
        {notes.map(({ time, text, after }, index) => (
          <li key={index} className={styles.note}>
            <time dateTime={time}>{formatRecordTime(new Date(time))}</time>
            <span>{after === 0 ? words.before : words.after(after)}</span>
            <span className={styles.text}>{text}</span>
          </li>
        ))}
      </ol>
    </details>
  );
}
