/**
 * A job that was started from this window. Its own page opens as soon as this machine has it; while it waits, or when another member of the
 * group has taken it, what the service knows of it stands here.
 */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import type { ServiceJob } from '../../../../src-contract/service-desk.ts';
import { useAction, useReading } from '../../../shared/call.ts';
import { ConfirmDialog } from '../../../shared/confirm-dialog.tsx';
import { Waiting } from '../../../shared/empty-state.tsx';
import { Mark } from '../../../shared/marks.tsx';
import { Page } from '../../../shared/page.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { RecordReader } from '../../../shared/records/record-reader.ts';
import { RecordsView } from '../../../shared/records/records-view.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { Badge } from '../../parts/job-badge.tsx';
import { PlaceButton } from '../../parts/place-link.tsx';
import { useServices, useWorkerView } from '../../state/services.ts';
import { isAboutToken } from '../start/start-form.tsx';
import { toneOf, whereabouts } from './started-job.ts';

const words = texts.start.started;
const askEveryMs = 2_000;

const useStyles = makeStyles({
  note: {
    display: 'flex',
    alignItems: 'baseline',
    gap: '8px',
    margin: 0,
    padding: '8px 16px',
    borderRadius: '8px',
    backgroundColor: tokens.colorNeutralBackground1,
    border: `1px solid ${tokens.colorNeutralStroke2}`,
    flexShrink: 0,
    overflowWrap: 'anywhere',
    whiteSpace: 'pre-wrap',
  },
  panel: {
    display: 'flex',
    flexDirection: 'column',
    flexGrow: 1,
    minHeight: 0,
    gap: '12px',
    '@media (max-height: 560px)': { minHeight: '280px', flexShrink: 0 },
  },
});

export function StartedPage({ jobName, worker }: { jobName: string; worker: WorkerState }) {
  const { bridge } = useServices();
  const [isOver, setOver] = useState(false);
  const turn = Math.floor(useNow().getTime() / askEveryMs);
  const { reading, readAgain } = useReading(
    async () => {
      const answer = await bridge.shell('service:job', { jobName });
      if (answer.ok && whereabouts(answer.value, undefined).isOver) setOver(true);
      return answer;
    },
    isOver ? 'over' : turn,
  );
  if (reading.status === 'reading') {
    return (
      <Page title={words.titleReading} mark="waiting">
        <Waiting forWhat={words.reading} />
      </Page>
    );
  }
  if (reading.status === 'failed') {
    const { problem } = reading;
    const actions = (
      <>
        {isAboutToken(problem) && (
          <PlaceButton to={{ page: 'start' }}>{texts.openPage(texts.navigation.pages.start)}</PlaceButton>
        )}
        <TryAgainButton onClick={readAgain} />
      </>
    );
    return (
      <Page title={words.titleFailed} mark="bad">
        <ProblemCard problem={problem} actions={actions} announce />
      </Page>
    );
  }
  return <KnownJob job={reading.value} machineId={worker.registration?.machineId} onAsked={readAgain} />;
}

interface KnownJobProps {
  job: ServiceJob;
  machineId: string | undefined;
  onAsked: () => void;
}

function KnownJob({ job, machineId, onAsked }: KnownJobProps) {
  const styles = useStyles();
  const { place } = useServices();
  const { jobs } = useWorkerView();
  const where = whereabouts(job, machineId);
  const here = [...jobs.values()].find(({ jobId }) => jobId === job.jobId);
  // One that ended before this window heard of it is in the history.
  const ownPage = here?.sandboxId ?? (where.kind === 'here' && where.isOver ? where.sandboxId : undefined);
  useEffect(() => {
    if (ownPage !== undefined) place.replace({ page: 'job', id: ownPage });
  }, [place, ownPage]);
  return (
    <Page
      title={job.runbookName}
      beside={<Badge tone={toneOf(job.status)}>{words.statuses[job.status]}</Badge>}
      lead={words.onGroup(job.runOn, job.startedBy)}
      actions={
        where.isOver ? (
          <PlaceButton to={{ page: 'start' }}>{words.another}</PlaceButton>
        ) : (
          <StopAtService job={job} onAsked={onAsked} />
        )
      }
      fills
    >
      <p className={styles.note} role="status">
        <Mark name={where.kind === 'nowhere' && !where.isOver ? 'waiting' : 'busy'} />
        <span>{inWords(job, machineId)}</span>
      </p>
      {job.exception !== null && (
        <div className={styles.note} role="group" aria-label={words.statuses[job.status]} tabIndex={0}>
          <Mark name="bad" />
          <span>{job.exception}</span>
        </div>
      )}
      <div className={styles.panel}>
        {where.kind === 'elsewhere' && (
          <ServiceRecords
            key={where.attempt}
            jobName={job.name}
            attempt={where.attempt}
            recordCount={job.recordCount}
            running={!where.isOver}
          />
        )}
      </div>
    </Page>
  );
}

function inWords(job: ServiceJob, machineId: string | undefined): string {
  const where = whereabouts(job, machineId);
  switch (where.kind) {
    case 'here':
      return words.onThis;
    case 'elsewhere':
      return words.onOther(where.workerName);
    case 'nowhere':
      if (where.isOver) return job.statusDetails ?? words.statuses[job.status];
      return job.waitingReason === null ? words.waitsPlain : words.waits(job.waitingReason);
  }
}

interface ServiceRecordsProps {
  jobName: string;
  attempt: number;
  recordCount: number;
  running: boolean;
}

/** As the records of a job of this machine, read from the service. */
function ServiceRecords({ jobName, attempt, recordCount, running }: ServiceRecordsProps) {
  const { bridge } = useServices();
  const [reader] = useState(
    () =>
      new RecordReader((from, limit) => bridge.shell('service:records', { jobName, attempt, from, limit }), {
        recordCount,
        following: running,
      }),
  );
  useEffect(() => {
    reader.open();
    return () => reader.close();
  }, [reader]);
  useEffect(() => reader.notice(recordCount), [reader, recordCount]);
  return <RecordsView reader={reader} running={running} recordCount={recordCount} goneText={words.recordsGone} />;
}

function StopAtService({ job, onAsked }: { job: ServiceJob; onAsked: () => void }) {
  const { bridge } = useServices();
  const [asking, setAsking] = useState(false);
  const stop = useAction(() => bridge.shell('service:stop-job', { jobName: job.name }));
  const close = (): void => {
    stop.clear();
    setAsking(false);
  };
  const doIt = async (): Promise<void> => {
    if ((await stop.run()) === undefined) return;
    setAsking(false);
    onAsked();
  };
  return (
    <>
      <Button disabled={job.stopRequestedTime !== null} onClick={() => setAsking(true)}>
        {words.stop}
      </Button>
      <ConfirmDialog
        open={asking}
        title={words.stopQuestion(job.runbookName)}
        doIt={words.stop}
        leaveIt={words.keep}
        pending={stop.pending}
        onDo={() => void doIt()}
        onLeave={close}
      >
        <p>{words.stopText}</p>
        {stop.problem !== null && <ProblemCard problem={stop.problem} announce />}
      </ConfirmDialog>
    </>
  );
}
