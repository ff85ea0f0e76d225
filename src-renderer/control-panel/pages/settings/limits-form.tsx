import { makeStyles, tokens } from '@fluentui/react-components';
import type { Settings } from '../../../../src-contract/settings.ts';
import { Card } from '../../../shared/card.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { TextField } from '../../parts/fields.tsx';
import { RoleButton, RoleNote, useLackingRole } from '../../parts/role.tsx';
import { formNames, readSettingsForm, startOfSettings, type SettingsForm } from './settings-form.ts';
import { useSavedForm } from './use-saved-form.ts';

const useStyles = makeStyles({
  fields: { display: 'flex', flexDirection: 'column', gap: '12px', maxWidth: '460px' },
  actions: { display: 'flex', alignItems: 'center', gap: '12px', marginTop: '16px' },
  said: { color: tokens.colorNeutralForeground2 },
});

interface LimitsFormProps {
  settings: Settings;
  onUnsaved: (isUnsaved: boolean) => void;
}

export function LimitsForm({ settings: first, onUnsaved }: LimitsFormProps) {
  const styles = useStyles();
  const { form, reading, saved, problem, canSave, change, submit } = useSavedForm({
    call: 'settings:change',
    first,
    startOf: startOfSettings,
    read: readSettingsForm,
    onUnsaved,
  });
  const readOnly = useLackingRole('settings:change') !== undefined;
  const words = texts.settings;
  const part = {
    form,
    mistakes: reading.ok ? {} : reading.mistakes,
    change: (name: keyof SettingsForm, value: string): void => change({ [name]: value }),
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Card title={words.jobs}>
        <RoleNote call="settings:change" />
        <div className={styles.fields}>
          {formNames.map((name) => (
            <TextField key={name} {...part} name={name} words={words.fields[name]} readOnly={readOnly} />
          ))}
        </div>
        <div className={styles.actions}>
          <RoleButton call="settings:change" type="submit" appearance="primary" disabled={!canSave}>
            {words.save}
          </RoleButton>
          <span className={styles.said} role="status">
            {saved ? words.saved : ''}
          </span>
        </div>
      </Card>
      {problem !== null && <ProblemCard problem={problem} announce />}
    </form>
  );
}
