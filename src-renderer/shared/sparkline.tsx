/** A value over the last minutes, as a line that fits into a row. Its newest value stands beside it as a number. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { Point } from './usage-history.ts';

const useStyles = makeStyles({
  svg: { display: 'block', flexShrink: 0, overflow: 'visible', width: '100%' },
  line: { fill: 'none', stroke: tokens.colorBrandForeground1, strokeWidth: '1.5', vectorEffect: 'non-scaling-stroke' },
  area: { fill: tokens.colorBrandBackground2, stroke: 'none' },
  base: { stroke: tokens.colorNeutralStroke2, strokeWidth: '1', vectorEffect: 'non-scaling-stroke' },
});

/** In units of the drawing, which is as wide as what it stands in. */
const drawing = { width: 100, height: 100 };

interface SparklineProps {
  points: readonly Point[];
  /** What the top of the drawing stands for, at least: small changes of a small value are no mountains. */
  leastTop: number;
  spanMs: number;
  height: number;
  /** For who does not see it. */
  label: string;
}

export function Sparkline({ points, leastTop, spanMs, height, label }: SparklineProps) {
  const styles = useStyles();
  const end = points.at(-1)?.atMs ?? 0;
  const top = Math.max(leastTop, ...points.map(({ value }) => value));
  const shown = points.filter(({ atMs }) => atMs >= end - spanMs);
  const at = ({ atMs, value }: Point): string => {
    const x = drawing.width - ((end - atMs) / spanMs) * drawing.width;
    return `${x.toFixed(2)},${(drawing.height - (value / top) * drawing.height).toFixed(2)}`;
  };
  const line = shown.map(at).join(' ');
  const left = shown[0] === undefined ? drawing.width : Number(at(shown[0]).split(',')[0]);
  return (
    <svg
      className={styles.svg}
      viewBox={`0 0 ${drawing.width} ${drawing.height}`}
      preserveAspectRatio="none"
      height={height}
      role="img"
      aria-label={label}
    >
      <line className={styles.base} x1="0" x2={drawing.width} y1={drawing.height} y2={drawing.height} />
      {shown.length > 1 && (
        <>
          <polygon className={styles.area} points={`${left},${drawing.height} ${line} ${drawing.width},${drawing.height}`} />
          <polyline className={styles.line} points={line} />
        </>
      )}
    </svg>
  );
}
