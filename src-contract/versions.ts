/** Versions of this product and of packs, and the folders that an installation's versions lie in. */

/** Below zero: `one` is older. Of a version with a part after `-` (0.2.0-rc.1): older than the one without. */
export function compareVersions(one: string, other: string): number {
  const [numbers, label] = partsOf(one);
  const [otherNumbers, otherLabel] = partsOf(other);
  for (const at of [0, 1, 2]) {
    const difference = (numbers[at] ?? 0) - (otherNumbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (label === otherLabel) return 0;
  if (label === '' || otherLabel === '') return label === '' ? 1 : -1;
  return label.localeCompare(otherLabel, 'en', { numeric: true });
}

function partsOf(version: string): [number[], string] {
  const [numbers = '', ...label] = version.split('-');
  return [numbers.split('.').map(Number), label.join('-')];
}

/** Beside each other in one folder, one a version. */
export function isVersionFolder(name: string): boolean {
  return /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(name);
}
