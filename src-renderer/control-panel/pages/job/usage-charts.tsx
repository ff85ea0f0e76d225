/** Processor and memory of a running job over the last ten minutes. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { UsageSample } from '../../../../src-contract/sandbox.ts';
import { Card } from '../../../shared/card.tsx';
import { Sparkline } from '../../../shared/sparkline.tsx';
import { texts } from '../../../texts.ts';
import { describeUsage, shownMs, usageKinds, type UsageKind } from '../../parts/usage-cells.tsx';

const useStyles = makeStyles({
  charts: {
    display: 'grid',
    gridTemplateColumns: 'repeat(2, minmax(0, 1fr))',
    gap: '12px',
    flexShrink: 0,
    '@media (max-width: 700px)': { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
  times: {
    display: 'flex',
    justifyContent: 'space-between',
    marginTop: '4px',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
  },
  value: { fontVariantNumeric: 'tabular-nums' },
});

export function UsageCharts({ samples }: { samples: readonly UsageSample[] }) {
  const styles = useStyles();
  return (
    <div className={styles.charts}>
      <Chart kind="processor" samples={samples} />
      <Chart kind="memory" samples={samples} />
    </div>
  );
}

function Chart({ kind, samples }: { kind: UsageKind; samples: readonly UsageSample[] }) {
  const styles = useStyles();
  const { points: read, format, leastTop } = usageKinds[kind];
  const points = read(samples);
  const now = points.at(-1)?.value;
  const processes = samples.at(-1)?.processes ?? 0;
  const aside =
    now === undefined
      ? texts.usage.none
      : kind === 'memory'
        ? `${format(now)} · ${texts.usage.processes(processes)}`
        : format(now);
  return (
    <Card title={texts.usage.chartTitle[kind]} aside={<span className={styles.value}>{aside}</span>}>
      <Sparkline points={points} leastTop={leastTop} spanMs={shownMs} height={72} label={describeUsage(kind, points)} />
      <div className={styles.times} aria-hidden="true">
        <span>{texts.usage.ten}</span>
        <span>{texts.usage.now}</span>
      </div>
    </Card>
  );
}
