/** What the person at this desktop is told while the window is closed or behind others. */
import { Checkbox, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import { notificationKind, type NotificationKind } from '../../../../src-contract/window-calls.ts';
import { useAction, useReading } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { Waiting } from '../../../shared/empty-state.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';

const useStyles = makeStyles({
  hint: { margin: '0 0 8px', color: tokens.colorNeutralForeground2 },
  choices: { display: 'flex', flexDirection: 'column' },
});

export function NotificationsCard() {
  const { bridge } = useServices();
  const { reading, readAgain } = useReading(() => bridge.shell('shell:notifications', {}), '');
  const words = texts.settings.notifications;
  return (
    <Card title={words.title}>
      {reading.status === 'reading' && <Waiting forWhat={texts.settings.readingChoices} />}
      {reading.status === 'failed' && <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} />}
      {reading.status === 'known' && <Choices about={reading.value.about} />}
    </Card>
  );
}

function Choices({ about }: { about: readonly NotificationKind[] }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const [chosen, setChosen] = useState(about);
  const choose = useAction((next: readonly NotificationKind[]) => bridge.shell('shell:notify-about', { about: [...next] }));
  const words = texts.settings.notifications;
  const change = async (kind: NotificationKind, wanted: boolean): Promise<void> => {
    const next = notificationKind.options.filter((one) => (one === kind ? wanted : chosen.includes(one)));
    const value = await choose.run(next);
    if (value !== undefined) setChosen(value.about);
  };
  return (
    <>
      <p className={styles.hint}>{words.hint}</p>
      <div className={styles.choices} role="group" aria-label={words.title}>
        {notificationKind.options.map((kind) => (
          <Checkbox
            key={kind}
            label={words.kinds[kind]}
            checked={chosen.includes(kind)}
            onChange={(_event, { checked }) => void change(kind, checked === true)}
          />
        ))}
      </div>
      {choose.problem !== null && <ProblemCard problem={choose.problem} announce />}
    </>
  );
}
