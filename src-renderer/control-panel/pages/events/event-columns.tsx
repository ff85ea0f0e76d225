import { makeStyles, tokens } from '@fluentui/react-components';
import type { EventLevel, LogEvent } from '../../../../src-contract/events.ts';
import { Mark, MarkOnly, type MarkName } from '../../../shared/marks.tsx';
import { Figures, Moment } from '../../../shared/moment.tsx';
import type { Column } from '../../../shared/table/sorting.ts';
import { texts } from '../../../texts.ts';

const levelMarks: Record<EventLevel, MarkName> = { Information: 'off', Warning: 'attention', Error: 'bad' };

const useStyles = makeStyles({
  level: { display: 'inline-flex', alignItems: 'center', gap: '8px' },
  quiet: { color: tokens.colorNeutralForeground2 },
});

export function Level({ level }: { level: EventLevel }) {
  const styles = useStyles();
  return (
    <span className={styles.level}>
      <Mark name={levelMarks[level]} />
      {level}
    </span>
  );
}

function Quiet({ children }: { children: string }) {
  const styles = useStyles();
  return (
    <span className={styles.quiet} title={children}>
      {children}
    </span>
  );
}

const words = texts.columns;

export const eventColumns: readonly Column<LogEvent>[] = [
  {
    key: 'level',
    order: 'level',
    title: words.level,
    width: '112px',
    cell: (event) => <Level level={event.level} />,
    tiny: { width: '48px', cell: ({ level }) => <MarkOnly name={levelMarks[level]} word={level} /> },
  },
  {
    key: 'time',
    order: 'time',
    title: words.time,
    width: '132px',
    cell: (event) => <Moment time={event.time} />,
  },
  {
    key: 'id',
    order: 'id',
    title: words.eventId,
    width: '56px',
    align: 'end',
    cell: (event) => <Figures>{String(event.id)}</Figures>,
    showFrom: 'narrow',
  },
  {
    key: 'message',
    title: words.message,
    width: 'minmax(0, 1fr)',
    cell: (event) => <span title={event.message}>{event.message}</span>,
  },
  {
    key: 'source',
    order: 'source',
    title: words.source,
    // Nearly always the worker itself: the details have it where there is no room.
    width: 'minmax(64px, 112px)',
    cell: (event) => <Quiet>{event.source}</Quiet>,
    showFrom: 'huge',
  },
  {
    key: 'channel',
    title: words.channel,
    width: '196px',
    cell: (event) => <Quiet>{event.channel}</Quiet>,
    showFrom: 'huge',
  },
];
