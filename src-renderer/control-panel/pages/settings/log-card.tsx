/** How much does the event log keep? Chosen, and saved at once. */
import { Field, Select, makeStyles } from '@fluentui/react-components';
import { useState } from 'react';
import { eventLevel, type EventLevel } from '../../../../src-contract/events.ts';
import type { Settings } from '../../../../src-contract/settings.ts';
import { useAction } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { RoleNote, useObstacle } from '../../parts/role.tsx';
import { useServices } from '../../state/services.ts';

const useStyles = makeStyles({ field: { maxWidth: '460px' } });

export function LogCard({ settings }: { settings: Settings }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const [level, setLevel] = useState(settings.logLevel);
  const save = useAction((logLevel: EventLevel) => bridge.call('settings:change', { logLevel }));
  const obstacle = useObstacle('settings:change');
  const words = texts.settings.log;
  const change = async (value: string): Promise<void> => {
    const chosen = eventLevel.options.find((one) => one === value);
    const changed = chosen === undefined ? undefined : await save.run(chosen);
    if (changed !== undefined) setLevel(changed.logLevel);
  };
  return (
    <Card title={words.title}>
      <Field className={styles.field} label={words.label} hint={words.hint}>
        <Select
          value={level}
          disabled={save.pending || obstacle !== undefined}
          onChange={(_event, { value }) => void change(value)}
        >
          {eventLevel.options.map((one) => (
            <option key={one} value={one}>
              {words.levels[one]}
            </option>
          ))}
        </Select>
      </Field>
      <RoleNote call="settings:change" />
      {save.problem !== null && <ProblemCard problem={save.problem} announce />}
    </Card>
  );
}
