/** What does this machine let run? Each rule is switched on by itself, and says then what it asks for. */
import { Checkbox, Field, Input, Textarea, makeStyles, tokens } from '@fluentui/react-components';
import { useId } from 'react';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { kindLabels, runbookKind } from '../../../../src-contract/kinds.ts';
import { policyRules, weekday, type LocalPolicy, type PolicyRule } from '../../../../src-contract/policy.ts';
import { useReading } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { Waiting } from '../../../shared/empty-state.tsx';
import { Mark } from '../../../shared/marks.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { RoleButton, RoleNote, useLackingRole } from '../../parts/role.tsx';
import { useServices } from '../../state/services.ts';
import { readPolicyForm, startOfPolicy, type PolicyForm } from './policy-form.ts';
import { useSavedForm } from './use-saved-form.ts';

const words = texts.policy;
const useStyles = makeStyles({
  hint: { margin: '0 0 8px', color: tokens.colorNeutralForeground2, lineHeight: '20px' },
  rules: { display: 'flex', flexDirection: 'column', gap: '4px' },
  // Under its checkbox's label.
  inside: {
    margin: 0,
    border: 'none',
    minWidth: 0,
    display: 'flex',
    flexDirection: 'column',
    gap: '8px',
    padding: '0 8px 8px 36px',
    maxWidth: '460px',
  },
  about: { margin: 0, color: tokens.colorNeutralForeground3, fontSize: tokens.fontSizeBase200, lineHeight: '16px' },
  row: { display: 'flex', flexWrap: 'wrap', columnGap: '12px' },
  mistake: {
    display: 'flex',
    alignItems: 'baseline',
    gap: '6px',
    margin: 0,
    color: tokens.colorStatusDangerForeground1,
    fontSize: tokens.fontSizeBase200,
    lineHeight: '16px',
  },
  time: { width: '140px' },
  actions: { display: 'flex', alignItems: 'center', gap: '12px', marginTop: '12px' },
  said: { color: tokens.colorNeutralForeground2 },
});

interface PolicyCardProps {
  worker: WorkerState;
  onUnsaved: (isUnsaved: boolean) => void;
}

export function PolicyCard({ worker, onUnsaved }: PolicyCardProps) {
  const styles = useStyles();
  const { bridge } = useServices();
  const { reading, readAgain } = useReading(() => bridge.call('policy:get', {}), 'policy');
  return (
    <Card title={words.title}>
      <p className={styles.hint}>{words.hint}</p>
      {worker.mode === 'app' && <p className={styles.hint}>{words.ownAdministrator}</p>}
      <RoleNote call="policy:change" />
      {reading.status === 'reading' && <Waiting forWhat={words.reading} />}
      {reading.status === 'failed' && <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} />}
      {reading.status === 'known' && <Rules policy={reading.value} onUnsaved={onUnsaved} />}
    </Card>
  );
}

interface Part {
  form: PolicyForm;
  mistake: (rule: PolicyRule) => string | undefined;
  change: (change: Partial<PolicyForm>) => void;
}

function Rules({ policy: first, onUnsaved }: { policy: LocalPolicy } & Pick<PolicyCardProps, 'onUnsaved'>) {
  const styles = useStyles();
  const { form, reading, saved, problem, canSave, change, submit } = useSavedForm({
    call: 'policy:change',
    first,
    startOf: startOfPolicy,
    read: readPolicyForm,
    onUnsaved,
  });
  const isReadOnly = useLackingRole('policy:change') !== undefined;
  const part: Part = { form, mistake: (rule) => (reading.ok ? undefined : reading.mistakes[rule]), change };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <div className={styles.rules}>
        {policyRules.map((rule) => (
          <div key={rule} data-rule={rule}>
            <Checkbox
              label={words.rules[rule].label}
              checked={form.on[rule]}
              disabled={isReadOnly}
              onChange={(_event, { checked }) => part.change({ on: { ...form.on, [rule]: checked === true } })}
            />
            {form.on[rule] && (
              <fieldset className={styles.inside} disabled={isReadOnly} aria-label={words.rules[rule].label}>
                {words.rules[rule].hint !== '' && <p className={styles.about}>{words.rules[rule].hint}</p>}
                <RuleFields rule={rule} {...part} />
              </fieldset>
            )}
          </div>
        ))}
      </div>
      <div className={styles.actions}>
        <RoleButton call="policy:change" type="submit" disabled={!canSave}>
          {words.save}
        </RoleButton>
        <span className={styles.said} role="status">
          {saved ? words.saved : ''}
        </span>
      </div>
      {problem !== null && <ProblemCard problem={problem} announce />}
    </form>
  );
}

