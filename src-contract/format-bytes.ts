/** Sizes as people read them, the same in the window and on a terminal. */

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `182 MB`: decimal units, as drives and networks are sold. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit] ?? ''}`;
}
