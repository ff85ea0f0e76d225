/** Everything known about a job that is no record: its parameters, its numbers. */
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { kindLabels, runbookKind } from '../../../../src-contract/kinds.ts';
import { Card, Facts, type Fact } from '../../../shared/card.tsx';
import { EmptyState } from '../../../shared/empty-state.tsx';
import { formatBytes, formatCount, formatShortDuration } from '../../../shared/format.ts';
import { Figures, Moment } from '../../../shared/moment.tsx';
import { texts } from '../../../texts.ts';
import { ranForMs } from '../../state/status.ts';

export function JobParameters({ job }: { job: JobView }) {
  const entries = Object.entries(job.parameters);
  if (entries.length === 0) return <EmptyState title={texts.job.noParameters} text={texts.job.noParametersText} />;
  return (
    <Card>
      <Facts
        facts={entries.map(([name, value]) => ({ name, value: value === '' ? texts.job.emptyValue : value, fixedWidth: true }))}
      />
    </Card>
  );
}

export function JobFacts({ job }: { job: JobView }) {
  return (
    <Card>
      <Facts facts={[...courseOf(job), ...resourcesOf(job), ...namesOf(job)]} />
    </Card>
  );
}

function known(name: string, value: React.ReactNode | null): Fact[] {
  return value === null ? [] : [{ name, value }];
}

function moment(time: string | null): React.ReactNode {
  return time === null ? null : <Moment time={time} />;
}

function courseOf(job: JobView): Fact[] {
  const words = texts.job.factNames;
  const ran = ranForMs(job);
  return [
    { name: words.pickedUp, value: <Moment time={job.pickedUpAt} /> },
    ...known(words.started, moment(job.startedAt)),
    ...known(words.ended, moment(job.endedAt)),
    ...known(words.ranFor, ran === null ? null : <Figures>{formatShortDuration(ran)}</Figures>),
    ...known(words.exitCode, job.exitCode === null ? null : <Figures>{String(job.exitCode)}</Figures>),
    { name: words.records, value: <Figures>{formatCount(job.recordCount)}</Figures> },
    { name: words.atService, value: <Figures>{formatCount(job.acknowledgedCount)}</Figures> },
  ];
}

function resourcesOf(job: JobView): Fact[] {
  const words = texts.job.factNames;
  return [
    ...known(words.processorTime, job.cpuMs === null ? null : <Figures>{formatShortDuration(job.cpuMs)}</Figures>),
    ...known(words.peakMemory, job.peakMemoryBytes === null ? null : <Figures>{formatBytes(job.peakMemoryBytes)}</Figures>),
    ...known(words.limits, job.limits),
    ...known(words.processesLeft, job.processesLeft === null ? null : <Figures>{formatCount(job.processesLeft)}</Figures>),
  ];
}

function namesOf(job: JobView): Fact[] {
  const words = texts.job.factNames;
  const kind = runbookKind.safeParse(job.kind);
  return [
    { name: words.kind, value: kind.success ? kindLabels[kind.data] : job.kind },
    ...known(words.runtime, job.runtime),
    ...known(words.runAs, job.runAs),
    ...known(words.sandboxProcess, job.processId === null ? null : <Figures>{String(job.processId)}</Figures>),
    ...known(words.runtimeProcess, job.runtimePid === null ? null : <Figures>{String(job.runtimePid)}</Figures>),
    { name: words.group, value: job.groupName },
    { name: words.jobId, value: job.jobId, fixedWidth: true },
    { name: words.sandboxId, value: job.sandboxId, fixedWidth: true },
  ];
}
