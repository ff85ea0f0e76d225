import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useId, useState } from 'react';
import { diagnosticTitles, type Finding } from '../../../../src-contract/diagnostics.ts';
import { Facts } from '../../../shared/card.tsx';
import { Mark, type MarkName } from '../../../shared/marks.tsx';
import { Words } from '../../../shared/words.tsx';
import { texts } from '../../../texts.ts';

const words = texts.diagnostics;
const marks: Record<Finding['result'], MarkName> = { good: 'good', attention: 'attention', failed: 'bad', 'not-checked': 'off' };

const useStyles = makeStyles({
  card: {
    display: 'flex',
    gap: '12px',
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    borderRadius: '8px',
    padding: '12px 16px',
  },
  mark: { paddingTop: '4px' },
  words: { flexGrow: 1, minWidth: 0 },
  heading: { display: 'flex', alignItems: 'baseline', gap: '8px', flexWrap: 'wrap' },
  title: { margin: 0, fontSize: tokens.fontSizeBase300, lineHeight: '20px', fontWeight: tokens.fontWeightSemibold },
  result: { color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200 },
  sentence: { margin: '2px 0 0', color: tokens.colorNeutralForeground2, lineHeight: '20px', overflowWrap: 'anywhere' },
  repair: { margin: '4px 0 0', lineHeight: '20px', overflowWrap: 'anywhere' },
  button: { flexShrink: 0 },
  label: { whiteSpace: 'nowrap' },
  seen: { marginTop: '8px', paddingTop: '8px', borderTop: `1px solid ${tokens.colorNeutralStroke2}` },
});

export function FindingCard({ finding }: { finding: Finding }) {
  const styles = useStyles();
  const [open, setOpen] = useState(false);
  const seenId = useId();
  const { rule, result, sentence, evidence, repair } = finding;
  return (
    <section className={styles.card} aria-label={diagnosticTitles[rule]} data-rule={rule} data-result={result}>
      <div className={styles.mark}>
        <Mark name={marks[result]} />
      </div>
      <div className={styles.words}>
        <div className={styles.heading}>
          <h2 className={styles.title}>{diagnosticTitles[rule]}</h2>
          <span className={styles.result}>{words.results[result]}</span>
        </div>
        <p className={styles.sentence}>
          <Words>{sentence}</Words>
        </p>
        {repair !== null && (
          <p className={styles.repair}>
            <Words>{repair}</Words>
          </p>
        )}
        {open && (
          <div className={styles.seen} id={seenId}>
            <Facts facts={evidence} />
          </div>
        )}
      </div>
      {evidence.length > 0 && (
        <div className={styles.button}>
          <Button
            appearance="subtle"
            size="small"
            className={styles.label}
            aria-expanded={open}
            aria-controls={seenId}
            aria-label={`${open ? words.hideSeen : words.showSeen}: ${diagnosticTitles[rule]}`}
            onClick={() => setOpen(!open)}
          >
            {open ? words.hideSeen : words.showSeen}
          </Button>
        </div>
      )}
    </section>
  );
}
