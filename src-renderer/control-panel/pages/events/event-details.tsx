/** One event whole: message, fields, the job it is about. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { Dismiss20Regular } from '@fluentui/react-icons/svg/dismiss';
import type { LogEvent } from '../../../../src-contract/events.ts';
import { Facts } from '../../../shared/card.tsx';
import { CopyButton } from '../../../shared/copy-button.tsx';
import { formatMomentInFull } from '../../../shared/format.ts';
import { texts } from '../../../texts.ts';
import { PlaceButton } from '../../parts/place-link.tsx';
import { Level } from './event-columns.tsx';

const useStyles = makeStyles({
  panel: {
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: '8px',
    backgroundColor: tokens.colorNeutralBackground1,
    padding: '12px 16px',
    flexShrink: 0,
    maxHeight: '42%',
    overflowY: 'auto',
    boxSizing: 'border-box',
  },
  absent: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: '4px 12px',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
  },
  head: { display: 'flex', alignItems: 'flex-start', gap: '8px', marginBottom: '4px' },
  message: {
    margin: 0,
    padding: '6px 0',
    flexGrow: 1,
    fontSize: tokens.fontSizeBase300,
    lineHeight: '20px',
    overflowWrap: 'anywhere',
    whiteSpace: 'pre-wrap',
  },
  actions: { display: 'flex', gap: '4px', flexShrink: 0 },
});

interface EventDetailsProps {
  event: LogEvent;
  /** The search or a filter leaves it out of the list. */
  isAbsent: boolean;
  onClear: (() => void) | undefined;
  onClose: () => void;
}

export function EventDetails({ event, isAbsent, onClear, onClose }: EventDetailsProps) {
  const styles = useStyles();
  const words = texts.events.details;
  return (
    <section className={styles.panel} aria-label={words.label} tabIndex={0}>
      <div className={styles.absent} role="status">
        {isAbsent && words.notInList}
        {isAbsent && onClear !== undefined && (
          <Button size="small" onClick={onClear}>
            {texts.list.clear}
          </Button>
        )}
      </div>
      <div className={styles.head}>
        <p className={styles.message}>{event.message}</p>
        <div className={styles.actions}>
          {event.jobId !== undefined && <PlaceButton to={{ page: 'job', id: event.jobId }}>{texts.openJob}</PlaceButton>}
          <CopyButton text={JSON.stringify(event, null, 2)} label={words.copy} subtle />
          <Button appearance="subtle" icon={<Dismiss20Regular />} aria-label={words.close} onClick={onClose} />
        </div>
      </div>
      <Facts
        facts={[
          { name: texts.columns.level, value: <Level level={event.level} /> },
          { name: texts.columns.time, value: formatMomentInFull(new Date(event.time)) },
          { name: texts.columns.eventId, value: String(event.id) },
          { name: texts.columns.channel, value: event.channel },
          { name: texts.columns.source, value: event.source },
          ...Object.entries(event.fields).map(([name, value]) => ({ name, value: String(value), fixedWidth: true })),
        ]}
      />
    </section>
  );
}
