/** A time as people write it for `hrw events`: so long ago, or a day and a time. */
import { parseSpan } from '../../../src-contract/policy.ts';
import { WrongUse } from '../failures.ts';

const written = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?(Z|[+-]\d\d:\d\d)?$/i;

/** ISO. A time without a zone is this machine's own; a day alone is its beginning. Throws WrongUse. */
export function readTime(option: string, text: string, now: Date): string {
  const ago = parseSpan(text);
  if (ago !== undefined) return new Date(now.getTime() - ago * 1000).toISOString();
  const [, day, clock = '00:00', zone = ''] = written.exec(text.trim()) ?? [];
  const time = day === undefined ? undefined : new Date(`${day}T${clock}${zone.toUpperCase()}`);
  if (time === undefined || Number.isNaN(time.getTime())) {
    throw new WrongUse(
      `${option}: ${text} is no time. Give how long ago (30m, 24h, 7d), a day (2026-11-28) or a time (2026-11-28T14:00).`,
    );
  }
  return time.toISOString();
}
