/** Connecting to a workspace: the fields, then each step and what came of it. */
import { Button, makeStyles, mergeClasses } from '@fluentui/react-components';
import { useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import type { Problem } from '../../../../src-contract/problems.ts';
import { useAction } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { CommandBlock } from '../../../shared/command-block.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { fieldOfProblem } from '../../parts/problem-places.ts';
import { ProgressSteps } from '../../parts/progress-steps.tsx';
import { SecretField, TextField } from '../../parts/fields.tsx';
import { shownSteps } from '../../parts/shown-steps.ts';
import { RoleButton, RoleNote } from '../../parts/role.tsx';
import { useServices, useWorkerView } from '../../state/services.ts';
import { connectCommand } from './connect-command.ts';
import { changesIn, type ConnectionChange } from './connection-changes.ts';
import {
  changeArguments,
  connectArguments,
  isSameConnection,
  mistakesIn,
  mistakesInWay,
  startOfForm,
  type ConnectionField,
  type ConnectionForm,
  type FormMistakes,
} from './connection-form.ts';
import { ConnectionReview } from './connection-review.tsx';
import { ProxyChoice, ProxyFields } from './proxy-fields.tsx';
import { TrustChoice, TrustFields } from './trust-fields.tsx';
import { WayTestPart } from './way-test.tsx';

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: '16px', maxWidth: '720px' },
  fields: { display: 'flex', flexDirection: 'column', gap: '12px' },
  choices: { display: 'grid', gridTemplateColumns: 'minmax(0, 3fr) minmax(0, 1fr)', gap: '16px', alignItems: 'start' },
  actions: { display: 'flex', gap: '8px' },
  hidden: { display: 'none' },
});

interface ConnectFormProps {
  connection: WorkerState['connection'];
  onDone: () => void;
  onCancel?: () => void;
}

