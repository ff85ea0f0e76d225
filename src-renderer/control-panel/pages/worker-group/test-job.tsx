/** Sees whether jobs run here: the service's sample, on this worker alone, and what became of it, right there. */
import { makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { useAction, useReading } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { JobBadge } from '../../parts/job-badge.tsx';
import { PlaceLink } from '../../parts/place-link.tsx';
import { RoleButton } from '../../parts/role.tsx';
import { useServices, useWorkerView } from '../../state/services.ts';
import { isRunning } from '../../state/worker-view.ts';

const askEveryMs = 2_000;

const useStyles = makeStyles({
  text: { margin: '0 0 12px', maxWidth: '70ch' },
  row: { display: 'flex', alignItems: 'center', gap: '12px', flexWrap: 'wrap' },
  lines: {
    margin: '12px 0 0',
    padding: '8px 12px',
    maxHeight: '240px',
    overflow: 'auto',
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    backgroundColor: tokens.colorNeutralBackground3,
    borderRadius: '4px',
  },
  problem: { marginTop: '12px' },
});

export function TestJob() {
  const styles = useStyles();
  const { bridge } = useServices();
  const { jobs } = useWorkerView();
  const [jobId, setJobId] = useState<string | null>();
  const start = useAction(() => bridge.call('jobs:test', {}));
  const job = [...jobs.values()].find((one) => one.jobId === jobId);
  const words = texts.group.test;
  const run = async (): Promise<void> => {
    setJobId(undefined);
    const value = await start.run();
    if (value !== undefined) setJobId(value.jobId);
  };
  const underWay = start.pending || (typeof jobId === 'string' && (job === undefined || isRunning(job)));
  return (
    <Card title={words.title}>
      <p className={styles.text}>{words.text}</p>
      <div className={styles.row}>
        <RoleButton call="jobs:test" disabled={underWay} onClick={() => void run()}>
          {underWay ? words.underWay : words.action}
        </RoleButton>
        <span role="status" className={styles.row}>
          {jobId === null && words.notOffered}
          {typeof jobId === 'string' && job === undefined && <WhyItWaits jobId={jobId} />}
          {job !== undefined && (
            <>
              <JobBadge job={job} />
              <PlaceLink to={{ page: 'job', id: job.sandboxId }}>{texts.openJob}</PlaceLink>
            </>
          )}
        </span>
      </div>
      {job !== undefined && <Lines key={job.sandboxId} job={job} />}
      {start.problem !== null && (
        <div className={styles.problem}>
          <ProblemCard problem={start.problem} announce />
        </div>
      )}
    </Card>
  );
}

function WhyItWaits({ jobId }: { jobId: string }) {
  const { bridge } = useServices();
  const turn = Math.floor(useNow().getTime() / askEveryMs);
  const { reading } = useReading(() => bridge.call('jobs:waiting', {}), turn);
  const jobs = reading.status === 'known' ? reading.value.waiting?.jobs : undefined;
  const reason = jobs?.find((one) => one.jobId === jobId)?.reason;
  return <>{reason === undefined ? texts.group.test.started : texts.group.test.waits(reason)}</>;
}

/** What it printed: a screenful at most. */
function Lines({ job }: { job: JobView }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const { sandboxId, recordCount } = job;
  const { reading } = useReading(() => bridge.call('jobs:records', { sandboxId, from: 0, limit: 100 }), recordCount);
  if (reading.status !== 'known' || reading.value.records.length === 0) return null;
  return (
    <pre className={styles.lines} tabIndex={0} role="group" aria-label={texts.group.test.lines}>
      {reading.value.records.map(({ text }) => text).join('\n')}
    </pre>
  );
}
