/** Figures: nearest-rank percentiles, and a table that is read in a terminal. */

export interface Spread {
  count: number;
  p50: number;
  p99: number;
  min: number;
  max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), min: at(0), max: at(1) };
}

/** One measured figure. `beside` is the bare interpreter (or whatever the figure is to be held against), from the same run. */
export interface Figure {
  what: string;
  value: number;
  unit: string;
  beside?: { what: string; value: number };
}

export function formatTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.what,
    `${formatNumber(figure.value)} ${figure.unit}`,
    figure.beside === undefined ? '' : `${formatNumber(figure.beside.value)} ${figure.unit}`,
    figure.beside === undefined ? '' : `× ${formatNumber(figure.value / figure.beside.value)}`,
    figure.beside?.what ?? '',
  ]);
  const head = ['figure', 'here', 'beside it', 'ratio', 'what stands beside it'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}

function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
