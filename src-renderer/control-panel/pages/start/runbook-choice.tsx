/** The runbook, found by a part of its name: an account may have hundreds. */
import { Combobox, Field, Option } from '@fluentui/react-components';
import { useState } from 'react';
import type { StartableRunbook } from '../../../../src-contract/service-desk.ts';
import { texts } from '../../../texts.ts';

const words = texts.start.runbook;
/** More is no choice any more, and costs the list its speed. */
const shownAtOnce = 100;

interface RunbookChoiceProps {
  runbooks: readonly StartableRunbook[];
  chosen: StartableRunbook | undefined;
  mistake: string | undefined;
  onChoose: (runbook: StartableRunbook | undefined) => void;
}

export function RunbookChoice({ runbooks, chosen, mistake, onChoose }: RunbookChoiceProps) {
  const [typed, setTyped] = useState('');
  const wanted = (chosen?.name === typed ? '' : typed).trim().toLowerCase();
  const fitting = runbooks.filter(({ name }) => name.toLowerCase().includes(wanted));
  const hidden = fitting.length - shownAtOnce;
  return (
    <Field
      label={words.label}
      required
      {...(mistake !== undefined && { validationMessage: mistake, validationState: 'error' as const })}
    >
      <Combobox
        name="runbook"
        placeholder={words.placeholder}
        value={typed}
        selectedOptions={chosen === undefined ? [] : [chosen.name]}
        onChange={(event) => {
          setTyped(event.target.value);
          const exact = runbooks.find(({ name }) => name.toLowerCase() === event.target.value.trim().toLowerCase());
          if (exact?.name !== chosen?.name) onChoose(exact);
        }}
        onOptionSelect={(_event, { optionValue }) => {
          const found = runbooks.find(({ name }) => name === optionValue);
          setTyped(found?.name ?? '');
          onChoose(found);
        }}
      >
        {fitting.slice(0, shownAtOnce).map(({ name }) => (
          <Option key={name} value={name}>
            {name}
          </Option>
        ))}
        {fitting.length === 0 && (
          <Option key="none" value="" disabled>
            {words.none}
          </Option>
        )}
        {hidden > 0 && (
          <Option key="more" value="" disabled>
            {words.more(hidden)}
          </Option>
        )}
      </Combobox>
    </Field>
  );
}
