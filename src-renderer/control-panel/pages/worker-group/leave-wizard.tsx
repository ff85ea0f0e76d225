/** Leaving the group, at the service or, where that cannot be reached, on this machine alone. Nothing is changed before the last step. */
import { Button, Field, Radio, RadioGroup, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { useAction } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { Page } from '../../../shared/page.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { SecretField } from '../../parts/fields.tsx';
import { PlaceButton } from '../../parts/place-link.tsx';
import { shownSteps } from '../../parts/shown-steps.ts';
import { stepBefore, stepState } from '../../parts/wizard-steps.ts';
import { RoleButton } from '../../parts/role.tsx';
import { WizardFrame, type WizardPlace } from '../../parts/wizard.tsx';
import { useServices, useWorkerView } from '../../state/services.ts';
import { runningJobs } from '../../state/worker-view.ts';
import { DoingStep } from './doing-step.tsx';
import { keyEnding } from './join-steps.ts';
import { leaveCommands, leaveSteps, mistakesInLeaving, repairOfLeaving, type LeaveForm, type LeaveStep } from './leave-steps.ts';
import { ReviewStep } from './review-step.tsx';

const words = texts.group.leave;
const useStyles = makeStyles({
  fields: { display: 'flex', flexDirection: 'column', gap: '12px' },
  text: { margin: 0, color: tokens.colorNeutralForeground2, maxWidth: '70ch', lineHeight: '20px' },
});

interface LeaveWizardProps {
  /** As it was when leaving began: it is gone before the last step. */
  registration: NonNullable<WorkerState['registration']>;
  onStay: () => void;
  /** It has left. */
  onFinish: () => void;
}

export function LeaveWizard({ registration, onStay, onFinish }: LeaveWizardProps) {
  const styles = useStyles();
  const { bridge, worker: store } = useServices();
  const view = useWorkerView();
  const [at, setAt] = useState<WizardPlace<LeaveStep>>({ step: 'how', field: null });
  const [form, setForm] = useState<LeaveForm>({ where: 'account', token: '' });
  const [mistakes, setMistakes] = useState<{ token?: string | undefined }>({});
  const leave = useAction(({ where, token }: LeaveForm) =>
    bridge.call('registration:unregister', { token: where === 'local' ? null : token.trim(), local: where === 'local' }),
  );
  const { step } = at;
  const isLocal = form.where === 'local';
  const { groupName } = registration;

  const goTo = (next: LeaveStep, field: string | null = null): void => {
    if (leave.problem !== null) leave.clear();
    setMistakes({});
    setAt({ step: next, field });
  };
  const doIt = async (): Promise<void> => {
    store.clearProgress();
    goTo('leave');
    if ((await leave.run(form)) === undefined) return;
    setForm({ ...form, token: '' });
    setAt({ step: 'done', field: null });
  };
  const goOn = (): void => {
    const found = mistakesInLeaving(form);
    if (step === 'how' && found.token !== undefined) {
      setMistakes(found);
      setAt({ step, field: 'token' });
    } else if (step === 'how') goTo('review');
    else if (step === 'review') void doIt();
    else if (step === 'done') onFinish();
  };

  const hasFailed = leave.problem !== null;
  const isPassable = step !== 'done' && !leave.pending;
  const back = stepBefore(leaveSteps, step);
  const planned = isLocal ? words.localStepNames : words.stepNames;
  return (
    <Page {...headOf(step, groupName, hasFailed)}>
      <WizardFrame
        steps={leaveSteps.map((name) => ({
          name,
          title: words.stepTitles[name],
          state: stepState(leaveSteps, step, name, { hasFailed, isOver: step === 'done' }),
        }))}
        at={at}
        heading={step === 'review' ? words.reviewTitle : words.stepTitles[step]}
        onBackTo={isPassable ? (name) => goTo(name) : undefined}
        onSubmit={goOn}
        foot={
          <>
            {isPassable && <Button onClick={onStay}>{words.stay}</Button>}
            {isPassable && back !== undefined && <Button onClick={() => goTo(back)}>{texts.wizard.back}</Button>}
            {step === 'how' && (
              <Button type="submit" appearance="primary">
                {texts.wizard.next}
              </Button>
            )}
            {step === 'review' && (
              <RoleButton call="registration:unregister" type="submit" appearance="primary">
                {words.action}
              </RoleButton>
            )}
            {step === 'done' && (
              <>
                <PlaceButton to={{ page: 'overview' }}>{texts.openPage(texts.navigation.pages.overview)}</PlaceButton>
                <Button type="submit">{words.another}</Button>
              </>
            )}
          </>
        }
      >
        {step === 'how' && (
          <Card>
            <div className={styles.fields}>
              <Field label={words.how}>
                <RadioGroup
                  name="where"
                  value={form.where}
                  onChange={(_event, { value }) => {
                    setMistakes({});
                    setForm((before) => ({ ...before, where: value as LeaveForm['where'] }));
                  }}
                >
                  <Radio value="account" label={words.atAccount} />
                  <Radio value="local" label={words.here} />
                </RadioGroup>
              </Field>
              {isLocal ? (
                <p className={styles.text}>{words.hereHint}</p>
              ) : (
                <SecretField
                  form={form}
                  mistakes={mistakes}
                  change={(name, value) => {
                    setMistakes({});
                    setForm((before) => ({ ...before, [name]: value }));
                  }}
                  name="token"
                  words={words.token}
                />
              )}
            </div>
          </Card>
        )}
        {step === 'review' && (
          <ReviewStep
            does={`${words.consequence} ${words.running(runningJobs(view).length)}`}
            facts={reviewedFacts(registration, form, (field) => goTo('how', field))}
            commands={leaveCommands(form)}
          />
        )}
        {step === 'leave' && (
          <DoingStep
            steps={shownSteps('unregister', view.progress, planned)}
            label={words.steps}
            pending={leave.pending}
            underWay={words.underWay}
            problem={leave.problem}
            repairs={
              leave.problem !== null && (
                <Repairs
                  repair={isLocal ? 'again' : repairOfLeaving(leave.problem)}
                  onToken={() => goTo('how', 'token')}
                  onLocal={() => {
                    setForm({ where: 'local', token: '' });
                    goTo('review');
                  }}
                  onAgain={() => void doIt()}
                />
              )
            }
          />
        )}
        {step === 'done' && <p className={styles.text}>{isLocal ? words.doneTextLocal : words.doneText}</p>}
      </WizardFrame>
    </Page>
  );
}

function headOf(step: LeaveStep, groupName: string, hasFailed: boolean) {
  if (step === 'done') return { mark: 'todo' as const, title: texts.group.titleLeft(groupName) };
  if (hasFailed) return { mark: 'bad' as const, title: texts.group.titleStayed(groupName) };
  if (step === 'leave') return { mark: 'waiting' as const, title: texts.group.titleLeaving(groupName) };
  return { mark: 'good' as const, title: texts.group.titleLeave(groupName) };
}

function reviewedFacts(
  registration: NonNullable<WorkerState['registration']>,
  form: LeaveForm,
  goToField: (field: string | null) => void,
) {
  const names = words.facts;
  const ending = keyEnding(form.token);
  const isLocal = form.where === 'local';
  return [
    { name: names.group, value: registration.groupName },
    { name: names.account, value: registration.accountName ?? registration.accountId },
    { name: names.where, value: isLocal ? words.here : words.atAccount, onChange: () => goToField(null) },
    ...(isLocal
      ? []
      : [
          {
            name: names.token,
            value: ending === undefined ? texts.group.keyGiven : texts.group.keyEnding(ending),
            onChange: () => goToField('token'),
          },
        ]),
  ];
}

interface RepairsProps {
  repair: 'token' | 'local' | 'again';
  onToken: () => void;
  onLocal: () => void;
  onAgain: () => void;
}

function Repairs({ repair, onToken, onLocal, onAgain }: RepairsProps) {
  return (
    <>
      {repair === 'token' ? <Button onClick={onToken}>{texts.group.repair.token}</Button> : <TryAgainButton onClick={onAgain} />}
      {repair === 'local' && <Button onClick={onLocal}>{texts.group.repair.local}</Button>}
    </>
  );
}
