/** The line under a job: its processes and what they use; at the end, whether the service has every record. */
import { makeStyles, tokens } from '@fluentui/react-components';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import type { UsageSample } from '../../../../src-contract/sandbox.ts';
import { formatBytes, formatShortDuration } from '../../../shared/format.ts';
import { Mark, type MarkName } from '../../../shared/marks.tsx';
import { memoryPoints, processorPoints } from '../../../shared/usage-history.ts';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { formatPercent } from '../../parts/usage-cells.tsx';
import { isRunning } from '../../state/worker-view.ts';
import { uploadState } from './upload-state.ts';

const useStyles = makeStyles({
  foot: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    columnGap: '28px',
    rowGap: '4px',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    fontVariantNumeric: 'tabular-nums',
    flexShrink: 0,
  },
  value: { color: tokens.colorNeutralForeground1 },
  upload: { display: 'flex', alignItems: 'center', gap: '8px', marginLeft: 'auto' },
});

const uploadMarks: Record<ReturnType<typeof uploadState>['kind'], MarkName> = {
  verified: 'good',
  lacking: 'attention',
  sent: 'good',
  sending: 'waiting',
  unconfirmed: 'off',
};

export function JobFoot({ job, samples }: { job: JobView; samples: readonly UsageSample[] }) {
  const styles = useStyles();
  const words = texts.job.foot;
  const upload = uploadState(job, useNow());
  const processor = processorPoints(samples).at(-1)?.value;
  const memory = memoryPoints(samples).at(-1)?.value;
  return (
    <div className={styles.foot}>
      {isRunning(job) && job.processId !== null && <Figure name={words.sandbox} value={String(job.processId)} />}
      {isRunning(job) && job.runtimePid !== null && <Figure name={job.runtime ?? words.runtime} value={String(job.runtimePid)} />}
      {isRunning(job) && processor !== undefined && <Figure name={words.processor} value={formatPercent(processor)} />}
      {isRunning(job) && memory !== undefined && <Figure name={words.memory} value={formatBytes(memory)} />}
      {job.exitCode !== null && <Figure name={words.exitCode} value={String(job.exitCode)} />}
      {job.cpuMs !== null && <Figure name={words.processorTime} value={formatShortDuration(job.cpuMs)} />}
      {job.peakMemoryBytes !== null && <Figure name={words.peakMemory} value={formatBytes(job.peakMemoryBytes)} />}
      <span className={styles.upload} role="status" data-testid="upload">
        <Mark name={uploadMarks[upload.kind]} size={11} />
        {upload.sentence}
      </span>
    </div>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  const styles = useStyles();
  return (
    <span>
      {name} <strong className={styles.value}>{value}</strong>
    </span>
  );
}
