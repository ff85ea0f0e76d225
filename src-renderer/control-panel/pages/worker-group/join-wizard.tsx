/** Joining a group, step by step. Nothing is changed before the last one, and a refusal leads back to the field that it is about. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { workerPackName } from '../../../../src-contract/packs.ts';
import type { Problem } from '../../../../src-contract/problems.ts';
import { useAction } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { Page } from '../../../shared/page.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { SecretField, TextField } from '../../parts/fields.tsx';
import { PlaceButton } from '../../parts/place-link.tsx';
import { shownSteps } from '../../parts/shown-steps.ts';
import { stepBefore, stepState } from '../../parts/wizard-steps.ts';
import { RoleButton } from '../../parts/role.tsx';
import { WizardFrame } from '../../parts/wizard.tsx';
import { useServices, useWorkerView } from '../../state/services.ts';
import { CheckStep, checkInWords } from './check-step.tsx';
import { DoingStep } from './doing-step.tsx';
import { GroupFacts } from './group-facts.tsx';
import {
  firstMistake,
  joinSteps,
  keyEnding,
  mistakesInStep,
  repairsOf,
  stepOfField,
  verdictOf,
  type JoinStep,
  type RegistrationField,
} from './join-steps.ts';
import { registerCommands, type RegistrationForm, type RegistrationMistakes } from './registration-form.ts';
import { ReviewStep } from './review-step.tsx';
import { TestJob } from './test-job.tsx';
import { useCheck } from './use-check.ts';
import { usePastedBlock } from './use-pasted-block.ts';

const words = texts.group;
const useStyles = makeStyles({
  fields: { display: 'flex', flexDirection: 'column', gap: '12px' },
  text: { margin: 0, color: tokens.colorNeutralForeground2, maxWidth: '70ch', lineHeight: '20px' },
});

interface JoinWizardProps {
  worker: WorkerState;
  connection: NonNullable<WorkerState['connection']>;
  /** Whether what becomes of the registration from now on is this wizard's doing. */
  onDoing: (isDoing: boolean) => void;
  onFinish: () => void;
}

