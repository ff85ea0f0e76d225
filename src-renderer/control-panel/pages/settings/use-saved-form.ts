/** A form of a settings card: what was typed, what is wrong with it, and whether it has been saved since. */
import { useEffect, useState } from 'react';
import type { EngineArguments, EngineCallName, EngineValue } from '../../../../src-contract/engine-calls.ts';
import { useAction } from '../../../shared/call.ts';
import { useServices } from '../../state/services.ts';

type FormReading<Change, Mistakes> = { ok: true; change: Change; changes: number } | { ok: false; mistakes: Mistakes };

interface SavedForm<Call extends EngineCallName, Value, Form, Mistakes> {
  /** Takes the change, and answers what holds then. */
  call: Call;
  first: Value;
  startOf: (value: Value) => Form;
  read: (form: Form, value: Value) => FormReading<EngineArguments<Call>, Mistakes>;
  /** Told whenever it begins or ends to differ from what is saved. */
  onUnsaved: (isUnsaved: boolean) => void;
}

export function useSavedForm<Call extends EngineCallName, Form extends object, Mistakes>({
  call,
  first,
  startOf,
  read,
  onUnsaved,
}: SavedForm<Call, EngineValue<Call>, Form, Mistakes>) {
  const { bridge } = useServices();
  const [value, setValue] = useState(first);
  const [form, setForm] = useState(() => startOf(first));
  const [saved, setSaved] = useState(false);
  const save = useAction((change: EngineArguments<Call>) => bridge.call(call, change));
  const reading = read(form, value);
  const isUnsaved = JSON.stringify(form) !== JSON.stringify(startOf(value));
  useEffect(() => onUnsaved(isUnsaved), [onUnsaved, isUnsaved]);
  return {
    form,
    reading,
    saved,
    problem: save.problem,
    canSave: !save.pending && reading.ok && reading.changes > 0,
    change: (change: Partial<Form>): void => {
      setForm((before) => ({ ...before, ...change }));
      setSaved(false);
    },
    submit: async (event: React.SubmitEvent): Promise<void> => {
      event.preventDefault();
      if (!reading.ok) return;
      const changed = await save.run(reading.change);
      if (changed === undefined) return;
      setValue(changed);
      setForm(startOf(changed));
      setSaved(true);
    },
  };
}
