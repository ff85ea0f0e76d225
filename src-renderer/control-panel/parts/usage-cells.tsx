/** Processor and memory of a running job, each as a number and its last minutes. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { UsageSample } from '../../../src-contract/sandbox.ts';
import { formatBytes } from '../../shared/format.ts';
import { Sparkline } from '../../shared/sparkline.tsx';
import { memoryPoints, processorPoints, type Point } from '../../shared/usage-history.ts';
import { texts } from '../../texts.ts';

export const shownMs = 10 * 60_000;
export const leastProcessorTop = 100;
export const leastMemoryTop = 32e6;

export function formatPercent(percent: number): string {
  return `${percent < 10 && percent >= 0.05 ? percent.toFixed(1) : String(Math.round(percent))} %`;
}

export const usageKinds = {
  processor: { points: processorPoints, format: formatPercent, leastTop: leastProcessorTop },
  memory: { points: memoryPoints, format: formatBytes, leastTop: leastMemoryTop },
} as const;
export type UsageKind = keyof typeof usageKinds;

/** `Processor 11 % now, at most 45 % in the last 10 minutes`. */
export function describeUsage(kind: UsageKind, points: readonly Point[]): string {
  const { format } = usageKinds[kind];
  const now = points.at(-1)?.value;
  const name = texts.usage[kind];
  if (now === undefined) return texts.usage.notMeasured(name);
  return texts.usage.described(name, format(now), format(Math.max(...points.map(({ value }) => value))));
}

const useStyles = makeStyles({
  cell: { display: 'grid', gridTemplateColumns: 'minmax(24px, 1fr) 58px', alignItems: 'center', gap: '8px', width: '100%' },
  value: { textAlign: 'right', fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' },
  quiet: { color: tokens.colorNeutralForeground3 },
});

export function UsageCell({ kind, samples }: { kind: UsageKind; samples: readonly UsageSample[] | undefined }) {
  const styles = useStyles();
  const { points: read, format, leastTop } = usageKinds[kind];
  const points = read(samples ?? []);
  const now = points.at(-1)?.value;
  if (now === undefined) return <span className={styles.quiet}>{texts.columns.unknown}</span>;
  const label = describeUsage(kind, points);
  return (
    <span className={styles.cell} title={label}>
      <Sparkline points={points} leastTop={leastTop} spanMs={shownMs} height={20} label={label} />
      <span className={styles.value}>{format(now)}</span>
    </span>
  );
}
