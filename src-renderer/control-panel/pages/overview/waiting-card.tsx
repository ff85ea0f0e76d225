/** Jobs that wait for a worker of this group, and why each does: asked of the service while somebody looks. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { EngineValue } from '../../../../src-contract/engine-calls.ts';
import { useReading } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { formatCount } from '../../../shared/format.ts';
import { Mark } from '../../../shared/marks.tsx';
import { RunningFor } from '../../../shared/moment.tsx';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { PlaceLink } from '../../parts/place-link.tsx';
import { useServices } from '../../state/services.ts';

type Waiting = NonNullable<EngineValue<'jobs:waiting'>['waiting']>;

const askEveryMs = 5_000;
/** The rest is a number: the overview is to be seen at a glance. */
const jobsShown = 5;

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0, display: 'flex', flexDirection: 'column' },
  job: {
    display: 'grid',
    gridTemplateColumns: '16px minmax(0, 1fr) auto',
    columnGap: '8px',
    alignItems: 'baseline',
    padding: '6px 0',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    ':last-child': { borderBottomColor: 'transparent' },
  },
  name: { fontWeight: tokens.fontWeightSemibold, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  why: { gridColumn: '2 / 4', color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  more: { margin: '4px 0 0', color: tokens.colorNeutralForeground2 },
});

/** Nothing where nothing waits, where the service does not tell, and while it cannot be asked: why that is, the page says already. */
export function WaitingCard() {
  const styles = useStyles();
  const { bridge } = useServices();
  const turn = Math.floor(useNow().getTime() / askEveryMs);
  const { reading } = useReading(() => bridge.call('jobs:waiting', {}), turn);
  const waiting = reading.status === 'known' ? reading.value.waiting : null;
  if (waiting === null || waiting.total === 0) return null;
  const words = texts.overview.waiting;
  const more = waiting.total - Math.min(jobsShown, waiting.jobs.length);
  return (
    <Card title={words.title} aside={words.total(waiting.total)}>
      <ul className={styles.list} aria-label={words.title}>
        {waiting.jobs.slice(0, jobsShown).map((job) => (
          <WaitingJob key={job.jobId} job={job} />
        ))}
      </ul>
      {more > 0 && (
        <p className={styles.more}>
          {words.more(formatCount(more))}: <PlaceLink to={{ page: 'diagnostics' }}>{words.whyEach}</PlaceLink>
        </p>
      )}
    </Card>
  );
}

function WaitingJob({ job: { runbookName, startedBy, queuedAt, reason } }: { job: Waiting['jobs'][number] }) {
  const styles = useStyles();
  return (
    <li className={styles.job}>
      <Mark name="waiting" />
      <span className={styles.name} title={texts.overview.waiting.startedBy(startedBy)}>
        {runbookName}
      </span>
      <RunningFor since={queuedAt} />
      <span className={styles.why}>{texts.overview.waiting.because(reason)}</span>
    </li>
  );
}
