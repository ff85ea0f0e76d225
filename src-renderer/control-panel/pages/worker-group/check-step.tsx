/** What joining stands on: each with what was found, and what mends it. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { diagnosticTitles, type Finding } from '../../../../src-contract/diagnostics.ts';
import { Card } from '../../../shared/card.tsx';
import { Mark, type MarkName } from '../../../shared/marks.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { Words } from '../../../shared/words.tsx';
import { texts } from '../../../texts.ts';
import { CurrentProblems } from '../../parts/current-problems.tsx';
import { PlaceLink } from '../../parts/place-link.tsx';
import { RoleButton } from '../../parts/role.tsx';
import { checkedRules, verdictOf } from './join-steps.ts';
import type { Check } from './use-check.ts';
import { WaitingForPack } from './waiting-for-pack.tsx';

const words = texts.group.check;
const marks: Record<Finding['result'], MarkName> = { good: 'good', attention: 'attention', failed: 'bad', 'not-checked': 'off' };

const useStyles = makeStyles({
  list: { listStyleType: 'none', margin: 0, padding: 0 },
  row: {
    display: 'grid',
    gridTemplateColumns: '12px minmax(120px, 3fr) minmax(0, 7fr)',
    columnGap: '12px',
    padding: '8px 0',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    ':last-child': { borderBottomColor: 'transparent', paddingBottom: 0 },
    lineHeight: '20px',
  },
  mark: { paddingTop: '4px' },
  pending: { color: tokens.colorNeutralForeground3 },
  sentence: { color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  repair: { margin: '2px 0 0', color: tokens.colorNeutralForeground1 },
  foot: { display: 'flex', alignItems: 'center', gap: '16px', marginTop: '12px', flexWrap: 'wrap' },
});

interface CheckStepProps {
  check: Check;
  hasPack: boolean;
  worker: WorkerState;
  connection: NonNullable<WorkerState['connection']>;
}

export function CheckStep({ check, hasPack, worker, connection }: CheckStepProps) {
  const styles = useStyles();
  const { reading, isLooking, lookAgain } = check;
  const again = (
    <RoleButton call="diagnostics:run" onClick={lookAgain} disabled={isLooking}>
      {words.again}
    </RoleButton>
  );
  return (
    <>
      {!hasPack && <CurrentProblems worker={worker} of="group" />}
      {!hasPack && <WaitingForPack workspaceId={connection.workspaceId} workspaceName={connection.workspaceName} />}
      {reading.status === 'failed' ? (
        <ProblemCard problem={reading.problem} actions={again} announce />
      ) : (
        <Card>
          <ul className={styles.list} aria-label={words.list} aria-busy={isLooking}>
            {reading.status === 'known'
              ? reading.value.map((finding) => <FindingRow key={finding.rule} finding={finding} />)
              : checkedRules.map((rule) => (
                  <li key={rule} className={styles.row} data-rule={rule} data-result="pending">
                    <span className={styles.mark}>
                      <Mark name="waiting" />
                    </span>
                    <span>{diagnosticTitles[rule]}</span>
                    <span className={styles.pending}>{words.pending}</span>
                  </li>
                ))}
          </ul>
          <div className={styles.foot}>
            {again}
            <PlaceLink to={{ page: 'diagnostics' }}>{words.whole}</PlaceLink>
          </div>
        </Card>
      )}
    </>
  );
}

function FindingRow({ finding }: { finding: Finding }) {
  const styles = useStyles();
  const { rule, result, sentence, repair } = finding;
  return (
    <li className={styles.row} data-rule={rule} data-result={result}>
      <span className={styles.mark} title={texts.diagnostics.results[result]}>
        <Mark name={marks[result]} />
      </span>
      <span>{diagnosticTitles[rule]}</span>
      <div className={styles.sentence}>
        <Words>{sentence}</Words>
        {repair !== null && (
          <p className={styles.repair}>
            <Words>{repair}</Words>
          </p>
        )}
      </div>
    </li>
  );
}

/** The heading of the step: whether anything stands in the way. */
export function checkInWords({ reading, isLooking }: Check): string {
  if (reading.status === 'failed') return words.titleFailed;
  if (reading.status === 'reading' || isLooking) return words.titleReading;
  const { failed, attention } = verdictOf(reading.value);
  if (failed > 0) return words.titleWrong(failed);
  return attention > 0 ? words.titleAttention(attention) : words.titleGood;
}
