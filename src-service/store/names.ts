/** Names of things are kept as they were written and compared without case. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

export function flag(value: boolean): 0 | 1 {
  return value ? 1 : 0;
}
