import { ToggleButton, makeStyles } from '@fluentui/react-components';
import { eventLevel, type EventLevel } from '../../../../src-contract/events.ts';
import { formatCount } from '../../../shared/format.ts';
import { texts } from '../../../texts.ts';

const useStyles = makeStyles({
  switches: { display: 'flex', gap: '6px', flexWrap: 'wrap' },
  one: { fontVariantNumeric: 'tabular-nums', minWidth: 'auto' },
});

interface LevelSwitchesProps {
  /** Not known before the first answer. */
  counts: Record<EventLevel, number> | undefined;
  hidden: ReadonlySet<EventLevel>;
  onChange: (hidden: ReadonlySet<EventLevel>) => void;
}

export function LevelSwitches({ counts, hidden, onChange }: LevelSwitchesProps) {
  const styles = useStyles();
  return (
    <div className={styles.switches} role="group" aria-label={texts.events.levels}>
      {eventLevel.options.map((level) => (
        <ToggleButton
          key={level}
          size="small"
          className={styles.one}
          checked={!hidden.has(level)}
          onClick={() => {
            const next = new Set(hidden);
            if (!next.delete(level)) next.add(level);
            onChange(next);
          }}
        >
          {hidden.has(level)
            ? texts.events.levelOff(level)
            : counts === undefined
              ? level
              : `${level} ${formatCount(counts[level])}`}
        </ToggleButton>
      ))}
    </div>
  );
}
