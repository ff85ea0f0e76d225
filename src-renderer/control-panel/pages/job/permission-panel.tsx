/** May this runbook run here? All of it is shown, as it would run; an answer is for exactly that. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { kindLabels, runbookKind } from '../../../../src-contract/kinds.ts';
import { revealHidden, type PolicyQuestion } from '../../../../src-contract/policy.ts';
import { useAction, useReading } from '../../../shared/call.ts';
import { Card, Facts } from '../../../shared/card.tsx';
import { Waiting } from '../../../shared/empty-state.tsx';
import { formatBytes, formatDuration } from '../../../shared/format.ts';
import { Mark } from '../../../shared/marks.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { RoleButton, RoleNote, useLackingRole } from '../../parts/role.tsx';
import { useServices } from '../../state/services.ts';
import { nameOf } from '../../state/status.ts';

const words = texts.policy.question;
const useStyles = makeStyles({
  column: { display: 'flex', flexDirection: 'column', gap: '12px', flexGrow: 1, minHeight: 0, overflowY: 'auto' },
  lead: { margin: '0 0 12px', color: tokens.colorNeutralForeground2 },
  actions: { display: 'flex', alignItems: 'center', flexWrap: 'wrap', gap: '8px', marginTop: '16px' },
  left: { marginLeft: '8px', color: tokens.colorNeutralForeground2, fontVariantNumeric: 'tabular-nums' },
  warning: { display: 'flex', alignItems: 'baseline', gap: '8px', margin: '0 0 8px' },
  script: {
    margin: 0,
    padding: '12px',
    borderRadius: '4px',
    backgroundColor: tokens.colorNeutralBackground3,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    lineHeight: '18px',
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    maxHeight: '420px',
    overflowY: 'auto',
  },
});

/** What would run is for those who may act on it: others are told who that is. */
export function PermissionPanel({ job }: { job: JobView }) {
  const lacking = useLackingRole('policy:question');
  if (lacking === undefined) return <AskedQuestion job={job} />;
  return (
    <Card title={words.title(nameOf(job))}>
      <RoleNote call="policy:question" />
    </Card>
  );
}

function AskedQuestion({ job }: { job: JobView }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const { reading, readAgain } = useReading(() => bridge.call('policy:question', { sandboxId: job.sandboxId }), job.sandboxId);
  return (
    <div className={styles.column}>
      {reading.status === 'reading' && <Waiting forWhat={words.reading} />}
      {reading.status === 'failed' && (
        <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} announce />
      )}
      {reading.status === 'known' && <Question job={job} question={reading.value} />}
    </div>
  );
}

function Question({ job, question }: { job: JobView; question: PolicyQuestion }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const { sandboxId, sha256, startedBy, parameters, script } = question;
  const answer = useAction((allow: boolean) => bridge.call('policy:answer', { sandboxId, sha256, allow }));
  const shown = revealHidden(script);
  const given = Object.entries(parameters).map(([name, value]) => `${name} = ${revealHidden(value)}`);
  const kind = runbookKind.safeParse(question.kind).data;
  return (
    <>
      <Card title={words.title(nameOf(job))}>
        <p className={styles.lead}>{words.lead}</p>
        <Facts
          facts={[
            { name: words.kind, value: kind === undefined ? question.kind : kindLabels[kind] },
            { name: words.startedBy, value: startedBy ?? words.nobody },
            {
              name: words.parameters,
              value: given.length === 0 ? words.noParameters : given.join('\n'),
              fixedWidth: given.length > 0,
            },
            { name: words.sha256, value: sha256, fixedWidth: true },
          ]}
        />
        <div className={styles.actions}>
          <RoleButton call="policy:answer" appearance="primary" disabled={answer.pending} onClick={() => void answer.run(true)}>
            {words.allow}
          </RoleButton>
          <RoleButton call="policy:answer" disabled={answer.pending} onClick={() => void answer.run(false)}>
            {words.refuse}
          </RoleButton>
          <TimeLeft until={question.until} />
        </div>
        <RoleNote call="policy:answer" />
        {answer.problem !== null && <ProblemCard problem={answer.problem} announce />}
      </Card>
      <Card title={words.script} aside={words.size(countLines(script), formatBytes(new Blob([script]).size))}>
        {shown !== script && (
          <p className={styles.warning}>
            <Mark name="attention" />
            {words.hiddenShown}
          </p>
        )}
        <pre className={styles.script} tabIndex={0} role="group" aria-label={words.script}>
          {shown}
        </pre>
      </Card>
    </>
  );
}

/** The last one's end begins no other. */
function countLines(script: string): number {
  return script.replace(/\r?\n$/, '').split('\n').length;
}

function TimeLeft({ until }: { until: string }) {
  const styles = useStyles();
  const leftMs = Date.parse(until) - useNow().getTime();
  return <span className={styles.left}>{leftMs > 0 ? words.runsOut(formatDuration(leftMs)) : words.ranOut}</span>;
}
