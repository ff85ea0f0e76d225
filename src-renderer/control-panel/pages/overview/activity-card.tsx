/** The last 24 hours: ended jobs by hour and outcome, as bars, and as a table for whoever wants numbers. */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { attemptOutcome, outcomeLabels } from '../../../../src-contract/kinds.ts';
import { useReading } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { EmptyState, Waiting } from '../../../shared/empty-state.tsx';
import { formatCount } from '../../../shared/format.ts';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { useNow } from '../../../shared/use-now.ts';
import { useThrottled } from '../../../shared/use-throttled.ts';
import { texts } from '../../../texts.ts';
import { useServices, useWorkerView } from '../../state/services.ts';
import { barGroups, chartHours, firstHour, hourMs, hoursShown, scaleTop, type BarGroup, type ChartHour } from './activity.ts';

const readAgainMs = 2_000;
/** In units of the drawing: it is as wide as the card. */
const drawing = { hour: 10, width: 10 * hoursShown, height: 96 };

const contrast = '@media (forced-colors: active)';
/**
 * In a contrast theme Fluent has no colours for these that stand out from the page: there they are the person's own, one a group, with a
 * line of the page's between what is stacked.
 */
const useFills = makeStyles({
  good: { fill: tokens.colorStatusSuccessForeground1, [contrast]: { fill: 'CanvasText' } },
  quiet: { fill: tokens.colorNeutralForeground3, [contrast]: { fill: 'GrayText' } },
  warning: { fill: tokens.colorStatusWarningForeground3, [contrast]: { fill: 'LinkText' } },
  danger: { fill: tokens.colorStatusDangerForeground1, [contrast]: { fill: 'Highlight' } },
  bar: { [contrast]: { stroke: 'Canvas', strokeWidth: '1px', vectorEffect: 'non-scaling-stroke' } },
  line: { stroke: tokens.colorNeutralStroke2, [contrast]: { stroke: 'GrayText' } },
}) satisfies () => Record<BarGroup | 'bar' | 'line', string>;

const useStyles = makeStyles({
  plot: { display: 'grid', gridTemplateColumns: 'auto minmax(0, 1fr)', columnGap: '8px' },
  scale: {
    display: 'flex',
    flexDirection: 'column',
    justifyContent: 'space-between',
    textAlign: 'right',
    // Half a line beyond the drawing at both ends: the figures stand at its lines.
    height: '112px',
    lineHeight: '16px',
    margin: '-8px 0',
  },
  figures: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2, fontVariantNumeric: 'tabular-nums' },
  svg: { display: 'block', width: '100%', height: '96px', overflow: 'visible', forcedColorAdjust: 'none' },
  times: { gridColumn: '2', display: 'flex', justifyContent: 'space-between', marginTop: '4px' },
  legend: { display: 'flex', flexWrap: 'wrap', gap: '4px 16px', margin: '8px 0 0', padding: 0, listStyleType: 'none' },
  sign: { width: '10px', height: '10px', marginRight: '6px', forcedColorAdjust: 'none' },
  details: { marginTop: '8px' },
  summary: { cursor: 'pointer', fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2, width: 'fit-content' },
  tableFrame: { overflowX: 'auto' },
  table: { marginTop: '8px', borderCollapse: 'collapse', fontVariantNumeric: 'tabular-nums', fontSize: tokens.fontSizeBase200 },
  cell: { padding: '4px 16px 4px 0', textAlign: 'right', fontWeight: tokens.fontWeightRegular, whiteSpace: 'nowrap' },
});

export function ActivityCard() {
  const { bridge } = useServices();
  const { endings } = useWorkerView();
  const now = useNow();
  const hour = Math.floor(now.getTime() / hourMs);
  const ended = useThrottled(endings, readAgainMs);
  const { reading, readAgain } = useReading(
    () => bridge.call('jobs:activity', { since: firstHour(new Date()).toISOString() }),
    `${String(hour)} ${String(ended)}`,
  );
  const words = texts.overview.activity;
  const hours = reading.status === 'known' ? chartHours(reading.value.hours, new Date(hour * hourMs)) : [];
  const total = hours.reduce((sum, one) => sum + one.total, 0);
  return (
    <Card title={words.title} {...(reading.status === 'known' && { aside: words.total(total) })}>
      {reading.status === 'reading' && <Waiting forWhat={words.reading} />}
      {reading.status === 'failed' && <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} />}
      {reading.status === 'known' && total === 0 && <EmptyState title={words.none} text={words.noneText} />}
      {total > 0 && <Chart hours={hours} total={total} />}
    </Card>
  );
}

