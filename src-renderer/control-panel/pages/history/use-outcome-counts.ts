/** How many jobs ended how. */
import type { Answer } from '../../../../src-contract/app-error.ts';
import { attemptOutcome, type AttemptOutcome } from '../../../../src-contract/kinds.ts';
import { useReading } from '../../../shared/call.ts';
import { useThrottled } from '../../../shared/use-throttled.ts';
import { useServices, useWorkerView } from '../../state/services.ts';

export type OutcomeCounts = Record<AttemptOutcome, number> & { total: number };

const readAgainMs = 2000;

export function useOutcomeCounts(): OutcomeCounts | undefined {
  const { bridge } = useServices();
  const { endings } = useWorkerView();
  const { reading } = useReading(
    async (): Promise<Answer<OutcomeCounts>> => {
      const answers = await Promise.all(
        attemptOutcome.options.map((outcome) => bridge.call('jobs:list', { limit: 1, before: null, outcome, runbookName: null })),
      );
      const counts: OutcomeCounts = {
        completed: 0,
        failed: 0,
        stopped: 0,
        suspended: 0,
        'never-started': 0,
        interrupted: 0,
        'sandbox-crashed': 0,
        total: 0,
      };
      for (const [index, outcome] of attemptOutcome.options.entries()) {
        const answer = answers[index];
        if (answer === undefined) continue;
        if (!answer.ok) return answer;
        counts[outcome] = answer.value.total;
        counts.total += answer.value.total;
      }
      return { ok: true, value: counts };
    },
    useThrottled(endings, readAgainMs),
  );
  return reading.status === 'known' ? reading.value : undefined;
}
