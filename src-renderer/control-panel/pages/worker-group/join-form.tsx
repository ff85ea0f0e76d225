/** Joining a group: three fields, which the article's block fills in at one paste; then each step and what came of it. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useRef, useState } from 'react';
import type { Problem } from '../../../../src-contract/problems.ts';
import { useAction } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { CommandBlock } from '../../../shared/command-block.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { SecretField, TextField } from '../../parts/fields.tsx';
import { fieldOfProblem } from '../../parts/problem-places.ts';
import { ProgressSteps } from '../../parts/progress-steps.tsx';
import { shownSteps } from '../../parts/shown-steps.ts';
import { useServices, useWorkerView } from '../../state/services.ts';
import {
  mistakesInRegistration,
  registerCommands,
  type RegistrationForm,
  type RegistrationMistakes,
} from './registration-form.ts';
import { parseSettingsBlock } from './settings-block.ts';

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: '16px', maxWidth: '720px' },
  fields: { display: 'flex', flexDirection: 'column', gap: '12px' },
  hint: { margin: '0 0 12px', color: tokens.colorNeutralForeground2 },
  actions: { display: 'flex', gap: '8px', alignItems: 'center' },
});

export function JoinForm({ endpoint }: { endpoint: string }) {
  const styles = useStyles();
  const { bridge, worker } = useServices();
  const { progress } = useWorkerView();
  const [form, setForm] = useState<RegistrationForm>({ groupName: '', endpoint, token: '' });
  const [mistakes, setMistakes] = useState<RegistrationMistakes>({});
  const register = useAction(() =>
    bridge.call('registration:register', {
      groupName: form.groupName.trim(),
      endpoint: form.endpoint.trim(),
      token: form.token.trim(),
    }),
  );
  const fields = useRef<HTMLDivElement>(null);
  const filled = usePastedBlock((pasted) => {
    setForm((before) => ({ ...before, ...pasted }));
    setMistakes({});
  });

  const submit = async (event: React.SubmitEvent): Promise<void> => {
    event.preventDefault();
    const found = mistakesInRegistration(form);
    setMistakes(found);
    const [first] = Object.keys(found);
    if (first !== undefined) focusOn(first);
    else {
      worker.clearProgress();
      await register.run();
    }
  };
  const focusOn = (field: string): void => {
    const input = fields.current?.querySelector<HTMLInputElement>(`[name="${field}"]`);
    input?.focus();
    input?.select();
  };

  // What went wrong stands below the fields: bring it into sight.
  const outcome = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (register.problem !== null) outcome.current?.scrollIntoView({ block: 'nearest' });
  }, [register.problem]);

  const part = {
    form,
    mistakes,
    change: <Name extends keyof RegistrationForm>(name: Name, value: RegistrationForm[Name]): void => {
      setForm((before) => ({ ...before, [name]: value }));
      setMistakes((before) => ({ ...before, [name]: undefined }));
    },
  };
  const steps = register.pending || register.problem !== null ? shownSteps('register', progress, texts.group.stepNames) : [];
  return (
    <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate autoComplete="off">
      <Card>
        <p className={styles.hint} role="status">
          {filled ? texts.group.filled : texts.group.pasteHint}
        </p>
        <div ref={fields} className={styles.fields}>
          <TextField {...part} name="groupName" words={texts.group.fields.groupName} />
          <TextField {...part} name="endpoint" words={texts.group.fields.endpoint} />
          <SecretField {...part} name="token" words={texts.group.fields.token} />
        </div>
      </Card>
      <div className={styles.actions}>
        <Button type="submit" appearance="primary" disabled={register.pending}>
          {register.pending ? texts.group.registering : texts.group.register}
        </Button>
      </div>
      <div ref={outcome} className={styles.fields}>
        <ProgressSteps steps={steps} label={texts.group.steps} />
        {register.problem !== null && (
          <ProblemCard problem={register.problem} announce actions={<Repair problem={register.problem} focusOn={focusOn} />} />
        )}
      </div>
      <CommandBlock commands={registerCommands(form)} />
    </form>
  );
}

/** Wherever on the page it is pasted. Answers whether a block has been taken. */
function usePastedBlock(take: (pasted: Partial<RegistrationForm>) => void): boolean {
  const [filled, setFilled] = useState(false);
  const latest = useRef(take);
  useEffect(() => {
    latest.current = take;
  });
  useEffect(() => {
    const notice = (event: ClipboardEvent): void => {
      const pasted = parseSettingsBlock(event.clipboardData?.getData('text/plain') ?? '');
      if (pasted === undefined) return;
      event.preventDefault();
      latest.current(pasted);
      setFilled(true);
    };
    document.addEventListener('paste', notice);
    return () => document.removeEventListener('paste', notice);
  }, []);
  return filled;
}

function Repair({ problem, focusOn }: { problem: Problem; focusOn: (field: string) => void }) {
  const words = texts.group.repair;
  const field = fieldOfProblem(problem);
  if (field !== 'groupName' && field !== 'endpoint' && field !== 'token') return null;
  return <Button onClick={() => focusOn(field)}>{words[field]}</Button>;
}
