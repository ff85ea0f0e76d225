/** Is the application there at logon, and is it light or dark? Of this person at this desktop. */
import { Checkbox, Field, Radio, RadioGroup, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { appearance, type DesktopChoices } from '../../../../src-contract/window-calls.ts';
import { useAction, useReading } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { Waiting } from '../../../shared/empty-state.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';

const words = texts.settings.desktop;
const useStyles = makeStyles({
  hint: { margin: '0 0 8px', color: tokens.colorNeutralForeground2 },
  choices: { display: 'flex', flexDirection: 'column', gap: '8px', alignItems: 'flex-start' },
});

export function DesktopCard() {
  const { bridge } = useServices();
  const { reading, readAgain } = useReading(() => bridge.shell('shell:desktop', {}), 'desktop');
  return (
    <Card title={words.title}>
      {reading.status === 'reading' && <Waiting forWhat={texts.settings.readingChoices} />}
      {reading.status === 'failed' && <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} />}
      {reading.status === 'known' && <Choices choices={reading.value} />}
    </Card>
  );
}

function Choices({ choices: first }: { choices: DesktopChoices }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const [choices, setChoices] = useState(first);
  const choose = useAction((change: Partial<DesktopChoices>) => bridge.shell('shell:change-desktop', change));
  const change = async (wanted: Partial<DesktopChoices>): Promise<void> => {
    const changed = await choose.run(wanted);
    if (changed !== undefined) setChoices(changed);
  };
  return (
    <>
      <p className={styles.hint}>{words.hint}</p>
      <div className={styles.choices}>
        <Checkbox
          label={words.startAtLogon}
          checked={choices.startAtLogon}
          onChange={(_event, { checked }) => void change({ startAtLogon: checked === true })}
        />
        <Field label={words.appearance} hint={words.contrast}>
          <RadioGroup
            layout="horizontal"
            value={choices.appearance}
            onChange={(_event, { value }) => {
              const chosen = appearance.options.find((one) => one === value);
              if (chosen !== undefined) void change({ appearance: chosen });
            }}
          >
            {appearance.options.map((one) => (
              <Radio key={one} value={one} label={words.appearances[one]} />
            ))}
          </RadioGroup>
        </Field>
      </div>
      {choose.problem !== null && <ProblemCard problem={choose.problem} announce />}
    </>
  );
}
