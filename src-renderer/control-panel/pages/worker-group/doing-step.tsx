/** While it is done, and when it was refused: each step with what came of it, then what is wrong and what mends it. */
import { makeStyles } from '@fluentui/react-components';
import { useEffect, useRef } from 'react';
import type { Problem } from '../../../../src-contract/problems.ts';
import { Waiting } from '../../../shared/empty-state.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { ProgressSteps } from '../../parts/progress-steps.tsx';
import type { ShownStep } from '../../parts/shown-steps.ts';

const useStyles = makeStyles({ column: { display: 'flex', flexDirection: 'column', gap: '16px' } });

interface DoingStepProps {
  steps: readonly ShownStep[];
  label: string;
  pending: boolean;
  /** What is waited for, and that the page may be left. */
  underWay: string;
  problem: Problem | null;
  /** Beside the problem; what mends it stands first. */
  repairs: React.ReactNode;
}

export function DoingStep({ steps, label, pending, underWay, problem, repairs }: DoingStepProps) {
  const styles = useStyles();
  const outcome = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problem !== null) outcome.current?.scrollIntoView({ block: 'nearest' });
  }, [problem]);
  return (
    <div className={styles.column}>
      <ProgressSteps steps={steps} label={label} />
      {pending && <Waiting forWhat={underWay} />}
      <div ref={outcome}>{problem !== null && <ProblemCard problem={problem} announce actions={repairs} />}</div>
    </div>
  );
}