function RuleFields({ rule, ...part }: Part & { rule: PolicyRule }) {
  const { form, mistake, change } = part;
  switch (rule) {
    case 'kinds':
      return (
        <Choices
          label={words.field.kinds}
          mistake={mistake(rule)}
          options={runbookKind.options.map((kind) => ({ value: kind, label: kindLabels[kind] }))}
          chosen={form.kinds}
          change={(kinds) => change({ kinds })}
        />
      );
    case 'hours':
      return <Hours {...part} />;
    case 'runbooks':
      return (
        <Field label={words.field[rule]} {...validation(mistake(rule))}>
          <Textarea
            value={form[rule]}
            resize="vertical"
            spellCheck={false}
            onChange={(_event, { value }) => change({ runbooks: value })}
          />
        </Field>
      );
    case 'trustedKeys':
    case 'askSeconds':
    case 'longestRunSeconds':
      return (
        <Field label={words.field[rule]} {...validation(mistake(rule))}>
          <Input
            value={form[rule]}
            spellCheck={false}
            autoComplete="off"
            onChange={(_event, { value }) => change({ [rule]: value })}
          />
        </Field>
      );
  }
}

function Hours({ form, mistake, change }: Part) {
  const styles = useStyles();
  const times = ['from', 'to'] as const;
  return (
    <>
      <Choices
        label={words.field.days}
        mistake={mistake('hours')}
        options={weekday.options.map((day) => ({ value: day, label: words.days[day] }))}
        chosen={form.days}
        change={(days) => change({ days })}
      />
      <div className={styles.row}>
        {times.map((name) => (
          <Field key={name} label={words.field[name]} className={styles.time}>
            <Input type="time" value={form[name]} onChange={(_event, { value }) => change({ [name]: value })} />
          </Field>
        ))}
      </div>
    </>
  );
}

interface ChoicesProps<Value extends string> {
  label: string;
  mistake: string | undefined;
  options: { value: Value; label: string }[];
  chosen: readonly Value[];
  change: (chosen: Value[]) => void;
}

/** Not in a Field: it would give each checkbox one and the same id, and every label would mean the first (react-field 9.5). */
function Choices<Value extends string>({ label, mistake, options, chosen, change }: ChoicesProps<Value>) {
  const styles = useStyles();
  const mistakeId = useId();
  return (
    <div role="group" aria-label={label} aria-describedby={mistake === undefined ? undefined : mistakeId}>
      <div className={styles.row}>
        {options.map((option) => (
          <Checkbox
            key={option.value}
            label={option.label}
            checked={chosen.includes(option.value)}
            onChange={(_event, { checked }) =>
              change(
                options
                  .map(({ value }) => value)
                  .filter((one) => (one === option.value ? checked === true : chosen.includes(one))),
              )
            }
          />
        ))}
      </div>
      {mistake !== undefined && (
        <p className={styles.mistake} id={mistakeId} role="alert">
          <Mark name="bad" size={11} />
          {mistake}
        </p>
      )}
    </div>
  );
}

function validation(mistake: string | undefined) {
  return mistake === undefined ? {} : { validationMessage: mistake, validationState: 'error' as const };
}
