import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { EngineArguments } from '../../../../src-contract/engine-calls.ts';
import type { Settings } from '../../../../src-contract/settings.ts';
import { useAction } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { TextField } from '../../parts/fields.tsx';
import { useServices } from '../../state/services.ts';
import { formNames, readSettingsForm, startOfSettings, type SettingsForm } from './settings-form.ts';

const useStyles = makeStyles({
  fields: { display: 'flex', flexDirection: 'column', gap: '12px', maxWidth: '460px' },
  actions: { display: 'flex', alignItems: 'center', gap: '12px', marginTop: '16px' },
  said: { color: tokens.colorNeutralForeground2 },
});

export function LimitsForm({ settings: first }: { settings: Settings }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const [settings, setSettings] = useState(first);
  const [form, setForm] = useState(() => startOfSettings(first));
  const [saved, setSaved] = useState(false);
  const save = useAction((change: EngineArguments<'settings:change'>) => bridge.call('settings:change', change));
  const read = readSettingsForm(form, settings);
  const words = texts.settings;
  const part = {
    form,
    mistakes: read.ok ? {} : read.mistakes,
    change: (name: keyof SettingsForm, value: string): void => {
      setForm((before) => ({ ...before, [name]: value }));
      setSaved(false);
    },
  };
  const submit = async (event: React.SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (!read.ok) return;
    const changed = await save.run(read.change);
    if (changed === undefined) return;
    setSettings(changed);
    setForm(startOfSettings(changed));
    setSaved(true);
  };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Card title={words.jobs}>
        <div className={styles.fields}>
          {formNames.map((name) => (
            <TextField key={name} {...part} name={name} words={words.fields[name]} />
          ))}
        </div>
        <div className={styles.actions}>
          <Button type="submit" appearance="primary" disabled={save.pending || !read.ok || read.changes === 0}>
            {words.save}
          </Button>
          <span className={styles.said} role="status">
            {saved ? words.saved : ''}
          </span>
        </div>
      </Card>
      {save.problem !== null && <ProblemCard problem={save.problem} announce />}
    </form>
  );
}