const clock = (time: Date): string => time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

function Chart({ hours, total }: { hours: readonly ChartHour[]; total: number }) {
  const styles = useStyles();
  const fills = useFills();
  const words = texts.overview.activity;
  const top = scaleTop(Math.max(...hours.map((hour) => hour.total)));
  const completed = hours.reduce((sum, { groups }) => sum + groups.good, 0);
  const shown = barGroups.filter((group) => hours.some(({ groups }) => groups[group] > 0));
  return (
    <>
      <div className={styles.plot}>
        <div className={`${styles.scale} ${styles.figures}`} aria-hidden>
          <span>{formatCount(top)}</span>
          <span>0</span>
        </div>
        <svg
          className={styles.svg}
          role="img"
          aria-label={words.chart(total, total - completed)}
          viewBox={`0 0 ${drawing.width} ${drawing.height}`}
          preserveAspectRatio="none"
        >
          {[0, 0.5, 1].map((part) => (
            <line
              key={part}
              x1={0}
              x2={drawing.width}
              y1={part * drawing.height}
              y2={part * drawing.height}
              className={fills.line}
              strokeWidth={1}
              vectorEffect="non-scaling-stroke"
            />
          ))}
          {hours.map((hour, index) => (
            <Bar key={hour.start.getTime()} hour={hour} index={index} top={top} />
          ))}
        </svg>
        <div className={`${styles.times} ${styles.figures}`} aria-hidden>
          {[0, 6, 12, 18].map((index) => (
            <span key={index}>{clock(hours[index]?.start ?? new Date(0))}</span>
          ))}
          <span>{words.now}</span>
        </div>
      </div>
      <ul className={`${styles.legend} ${styles.figures}`}>
        {shown.map((group) => (
          <li key={group}>
            <svg className={styles.sign} viewBox="0 0 10 10" aria-hidden>
              <rect width={10} height={10} rx={2} className={fills[group]} />
            </svg>
            {`${words.groups[group]} ${formatCount(hours.reduce((sum, { groups }) => sum + groups[group], 0))}`}
          </li>
        ))}
      </ul>
      <HourTable hours={hours} />
    </>
  );
}

function Bar({ hour, index, top }: { hour: ChartHour; index: number; top: number }) {
  const fills = useFills();
  const words = texts.overview.activity;
  const said = barGroups.filter((group) => hour.groups[group] > 0).map((group) => `${words.groups[group]} ${hour.groups[group]}`);
  return (
    <g>
      <title>{`${clock(hour.start)}: ${said.join(', ') || words.total(0)}`}</title>
      {/* The whole hour answers the pointer, not only its bar. */}
      <rect x={index * drawing.hour} y={0} width={drawing.hour} height={drawing.height} fill="transparent" />
      {barGroups.map((group, place) => {
        const below = barGroups.slice(0, place).reduce((sum, one) => sum + hour.groups[one], 0);
        const height = (hour.groups[group] / top) * drawing.height;
        const y = drawing.height * (1 - below / top) - height;
        return height === 0 ? null : (
          <rect
            key={group}
            x={index * drawing.hour + 1.5}
            y={y}
            width={drawing.hour - 3}
            height={height}
            className={mergeClasses(fills.bar, fills[group])}
            data-group={group}
          />
        );
      })}
    </g>
  );
}

function HourTable({ hours }: { hours: readonly ChartHour[] }) {
  const styles = useStyles();
  const words = texts.overview.activity;
  const outcomes = attemptOutcome.options.filter((outcome) => hours.some(({ counts }) => (counts[outcome] ?? 0) > 0));
  return (
    <details className={styles.details}>
      <summary className={styles.summary}>{words.asTable}</summary>
      <div className={styles.tableFrame} tabIndex={0} role="group" aria-label={words.title}>
        <table className={styles.table} aria-label={words.title}>
          <thead>
            <tr>
              <th scope="col" className={styles.cell}>
                {words.hour}
              </th>
              {outcomes.map((outcome) => (
                <th key={outcome} scope="col" className={styles.cell}>
                  {outcomeLabels[outcome]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {hours
              .filter(({ total }) => total > 0)
              .map(({ start, counts }) => (
                <tr key={start.getTime()}>
                  <th scope="row" className={styles.cell}>
                    {words.from(clock(start))}
                  </th>
                  {outcomes.map((outcome) => (
                    <td key={outcome} className={styles.cell}>
                      {formatCount(counts[outcome] ?? 0)}
                    </td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
