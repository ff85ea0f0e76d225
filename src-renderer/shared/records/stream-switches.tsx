/** A switch for each stream that the job wrote to, with how many entries it has. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { streamName, type StreamName } from '../../../src-contract/kinds.ts';
import { texts } from '../../texts.ts';
import { formatCount } from '../format.ts';

const useStyles = makeStyles({
  switches: { display: 'flex', gap: '6px', flexWrap: 'wrap' },
  one: {
    font: 'inherit',
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    fontVariantNumeric: 'tabular-nums',
    lineHeight: '26px',
    padding: '0 8px',
    borderRadius: '4px',
    border: '1px solid transparent',
    cursor: 'pointer',
    whiteSpace: 'nowrap',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '1px' },
    // Contrast colours take the tint away: a switched-off stream is then told by its border.
    '@media (forced-colors: active)': { border: '1px solid ButtonText' },
  },
  Output: { backgroundColor: tokens.colorStatusSuccessBackground1, color: tokens.colorStatusSuccessForeground1 },
  Error: { backgroundColor: tokens.colorStatusDangerBackground1, color: tokens.colorStatusDangerForeground1 },
  Warning: { backgroundColor: tokens.colorStatusWarningBackground1, color: tokens.colorStatusWarningForeground1 },
  Verbose: { backgroundColor: tokens.colorNeutralBackground6, color: tokens.colorNeutralForeground2 },
  Debug: { backgroundColor: tokens.colorNeutralBackground6, color: tokens.colorNeutralForeground2 },
  Information: { backgroundColor: tokens.colorBrandBackground2, color: tokens.colorBrandForeground2 },
  Progress: { backgroundColor: tokens.colorNeutralBackground6, color: tokens.colorNeutralForeground2 },
  off: {
    backgroundColor: 'transparent',
    color: tokens.colorNeutralForeground3,
    border: `1px dashed ${tokens.colorNeutralStroke1}`,
    '@media (forced-colors: active)': { border: '1px dashed GrayText' },
  },
});

interface StreamSwitchesProps {
  counts: ReadonlyMap<StreamName, number>;
  hidden: ReadonlySet<StreamName>;
  onChange: (hidden: ReadonlySet<StreamName>) => void;
}

export function StreamSwitches({ counts, hidden, onChange }: StreamSwitchesProps) {
  const styles = useStyles();
  const present = streamName.options.filter((stream) => (counts.get(stream) ?? 0) > 0);
  const turn = (stream: StreamName): void => {
    const next = new Set(hidden);
    if (!next.delete(stream)) next.add(stream);
    onChange(next);
  };
  return (
    <div className={styles.switches} role="group" aria-label={texts.records.streams}>
      {present.map((stream) => {
        const isOn = !hidden.has(stream);
        const count = formatCount(counts.get(stream) ?? 0);
        return (
          <button
            key={stream}
            type="button"
            aria-pressed={isOn}
            className={mergeClasses(styles.one, styles[stream], !isOn && styles.off)}
            onClick={() => turn(stream)}
            title={isOn ? texts.records.hideStream(stream) : texts.records.showStream(stream)}
          >
            {isOn ? `${stream} ${count}` : texts.records.streamOff(stream, count)}
          </button>
        );
      })}
    </div>
  );
}
