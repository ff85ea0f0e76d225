/** Chance that can be repeated: the same seed and name give the same row of numbers. */
import { createHash } from 'node:crypto';

export type Chance = () => number;

/** Numbers in [0, 1). Rows of different names do not depend on each other, nor on who asks first. */
export function seededChance(seed: string, name: string): Chance {
  let state = createHash('sha256').update(`${seed}/${name}`).digest().readUInt32LE(0);
  // Mulberry32: 32 bits of state are plenty for a schedule.
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<Value>(chance: Chance, values: readonly Value[]): Value | undefined {
  return values[Math.floor(chance() * values.length)];
}

/** Waiting times of things that happen by chance: mostly short, sometimes long, `mean` on average. */
export function exponential(chance: Chance, mean: number): number {
  return -Math.log(1 - chance()) * mean;
}

/** A UUID of the row: names that are the same in each repetition. */
export function seededUuid(seed: string, name: string): string {
  const hex = createHash('sha256').update(`${seed}/uuid/${name}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