export function JoinWizard({ worker, connection, onDoing, onFinish }: JoinWizardProps) {
  const styles = useStyles();
  const { bridge, worker: store } = useServices();
  const { progress } = useWorkerView();
  const hasPack = worker.packs.some((pack) => pack.name === workerPackName);
  const check = useCheck(hasPack);
  const [at, setAt] = useState<{ step: JoinStep; field: RegistrationField | null }>({ step: 'check', field: null });
  const [form, setForm] = useState<RegistrationForm>({
    groupName: '',
    endpoint: connection.account?.endpoint ?? '',
    token: '',
  });
  const [mistakes, setMistakes] = useState<RegistrationMistakes>({});
  const [pasted, setPasted] = useState<readonly string[]>([]);
  const register = useAction((sent: RegistrationForm) =>
    bridge.call('registration:register', {
      groupName: sent.groupName.trim(),
      endpoint: sent.endpoint.trim(),
      token: sent.token.trim(),
    }),
  );
  const { step } = at;
  const groupName = form.groupName.trim();

  const goTo = (next: JoinStep, toField: RegistrationField | null = null): void => {
    if (register.problem !== null) register.clear();
    setMistakes({});
    setAt({ step: next, field: toField });
  };
  const goToField = (toField: RegistrationField): void => goTo(stepOfField(toField), toField);
  const join = async (): Promise<void> => {
    store.clearProgress();
    goTo('register');
    onDoing(true);
    const done = await register.run(form);
    if (done === undefined) onDoing(false);
    else {
      // Used once, not kept.
      setForm((before) => ({ ...before, token: '' }));
      setAt({ step: 'done', field: null });
    }
  };
  const goOn = (): void => {
    const found = mistakesInStep(step, form);
    setMistakes(found);
    const [first] = Object.keys(found);
    if (first !== undefined) setAt({ step, field: first as RegistrationField });
    else if (step === 'check' && hasPack) goTo('account');
    else if (step === 'account') goTo('group');
    else if (step === 'group') goTo('review');
    else if (step === 'review') {
      const missing = firstMistake(form);
      if (missing === undefined) void join();
      else {
        const target = stepOfField(missing);
        setMistakes(mistakesInStep(target, form));
        setAt({ step: target, field: missing });
      }
    } else if (step === 'done') onFinish();
  };
  usePastedBlock((block) => {
    if (step === 'register' || step === 'done') return;
    setForm((before) => ({ ...before, ...block }));
    setMistakes({});
    setPasted(Object.keys(block).map((name) => words.fields[name as RegistrationField].label));
  });

  const hasFailed = step === 'register' && register.problem !== null;
  const back = stepBefore(joinSteps, step);
  const part = {
    form,
    mistakes,
    change: <Name extends keyof RegistrationForm>(name: Name, value: RegistrationForm[Name]): void => {
      setForm((before) => ({ ...before, [name]: value }));
      setMistakes((before) => ({ ...before, [name]: undefined }));
    },
  };
  const isPassable = step !== 'done' && !register.pending;
  return (
    <Page {...headOf(step, groupName, hasPack, hasFailed)}>
      <WizardFrame
        steps={joinSteps.map((name) => ({
          name,
          title: words.stepTitles[name],
          state: stepState(joinSteps, step, name, { hasFailed, isOver: step === 'done' }),
        }))}
        at={at}
        heading={step === 'check' ? checkInWords(check) : step === 'review' ? words.reviewTitle : words.stepTitles[step]}
        onBackTo={isPassable ? (name) => goTo(name) : undefined}
        onSubmit={goOn}
        foot={
          <Foot
            step={step}
            pending={register.pending}
            cannotGoOn={step === 'check' && !hasPack}
            anyway={
              step === 'check' &&
              (check.reading.status === 'failed' ||
                (check.reading.status === 'known' && verdictOf(check.reading.value).failed > 0))
            }
            onBack={isPassable && back !== undefined ? () => goTo(back) : undefined}
          />
        }
      >
        {pasted.length > 0 && isPassable && step !== 'register' && (
          <p className={styles.text} role="status">
            {words.filled(pasted)}
          </p>
        )}
        {step === 'check' && <CheckStep check={check} hasPack={hasPack} worker={worker} connection={connection} />}
        {step === 'account' && (
          <>
            <p className={styles.text}>{words.pasteHint}</p>
            <Card>
              <div className={styles.fields}>
                <TextField {...part} name="endpoint" words={words.fields.endpoint} />
                {connection.account?.endpoint === form.endpoint && (
                  <p className={styles.text}>{words.linked(connection.workspaceName, connection.account.name)}</p>
                )}
                <SecretField {...part} name="token" words={words.fields.token} />
              </div>
            </Card>
          </>
        )}
        {step === 'group' && (
          <Card>
            <div className={styles.fields}>
              <TextField {...part} name="groupName" words={words.fields.groupName} />
              <p className={styles.text}>{words.groupHow}</p>
            </div>
          </Card>
        )}
        {step === 'review' && (
          <ReviewStep
            does={words.reviewDoes(groupName)}
            facts={reviewedFacts(worker, connection, form, goToField)}
            commands={registerCommands(form)}
          />
        )}
        {step === 'register' && (
          <DoingStep
            steps={shownSteps('register', progress, words.stepNames)}
            label={words.steps}
            pending={register.pending}
            underWay={words.underWay}
            problem={register.problem}
            repairs={
              register.problem !== null && (
                <Repairs
                  problem={register.problem}
                  onField={goToField}
                  onStep={(name) => goTo(name)}
                  onAgain={() => void join()}
                />
              )
            }
          />
        )}
        {step === 'done' && (
          <>
            <p className={styles.text}>{words.doneText(groupName)}</p>
            <TestJob />
            {worker.registration !== null && <GroupFacts registration={worker.registration} />}
          </>
        )}
      </WizardFrame>
    </Page>
  );
}

