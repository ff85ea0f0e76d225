/** A share that a runbook is to reach, tried with the rights that runbooks have. For administrators: the engine refuses others. */
import { Field, Input, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { useAction } from '../../../shared/call.ts';
import { Card, Facts } from '../../../shared/card.tsx';
import { Mark } from '../../../shared/marks.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { RoleButton, RoleNote } from '../../parts/role.tsx';
import { useServices } from '../../state/services.ts';
import type { PathTest } from '../../../../src-contract/diagnostics.ts';

const words = texts.diagnostics.path;
const useStyles = makeStyles({
  form: { display: 'flex', alignItems: 'flex-end', gap: '8px', flexWrap: 'wrap' },
  field: { flex: '1 1 320px', maxWidth: '520px' },
  result: {
    display: 'flex',
    alignItems: 'baseline',
    gap: '8px',
    margin: '12px 0 4px',
    fontWeight: tokens.fontWeightSemibold,
    overflowWrap: 'anywhere',
  },
  repair: { margin: '4px 0 8px', overflowWrap: 'anywhere' },
});

export function PathTestCard() {
  const styles = useStyles();
  const { bridge } = useServices();
  const [path, setPath] = useState('');
  const [tried, setTried] = useState<PathTest>();
  const test = useAction((given: string) => bridge.call('diagnostics:test-path', { path: given }));
  const submit = async (event: React.SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (path.trim() === '') return;
    setTried(undefined);
    setTried(await test.run(path.trim()));
  };
  return (
    <Card title={words.title}>
      <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        <Field className={styles.field} label={words.label} hint={words.hint}>
          <Input value={path} onChange={(_event, { value }) => setPath(value)} spellCheck={false} />
        </Field>
        <RoleButton call="diagnostics:test-path" type="submit" disabled={test.pending || path.trim() === ''}>
          {test.pending ? words.testing : words.test}
        </RoleButton>
      </form>
      <RoleNote call="diagnostics:test-path" />
      <div role="status">
        {tried !== undefined && (
          <>
            <p className={styles.result}>
              <Mark name={tried.reached ? 'good' : 'bad'} />
              {tried.sentence}
            </p>
            {tried.repair !== null && <p className={styles.repair}>{tried.repair}</p>}
            <Facts facts={tried.evidence} />
          </>
        )}
      </div>
      {test.problem !== null && <ProblemCard problem={test.problem} announce />}
    </Card>
  );
}
