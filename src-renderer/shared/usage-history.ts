/** What running jobs use, gathered from answer to answer, and as the lines that charts draw. Pure. */
import { maxUsageSamples, type UsageSample } from '../../src-contract/sandbox.ts';

export type UsageHistory = ReadonlyMap<string, readonly UsageSample[]>;
type Answer = readonly { sandboxId: string; samples: readonly UsageSample[] }[];

/** Of jobs that the answer does not have nothing is kept: they have ended. */
export function withUsage(history: UsageHistory, answer: Answer): UsageHistory {
  return new Map(
    answer.map(({ sandboxId, samples }) => {
      const known = history.get(sandboxId) ?? [];
      const last = known.at(-1)?.time ?? '';
      const all = [...known, ...samples.filter(({ time }) => time > last)];
      return [sandboxId, all.slice(-maxUsageSamples)];
    }),
  );
}

/** From where on to ask: what every job is known until. */
export function knownUntil(history: UsageHistory): string | null {
  const newest = [...history.values()].map((samples) => samples.at(-1)?.time);
  if (newest.length === 0 || newest.includes(undefined)) return null;
  return newest.reduce((one, other) => ((one ?? '') < (other ?? '') ? one : other)) ?? null;
}

export interface Point {
  atMs: number;
  value: number;
}

/** In percent of one core, between each sample and the one before it. */
export function processorPoints(samples: readonly UsageSample[]): Point[] {
  return samples.slice(1).flatMap((sample, index) => {
    const before = samples[index];
    const atMs = Date.parse(sample.time);
    const spanMs = before === undefined ? 0 : atMs - Date.parse(before.time);
    if (before === undefined || spanMs <= 0) return [];
    // Processes that end between two looks may take their time with them.
    return [{ atMs, value: (Math.max(0, sample.cpuMs - before.cpuMs) / spanMs) * 100 }];
  });
}

export function memoryPoints(samples: readonly UsageSample[]): Point[] {
  return samples.map(({ time, memoryBytes }) => ({ atMs: Date.parse(time), value: memoryBytes }));
}
