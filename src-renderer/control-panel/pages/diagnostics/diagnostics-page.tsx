/** What is wrong, how do we know, what repairs it? Looked at when the page opens, and when asked again. */
import { makeStyles } from '@fluentui/react-components';
import { useState } from 'react';
import { diagnosticTitles, type Diagnosis } from '../../../../src-contract/diagnostics.ts';
import { useReading } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { CopyButton } from '../../../shared/copy-button.tsx';
import { Waiting } from '../../../shared/empty-state.tsx';
import { formatMoment } from '../../../shared/format.ts';
import type { MarkName } from '../../../shared/marks.tsx';
import { Page } from '../../../shared/page.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { RoleButton, RoleNote, useLackingRole } from '../../parts/role.tsx';
import { useServices } from '../../state/services.ts';
import { BundleCard } from './bundle-card.tsx';
import { FindingCard } from './finding-card.tsx';
import { PathTestCard } from './path-test-card.tsx';

const words = texts.diagnostics;
const useStyles = makeStyles({
  column: { display: 'flex', flexDirection: 'column', gap: '8px', maxWidth: '880px' },
  list: { display: 'flex', flexDirection: 'column', gap: '8px', listStyleType: 'none', margin: 0, padding: 0 },
});

export function DiagnosticsPage() {
  return useLackingRole('diagnostics:run') === undefined ? <LookedAt /> : <NotLookedAt />;
}

/** Nothing is wrong: looking is not for everybody. What a bundle holds besides is. */
function NotLookedAt() {
  const styles = useStyles();
  return (
    <Page mark="off" title={words.titleNotYours}>
      <div className={styles.column}>
        <Card>
          <RoleNote call="diagnostics:run" />
        </Card>
        <BundleCard />
      </div>
    </Page>
  );
}

function LookedAt() {
  const styles = useStyles();
  const { bridge } = useServices();
  const [looking, setLooking] = useState(true);
  const { reading, readAgain } = useReading(async () => {
    setLooking(true);
    const answer = await bridge.call('diagnostics:run', {});
    setLooking(false);
    return answer;
  }, 'diagnostics');
  const diagnosis = reading.status === 'known' ? reading.value : undefined;
  return (
    <Page
      {...headOf(reading.status === 'failed', diagnosis)}
      actions={
        <>
          {diagnosis !== undefined && <CopyButton text={inText(diagnosis)} label={words.copy} />}
          {reading.status === 'known' && (
            <RoleButton call="diagnostics:run" appearance="primary" onClick={readAgain} disabled={looking}>
              {looking ? words.looking : words.again}
            </RoleButton>
          )}
        </>
      }
    >
      <div className={styles.column}>
        {reading.status === 'reading' && <Waiting forWhat={words.reading} />}
        {reading.status === 'failed' && (
          <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} />
        )}
        {diagnosis !== undefined && (
          <>
            <ul className={styles.list} aria-label={words.findings}>
              {inOrder(diagnosis).map((finding) => (
                <li key={finding.rule}>
                  <FindingCard finding={finding} />
                </li>
              ))}
            </ul>
            <PathTestCard />
          </>
        )}
        {reading.status !== 'reading' && <BundleCard />}
      </div>
    </Page>
  );
}

const ranks = { failed: 0, attention: 1, good: 2, 'not-checked': 3 } as const;

/** What is wrong first; among those, what explains the others first. */
function inOrder({ findings }: Diagnosis): Diagnosis['findings'] {
  return [...findings].sort((one, other) => ranks[one.result] - ranks[other.result]);
}

function headOf(failed: boolean, diagnosis: Diagnosis | undefined): { mark?: MarkName; title: string; lead?: string } {
  if (failed) return { mark: 'bad', title: words.titleFailed };
  if (diagnosis === undefined) return { title: words.titleReading };
  const count = (result: string): number => diagnosis.findings.filter((one) => one.result === result).length;
  const lead = words.lead(formatMoment(new Date(diagnosis.at), new Date()), (diagnosis.tookMs / 1000).toFixed(1));
  const wrong = count('failed');
  if (wrong > 0) return { mark: 'bad', title: words.titleWrong(wrong), lead };
  const toKnow = count('attention');
  return toKnow > 0
    ? { mark: 'attention', title: words.titleAttention(toKnow), lead }
    : { mark: 'good', title: words.titleGood, lead };
}

/** For a mail to whoever is asked for help. */
function inText({ at, findings }: Diagnosis): string {
  const lines = findings.flatMap(({ rule, result, sentence, evidence, repair }) => [
    `${diagnosticTitles[rule]}: ${words.results[result]}. ${sentence}`,
    ...evidence.map(({ name, value }) => `    ${name}: ${value}`),
    ...(repair === null ? [] : [`    → ${repair}`]),
  ]);
  return [at, ...lines].join('\n');
}
