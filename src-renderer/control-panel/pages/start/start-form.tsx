/** Which runbook, with what, where: then it is started, and its page opens. */
import { Button, Dropdown, Field, Option, makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useRef, useState } from 'react';
import { kindLabels } from '../../../../src-contract/kinds.ts';
import type { Problem } from '../../../../src-contract/problems.ts';
import type { StartChoices, StartableRunbook } from '../../../../src-contract/service-desk.ts';
import { useAction } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';
import { ParameterFields } from './parameter-fields.tsx';
import { mistakesInParameters, valuesToSend, type ParameterValues } from './parameter-form.ts';
import { RunbookChoice } from './runbook-choice.tsx';
import { jobNames } from './job-names.ts';

const words = texts.start;
const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: '16px', maxWidth: '720px' },
  fields: { display: 'flex', flexDirection: 'column', gap: '12px' },
  about: { margin: 0, color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
  group: { maxWidth: '420px' },
  actions: { display: 'flex', gap: '8px' },
});

interface StartFormProps {
  choices: StartChoices;
  ownGroup: string;
  onAnotherToken: () => void;
}

export function StartForm({ choices, ownGroup, onAnotherToken }: StartFormProps) {
  const styles = useStyles();
  const { bridge, place } = useServices();
  const [runbook, setRunbook] = useState<StartableRunbook>();
  const [values, setValues] = useState<ParameterValues>({});
  const [runOn, setRunOn] = useState(ownGroup);
  const [mistakes, setMistakes] = useState<Readonly<Record<string, string>>>({});
  const [nameFor] = useState(() => jobNames(() => crypto.randomUUID()));
  const start = useAction((chosen: StartableRunbook) => {
    const request = { runbook: chosen.name, runOn, parameters: valuesToSend(chosen.parameters, values) };
    return bridge.shell('service:start-job', { jobName: nameFor(request), ...request });
  });
  const form = useRef<HTMLFormElement>(null);
  const focusOn = (name: string): void => {
    const field = [...(form.current?.querySelectorAll<HTMLElement>('[name]') ?? [])].find(
      (one) => one.getAttribute('name')?.toLowerCase() === name.toLowerCase(),
    );
    field?.focus();
  };

  const submit = async (): Promise<void> => {
    if (runbook === undefined) {
      setMistakes({ runbook: words.runbook.missing });
      focusOn('runbook');
      return;
    }
    const found = mistakesInParameters(runbook.parameters ?? [], values);
    setMistakes(found);
    const [first] = Object.keys(found);
    if (first !== undefined) {
      start.clear();
      focusOn(first);
      return;
    }
    const job = await start.run(runbook);
    if (job !== undefined) place.open({ page: 'started', id: job.name });
  };

  const outcome = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (start.problem !== null) outcome.current?.scrollIntoView({ block: 'nearest' });
  }, [start.problem]);
  const refused = start.problem === null ? undefined : parameterOf(start.problem, runbook);
  return (
    <form
      ref={form}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      noValidate
      autoComplete="off"
    >
      <Card>
        <div className={styles.fields}>
          <RunbookChoice
            runbooks={choices.runbooks}
            chosen={runbook}
            mistake={mistakes['runbook']}
            onChoose={(chosen) => {
              setRunbook(chosen);
              setValues({});
              setMistakes({});
              start.clear();
            }}
          />
          {runbook !== undefined && (
            <p className={styles.about}>
              {kindLabels[runbook.kind]}
              {runbook.description !== '' && ` · ${runbook.description}`}
            </p>
          )}
          <Field label={words.runOn.label} hint={words.runOn.hint}>
            <Dropdown
              className={styles.group}
              value={runOn === ownGroup ? words.runOn.own(runOn) : runOn}
              selectedOptions={[runOn]}
              onOptionSelect={(_event, { optionValue }) => setRunOn(optionValue ?? ownGroup)}
            >
              {choices.groups.map(({ name, readyCount, workerCount }) => (
                <Option key={name} value={name} text={name === ownGroup ? words.runOn.own(name) : name}>
                  {`${name === ownGroup ? words.runOn.own(name) : name}: ${words.runOn.ready(readyCount, workerCount)}`}
                </Option>
              ))}
            </Dropdown>
          </Field>
        </div>
      </Card>
      {runbook !== undefined && (
        <Card title={words.parameters.title}>
          <ParameterFields
            parameters={runbook.parameters}
            values={values}
            mistakes={{
              ...mistakes,
              ...(refused !== undefined && start.problem !== null && { [refused]: start.problem.title }),
            }}
            change={(name, value) => {
              setValues((before) => ({ ...before, [name]: value }));
              setMistakes(({ [name]: _mended, ...others }) => others);
              if (start.problem !== null) start.clear();
            }}
          />
        </Card>
      )}
      <div className={styles.actions}>
        <Button type="submit" appearance="primary" disabled={start.pending}>
          {start.pending ? words.starting : words.start}
        </Button>
      </div>
      <div ref={outcome}>
        {start.problem !== null && (
          <ProblemCard
            problem={start.problem}
            announce
            actions={
              refused !== undefined ? (
                <Button onClick={() => focusOn(refused)}>{words.change(refused)}</Button>
              ) : isAboutToken(start.problem) ? (
                <Button onClick={onAnotherToken}>{words.token.another}</Button>
              ) : null
            }
          />
        )}
      </div>
    </form>
  );
}

/** The parameter that a refusal names, as this runbook writes it. */
function parameterOf({ details }: Problem, runbook: StartableRunbook | undefined): string | undefined {
  const { parameter } = details;
  if (typeof parameter !== 'string') return undefined;
  return runbook?.parameters?.find(({ name }) => name.toLowerCase() === parameter.toLowerCase())?.name;
}

/** The service knows it not, or allows it too little. */
export function isAboutToken({ code }: Problem): boolean {
  return code === 'token-refused' || code === 'role-too-low';
}
