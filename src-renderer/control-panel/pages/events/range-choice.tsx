/** Which time events are wanted of: any, the last so long, or from and to. */
import { Dropdown, Field, Input, Option, makeStyles } from '@fluentui/react-components';
import { texts } from '../../../texts.ts';
import { anyTime, isTurnedRound, lastSpan, usualBetween, type EventRange } from './event-range.ts';

const useStyles = makeStyles({
  choice: { minWidth: '132px', width: '150px' },
  ends: { display: 'flex', gap: '8px 12px', flexWrap: 'wrap', flexBasis: '100%' },
  // The label before it, as the bar is one line of words and fields.
  field: { display: 'grid', gridTemplateColumns: 'auto auto', columnGap: '8px', alignItems: 'center' },
  end: { width: 'auto' },
});

interface RangeProps {
  range: EventRange;
  onRange: (range: EventRange) => void;
}

const between = 'between';

export function RangeChoice({ range, onRange }: RangeProps) {
  const styles = useStyles();
  const words = texts.events.range;
  const choose = (value: string | undefined): void => {
    const span = lastSpan.safeParse(value).data;
    if (span !== undefined) onRange({ kind: 'last', span });
    else onRange(value === between ? usualBetween(new Date()) : anyTime);
  };
  return (
    <Dropdown
      className={styles.choice}
      aria-label={words.label}
      value={range.kind === 'last' ? words.last[range.span] : range.kind === between ? words.fromTo : words.any}
      selectedOptions={[range.kind === 'last' ? range.span : range.kind]}
      onOptionSelect={(_event, { optionValue }) => choose(optionValue)}
    >
      <Option value="any">{words.any}</Option>
      {lastSpan.options.map((span) => (
        <Option key={span} value={span}>
          {words.last[span]}
        </Option>
      ))}
      <Option value={between}>{words.fromTo}</Option>
    </Dropdown>
  );
}

/** Below the other filters, where from and to are chosen. */
export function RangeEnds({ range, onRange }: RangeProps) {
  const styles = useStyles();
  if (range.kind !== 'between') return null;
  const words = texts.events.range;
  const turned = isTurnedRound(range);
  return (
    <div className={styles.ends} role="group" aria-label={words.fromTo}>
      <Field className={styles.field} label={words.from}>
        <Input
          className={styles.end}
          type="datetime-local"
          value={range.from}
          onChange={(_event, { value }) => onRange({ ...range, from: value })}
        />
      </Field>
      <Field
        className={styles.field}
        label={words.to}
        {...(turned && { validationMessage: words.turnedRound, validationState: 'error' as const })}
      >
        <Input
          className={styles.end}
          type="datetime-local"
          value={range.to}
          onChange={(_event, { value }) => onRange({ ...range, to: value })}
        />
      </Field>
    </div>
  );
}
