/** How a stop goes, side by side: asked, waited for, ended. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { StepSign } from '../../parts/step-sign.tsx';
import { stopStages } from './stop-stages.ts';

const useStyles = makeStyles({
  stages: {
    listStyleType: 'none',
    margin: 0,
    padding: '8px 16px',
    display: 'grid',
    gridTemplateColumns: 'repeat(3, minmax(0, 1fr))',
    gap: '8px 24px',
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: '8px',
    flexShrink: 0,
    '@media (max-width: 700px)': { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  stage: { display: 'flex', gap: '8px', minWidth: 0 },
  sign: { width: '16px', height: '20px', display: 'flex', alignItems: 'center', justifyContent: 'center', flexShrink: 0 },
  done: { color: tokens.colorStatusSuccessForeground1 },
  failed: { color: tokens.colorStatusDangerForeground1 },
  later: { color: tokens.colorNeutralForeground3 },
  name: { fontWeight: tokens.fontWeightSemibold },
  detail: {
    '::first-letter': { textTransform: 'uppercase' },
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    fontVariantNumeric: 'tabular-nums',
    overflowWrap: 'anywhere',
  },
});

export function StopProgress({ job }: { job: JobView }) {
  const styles = useStyles();
  const stages = stopStages(job, useNow());
  if (stages === undefined) return null;
  return (
    <ol className={styles.stages} aria-label={texts.job.stopping.label} data-testid="stop-stages">
      {stages.map(({ key, status, detail }) => (
        <li key={key} className={styles.stage} data-stage={key} data-status={status}>
          <span className={mergeClasses(styles.sign, status === 'done' && styles.done, status === 'failed' && styles.failed)}>
            <StepSign status={status} />
          </span>
          <span>
            <div className={mergeClasses(styles.name, status === 'later' && styles.later)}>{texts.job.stopping.stages[key]}</div>
            <div className={mergeClasses(styles.detail, status === 'later' && styles.later)}>
              {detail === '' ? texts.steps[status] : detail}
            </div>
          </span>
        </li>
      ))}
    </ol>
  );
}
