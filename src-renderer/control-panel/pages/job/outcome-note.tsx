/** Why a job did not complete, in the words of its outcome; and what keeps its records from the service. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { Mark } from '../../../shared/marks.tsx';
import { texts } from '../../../texts.ts';
import { wordOf } from '../../state/status.ts';
import { isRunning } from '../../state/worker-view.ts';

const useStyles = makeStyles({
  note: {
    display: 'flex',
    alignItems: 'baseline',
    gap: '8px',
    padding: '8px 16px',
    borderRadius: '8px',
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderLeftWidth: '4px',
    flexShrink: 0,
    maxHeight: '35%',
    overflowY: 'auto',
  },
  danger: { borderLeftColor: tokens.colorStatusDangerForeground1 },
  warning: { borderLeftColor: tokens.colorStatusWarningForeground3 },
  plain: { borderLeftColor: tokens.colorNeutralStroke1 },
  // An error's text with the line it points at: it stands as the runtime wrote it.
  reason: { margin: 0, overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' },
  asWritten: { fontFamily: tokens.fontFamilyMonospace, fontSize: tokens.fontSizeBase200 },
});

export function OutcomeNote({ job }: { job: JobView }) {
  const styles = useStyles();
  if (job.uploadTrouble !== null && isRunning(job)) {
    return (
      <div className={mergeClasses(styles.note, styles.warning)} role="status">
        <Mark name="attention" />
        <p className={styles.reason}>{texts.job.uploadTrouble(job.uploadTrouble)}</p>
      </div>
    );
  }
  if (isRunning(job) || job.outcome === 'completed' || job.outcomeReason === null || job.outcomeReason === '') return null;
  const { mark, tone, word } = wordOf(job);
  const edge = tone === 'danger' || tone === 'warning' ? tone : 'plain';
  return (
    <div className={mergeClasses(styles.note, styles[edge])} role="group" aria-label={word} tabIndex={0}>
      <Mark name={mark} />
      <p className={mergeClasses(styles.reason, job.outcomeReason.includes('\n') && styles.asWritten)}>{job.outcomeReason}</p>
    </div>
  );
}
