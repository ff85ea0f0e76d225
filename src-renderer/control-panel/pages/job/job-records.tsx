/** The records tab: reads them, keeps up while the job runs, and closes the reader with the page. */
import { useEffect, useState } from 'react';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { RecordReader } from '../../../shared/records/record-reader.ts';
import { RecordsView } from '../../../shared/records/records-view.tsx';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';
import { isRunning } from '../../state/worker-view.ts';

/** Belongs to one attempt: what the job is when the page opens decides where reading starts. */
export function JobRecords({ job, onSave }: { job: JobView; onSave: () => void }) {
  const { bridge } = useServices();
  const running = isRunning(job);
  const { recordCount, sandboxId } = job;
  const [reader] = useState(
    () =>
      new RecordReader((from, limit) => bridge.call('jobs:records', { sandboxId, from, limit }), {
        recordCount,
        following: running,
      }),
  );
  useEffect(() => {
    reader.open();
    return () => reader.close();
  }, [reader]);
  useEffect(() => reader.notice(recordCount), [reader, recordCount]);
  return (
    <RecordsView
      reader={reader}
      running={running}
      recordCount={recordCount}
      goneText={texts.job.recordsGone(job.acknowledgedCount)}
      onSave={onSave}
    />
  );
}