export function ConnectForm({ connection, onDone, onCancel }: ConnectFormProps) {
  const styles = useStyles();
  const { bridge, worker } = useServices();
  const { progress } = useWorkerView();
  const [form, setForm] = useState(() => startOfForm(connection));
  const [mistakes, setMistakes] = useState<FormMistakes>({});
  const [changes, setChanges] = useState<readonly ConnectionChange[]>();
  const isChange = isSameConnection(form, connection) && form.workspaceKey.trim() === '';
  const connect = useAction((sent: ConnectionForm) =>
    isSameConnection(sent, connection) && sent.workspaceKey.trim() === ''
      ? bridge.call('connection:change', changeArguments(sent))
      : bridge.call('connection:connect', connectArguments(sent)),
  );
  const fields = useRef<HTMLDivElement>(null);
  const told = isChange
    ? shownSteps('change', progress, texts.connection.changeStepNames)
    : shownSteps('connect', progress, texts.connection.stepNames);
  const steps = connect.pending || connect.problem !== null ? told : [];

  const change = <Name extends ConnectionField>(name: Name, value: ConnectionForm[Name]): void => {
    setForm((before) => ({ ...before, [name]: value }));
    setMistakes((before) => ({ ...before, [name]: undefined }));
  };
  /** Leads to the form where what will change stands in its place. */
  const focusOn = (field: string): void => {
    flushSync(() => setChanges(undefined));
    fields.current?.querySelector<HTMLElement>(`[name="${field}"]`)?.focus();
  };
  const isRight = (found: FormMistakes): boolean => {
    setMistakes(found);
    const [first] = Object.keys(found);
    if (first !== undefined) focusOn(first);
    return first === undefined;
  };
  /** A connection that is there is changed once it was shown what that means; a first one has nothing to lose. */
  const submit = (): void => {
    if (connection === null || changes !== undefined) void send(form);
    else if (isRight(mistakesIn(form, connection))) {
      connect.clear();
      setChanges(changesIn(form, connection));
    }
  };

  const send = async (sent: ConnectionForm): Promise<void> => {
    if (!isRight(mistakesIn(sent, connection))) return;
    worker.clearProgress();
    if ((await connect.run(sent)) !== undefined) onDone();
  };
  /** The person has compared it: that is all that was missing. */
  const pin = (fingerprint: string): void => {
    const pinned = { ...form, trustKind: 'fingerprint', fingerprint } as const;
    setForm(pinned);
    if (changes !== undefined && connection !== null) setChanges(changesIn(pinned, connection));
    void send(pinned);
  };

  // What went wrong stands below the fields: bring it into sight.
  const outcome = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (connect.problem !== null) outcome.current?.scrollIntoView({ block: 'nearest' });
  }, [connect.problem]);

  const part = { form, mistakes, change };
  const words = submitWords(connection !== null, changes !== undefined, isChange);
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
      noValidate
      autoComplete="off"
    >
      {changes !== undefined && (
        <ConnectionReview
          changes={changes}
          asked={
            changes.length === 0
              ? texts.connection.review.nothing
              : isChange
                ? texts.connection.review.way
                : texts.connection.review.workspace
          }
        />
      )}
      <Card className={mergeClasses(changes !== undefined && styles.hidden)}>
        <div ref={fields} className={styles.fields}>
          <TextField {...part} name="workspaceId" words={texts.connection.fields.workspaceId} />
          <SecretField {...part} name="workspaceKey" words={texts.connection.fields.workspaceKey} />
          <TextField {...part} name="serviceUrl" words={texts.connection.fields.serviceUrl} />
          <div className={styles.choices}>
            <TrustChoice {...part} />
            <ProxyChoice {...part} />
          </div>
          <TrustFields {...part} />
          <ProxyFields {...part} />
          <WayTestPart form={form} mayTest={() => isRight(mistakesInWay(form))} />
        </div>
      </Card>
      <RoleNote call="connection:connect" />
      <div className={styles.actions}>
        <RoleButton
          call={isChange ? 'connection:change' : 'connection:connect'}
          type="submit"
          appearance="primary"
          disabled={connect.pending || changes?.length === 0}
        >
          {connect.pending ? words.pending : words.submit}
        </RoleButton>
        {changes !== undefined && (
          <Button disabled={connect.pending} onClick={() => setChanges(undefined)}>
            {texts.connection.review.back}
          </Button>
        )}
        {onCancel !== undefined && (
          <Button disabled={connect.pending} onClick={onCancel}>
            {texts.cancel}
          </Button>
        )}
      </div>
      <div ref={outcome} className={styles.fields}>
        <ProgressSteps steps={steps} label={texts.connection.steps} />
        {connect.problem !== null && (
          <ProblemCard
            problem={connect.problem}
            announce
            actions={<Repair problem={connect.problem} focusOn={focusOn} pin={pin} />}
          />
        )}
      </div>
      <CommandBlock commands={[{ label: texts.command.hrw, command: connectCommand(form, isChange) }]} />
    </form>
  );
}

function submitWords(isThere: boolean, isShown: boolean, isChange: boolean): { submit: string; pending: string } {
  const { connect, connecting, changing, review } = texts.connection;
  if (!isThere) return { submit: connect, pending: connecting };
  return { submit: isShown ? review.apply : review.action, pending: isChange ? changing : connecting };
}

interface RepairProps {
  problem: Problem;
  focusOn: (field: string) => void;
  pin: (fingerprint: string) => void;
}

/** One press leads to the field that the refusal is about; pinning goes on at once. */
function Repair({ problem, focusOn, pin }: RepairProps) {
  const words = texts.connection.repair;
  const field = fieldOfProblem(problem);
  const { fingerprint, actual } = problem.details;
  const shown = fingerprint ?? actual;
  if (field === 'trust' && typeof shown === 'string') {
    return <Button onClick={() => pin(shown)}>{words.pin}</Button>;
  }
  if (field === 'proxy') return <Button onClick={() => focusOn('proxyUrl')}>{words.proxy}</Button>;
  if (field === 'workspaceId' || field === 'workspaceKey' || field === 'serviceUrl') {
    return <Button onClick={() => focusOn(field)}>{words[field]}</Button>;
  }
  return null;
}
