/** Something that is wrong: what happened, what it means, what to do. The technical part is one click away and can be copied whole. */
import { Button, makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { createContext, use, useId, useState } from 'react';
import type { Problem } from '../../src-contract/problems.ts';
import { texts } from '../texts.ts';
import { CopyButton } from './copy-button.tsx';
import { Mark } from './marks.tsx';
import { Words } from './words.tsx';

const useStyles = makeStyles({
  card: {
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderLeftWidth: '4px',
    borderRadius: '8px',
    padding: '12px 16px',
    display: 'flex',
    // Beside the words where there is room for both, otherwise below them.
    flexWrap: 'wrap',
    columnGap: '16px',
    rowGap: '12px',
    alignItems: 'center',
    flexShrink: 0,
  },
  error: { borderLeftColor: tokens.colorStatusDangerForeground1 },
  warning: { borderLeftColor: tokens.colorStatusWarningForeground3 },
  words: { flex: '1 1 440px', minWidth: 0 },
  heading: { display: 'flex', alignItems: 'baseline', gap: '8px' },
  title: {
    fontWeight: tokens.fontWeightSemibold,
    margin: 0,
    fontSize: tokens.fontSizeBase300,
    lineHeight: '20px',
    overflowWrap: 'anywhere',
  },
  text: { margin: '2px 0 0', color: tokens.colorNeutralForeground2, lineHeight: '20px', overflowWrap: 'anywhere' },
  next: { margin: '4px 0 0', lineHeight: '20px', overflowWrap: 'anywhere' },
  since: {
    color: tokens.colorNeutralForeground3,
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightRegular,
    marginLeft: '8px',
    whiteSpace: 'nowrap',
  },
  actions: { display: 'flex', gap: '8px', flexShrink: 0, flexWrap: 'wrap' },
  details: {
    margin: '8px 0 0',
    padding: '8px 12px',
    borderRadius: '4px',
    backgroundColor: tokens.colorNeutralBackground3,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    maxHeight: '200px',
    overflowY: 'auto',
  },
});

/** The code of a problem that stands above the page: said once, it is not said again in every card. */
export const SaidAboveContext = createContext<string | undefined>(undefined);

interface ProblemCardProps {
  problem: Problem;
  /** Beside the text: since when, how often. */
  since?: React.ReactNode;
  /** What repairs it, first. */
  actions?: React.ReactNode;
  /** Reads it out when it appears: for what follows from something that the person just did. */
  announce?: boolean;
}

/** What the technical part holds, and "Copy details" copies. */
export function problemDetails(problem: Problem): string {
  const details = Object.entries(problem.details).map(([name, value]) => `${name}: ${value}`);
  return [`code: ${problem.code}`, ...details].join('\n');
}

export function ProblemCard(props: ProblemCardProps) {
  const styles = useStyles();
  const saidAbove = use(SaidAboveContext) === props.problem.code;
  return saidAbove ? <p className={styles.text}>{texts.gone.saidAbove}</p> : <WholeCard {...props} />;
}

function WholeCard({ problem, since, actions, announce = false }: ProblemCardProps) {
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  const detailsId = useId();
  const details = problemDetails(problem);
  const whole = [problem.title, problem.text, problem.nextStep, details].join('\n');
  return (
    <div
      className={mergeClasses(styles.card, styles[problem.severity])}
      role={announce ? 'alert' : 'group'}
      aria-label={problem.title}
      data-problem={problem.code}
    >
      <div className={styles.words}>
        <div className={styles.heading}>
          <Mark name={problem.severity === 'error' ? 'bad' : 'attention'} />
          <p className={styles.title}>
            {problem.title}
            {since !== undefined && <span className={styles.since}>{since}</span>}
          </p>
        </div>
        <p className={styles.text}>
          <Words>{problem.text}</Words>
        </p>
        <p className={styles.next}>
          <Words>{problem.nextStep}</Words>
        </p>
        {open && (
          <div className={styles.details} id={detailsId} tabIndex={0} role="group" aria-label={texts.problem.details}>
            {details}
          </div>
        )}
      </div>
      <div className={styles.actions}>
        {actions}
        <Button appearance="subtle" aria-expanded={open} aria-controls={detailsId} onClick={() => setOpen(!open)}>
          {open ? texts.problem.hideDetails : texts.problem.showDetails}
        </Button>
        {open && <CopyButton text={whole} label={texts.problem.copyDetails} />}
      </div>
    </div>
  );
}
