/**
 * The steps of something long: done, under way, failed, not started; each with what came of it. Why one failed stands in the problem's
 * card, with what to do.
 */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { texts } from '../../texts.ts';
import type { ShownStep } from './shown-steps.ts';
import { StepSign } from './step-sign.tsx';

const useStyles = makeStyles({
  list: {
    listStyleType: 'none',
    margin: 0,
    padding: '4px 16px',
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: '8px',
    flexShrink: 0,
  },
  step: {
    display: 'flex',
    alignItems: 'center',
    gap: '12px',
    minHeight: '36px',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    ':last-child': { borderBottomColor: 'transparent' },
  },
  sign: { width: '16px', display: 'flex', justifyContent: 'center', flexShrink: 0 },
  done: { color: tokens.colorStatusSuccessForeground1 },
  failed: { color: tokens.colorStatusDangerForeground1 },
  later: { color: tokens.colorNeutralForeground3 },
  label: { flexGrow: 1, flexShrink: 0, maxWidth: '70%' },
  detail: { minWidth: 0, color: tokens.colorNeutralForeground2, textAlign: 'right', overflowWrap: 'anywhere' },
});

export function ProgressSteps({ steps, label }: { steps: readonly ShownStep[]; label: string }) {
  const styles = useStyles();
  if (steps.length === 0) return null;
  return (
    <ol className={styles.list} aria-label={label} aria-live="polite" data-testid="steps">
      {steps.map((step) => (
        <li
          key={step.key}
          className={mergeClasses(styles.step, step.status === 'later' && styles.later)}
          data-status={step.status}
        >
          <span
            className={mergeClasses(
              styles.sign,
              step.status === 'done' && styles.done,
              step.status === 'failed' && styles.failed,
            )}
          >
            <StepSign status={step.status} />
          </span>
          <span className={styles.label}>{step.label}</span>
          <span className={mergeClasses(styles.detail, step.status === 'failed' && styles.failed)}>
            {step.status === 'failed' || step.detail === '' ? texts.steps[step.status] : step.detail}
          </span>
        </li>
      ))}
    </ol>
  );
}
