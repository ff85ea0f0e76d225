/** What a job is doing or how it ended: a shape and a word, tinted. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { JobView } from '../../../src-contract/engine-calls.ts';
import { Mark, MarkOnly } from '../../shared/marks.tsx';
import { RunningFor } from '../../shared/moment.tsx';
import { wordOf, type Tone } from '../state/status.ts';

const useStyles = makeStyles({
  word: { display: 'inline-flex', alignItems: 'center', gap: '8px', whiteSpace: 'nowrap' },
  badge: {
    display: 'inline-flex',
    alignItems: 'center',
    gap: '6px',
    padding: '0 8px',
    borderRadius: '4px',
    lineHeight: '22px',
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    whiteSpace: 'nowrap',
    border: '1px solid transparent',
  },
  good: { backgroundColor: tokens.colorStatusSuccessBackground1, color: tokens.colorStatusSuccessForeground1 },
  running: { backgroundColor: tokens.colorBrandBackground2, color: tokens.colorBrandForeground2 },
  warning: { backgroundColor: tokens.colorStatusWarningBackground1, color: tokens.colorStatusWarningForeground1 },
  danger: { backgroundColor: tokens.colorStatusDangerBackground1, color: tokens.colorStatusDangerForeground1 },
  quiet: { backgroundColor: tokens.colorNeutralBackground6, color: tokens.colorNeutralForeground2 },
});

/** In tables. */
export function JobWordCell({ job }: { job: Pick<JobView, 'phase' | 'outcome' | 'asking'> }) {
  const styles = useStyles();
  const { word, mark } = wordOf(job);
  return (
    <span className={styles.word}>
      <Mark name={mark} />
      {word}
    </span>
  );
}

/** As above, where there is room for the shape alone. */
export function JobMarkCell({ job }: { job: Pick<JobView, 'phase' | 'outcome' | 'asking'> }) {
  const { word, mark } = wordOf(job);
  return <MarkOnly name={mark} word={word} />;
}

/** Beside a title; counts while the runbook runs. */
export function JobBadge({ job }: { job: JobView }) {
  const { word, tone } = wordOf(job);
  return (
    <Badge tone={tone}>
      {word}
      {job.phase === 'running' && job.startedAt !== null && <RunningFor since={job.startedAt} />}
    </Badge>
  );
}

export function Badge({ tone, children }: { tone: Tone; children: React.ReactNode }) {
  const styles = useStyles();
  return (
    <span className={mergeClasses(styles.badge, styles[tone])} data-testid="job-badge">
      {children}
    </span>
  );
}
