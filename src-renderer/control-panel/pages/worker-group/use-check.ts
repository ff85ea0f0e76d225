/** Looks whether anything stands in the way of joining: when the wizard opens, when the pack comes, and when asked again. */
import { useState } from 'react';
import { useReading, type Reading } from '../../../shared/call.ts';
import type { Finding } from '../../../../src-contract/diagnostics.ts';
import { useServices } from '../../state/services.ts';
import { findingsOfCheck } from './join-steps.ts';

export interface Check {
  reading: Reading<Finding[]>;
  /** Also while it is looked at again: then `reading` is what was found before. */
  isLooking: boolean;
  lookAgain: () => void;
}

export function useCheck(hasPack: boolean): Check {
  const { bridge } = useServices();
  const [isLooking, setLooking] = useState(true);
  const { reading, readAgain } = useReading(
    async () => {
      setLooking(true);
      const answer = await bridge.call('diagnostics:run', {});
      setLooking(false);
      return answer.ok ? { ok: true as const, value: findingsOfCheck(answer.value) } : answer;
    },
    hasPack ? 'with its pack' : 'without its pack',
  );
  return { reading, isLooking, lookAgain: readAgain };
}
