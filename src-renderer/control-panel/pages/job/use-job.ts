/** A job as it is now: read once, then as its events tell. */
import { useReading, type Reading } from '../../../shared/call.ts';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { useServices, useWorkerView } from '../../state/services.ts';

/** `id`: of the sandbox, or of the job: then its newest attempt here. */
export function useJob(id: string): { reading: Reading<JobView>; readAgain: () => void } {
  const { bridge } = useServices();
  const { jobs } = useWorkerView();
  const { reading, readAgain } = useReading(() => bridge.call('jobs:get', { id }), id);
  const told = jobs.get(reading.status === 'known' ? reading.value.sandboxId : id);
  return { reading: told === undefined ? reading : { status: 'known', value: told }, readAgain };
}