function headOf(step: JoinStep, groupName: string, hasPack: boolean, hasFailed: boolean) {
  if (step === 'done') return { mark: 'good' as const, title: words.titleIn(groupName) };
  const lead = words.leadNone;
  if (!hasPack) return { mark: 'waiting' as const, title: words.titleWaiting, lead };
  if (hasFailed) return { mark: 'bad' as const, title: words.titleFailed(groupName), lead };
  if (step === 'register') return { mark: 'waiting' as const, title: words.titleJoining(groupName), lead };
  return { mark: 'todo' as const, title: words.titleJoin, lead };
}

function reviewedFacts(
  worker: WorkerState,
  connection: NonNullable<WorkerState['connection']>,
  form: RegistrationForm,
  goToField: (field: RegistrationField) => void,
) {
  const names = words.reviewFacts;
  const ending = keyEnding(form.token);
  const key = ending === undefined ? words.keyGiven : words.keyEnding(ending);
  return [
    { name: names.machine, value: worker.machineName },
    { name: names.group, value: form.groupName.trim(), onChange: () => goToField('groupName') },
    { name: names.workspace, value: connection.workspaceName },
    { name: names.endpoint, value: form.endpoint.trim(), onChange: () => goToField('endpoint') },
    { name: names.token, value: form.token.trim() === '' ? words.keyMissing : key, onChange: () => goToField('token') },
    { name: names.runbooks, value: worker.runbooks.sentence },
  ];
}

interface FootProps {
  step: JoinStep;
  pending: boolean;
  cannotGoOn: boolean;
  /** Something is wrong, and whoever knows better may go on. */
  anyway: boolean;
  onBack: (() => void) | undefined;
}

function Foot({ step, pending, cannotGoOn, anyway, onBack }: FootProps) {
  const next = anyway ? texts.wizard.nextAnyway : texts.wizard.next;
  return (
    <>
      {onBack !== undefined && <Button onClick={onBack}>{texts.wizard.back}</Button>}
      {step === 'done' && <PlaceButton to={{ page: 'overview' }}>{texts.openPage(texts.navigation.pages.overview)}</PlaceButton>}
      {step === 'done' && (
        <Button type="submit" appearance="primary">
          {texts.wizard.finish}
        </Button>
      )}
      {step === 'review' && (
        <RoleButton call="registration:register" type="submit" appearance="primary" disabled={pending || cannotGoOn}>
          {words.register}
        </RoleButton>
      )}
      {step !== 'done' && step !== 'register' && step !== 'review' && (
        <Button type="submit" appearance={anyway ? 'secondary' : 'primary'} disabled={pending || cannotGoOn}>
          {next}
        </Button>
      )}
    </>
  );
}

interface RepairsProps {
  problem: Problem;
  onField: (field: RegistrationField) => void;
  onStep: (step: JoinStep) => void;
  onAgain: () => void;
}

function Repairs({ problem, onField, onStep, onAgain }: RepairsProps) {
  return repairsOf(problem).map((repair) => {
    switch (repair.kind) {
      case 'field':
        return (
          <Button key={repair.field} onClick={() => onField(repair.field)}>
            {words.repair[repair.field]}
          </Button>
        );
      case 'step':
        return (
          <Button key={repair.step} onClick={() => onStep(repair.step)}>
            {words.repair.check}
          </Button>
        );
      case 'place':
        return 'id' in repair.place ? null : (
          <PlaceButton key={repair.place.page} to={repair.place}>
            {texts.openPage(texts.navigation.pages[repair.place.page])}
          </PlaceButton>
        );
      case 'again':
        return <TryAgainButton key="again" onClick={onAgain} />;
    }
  });
}
