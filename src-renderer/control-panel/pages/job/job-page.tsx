/** What is this job doing, or how did it end, and is every record here? */
import { Tab, TabList, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import type { UsageSample } from '../../../../src-contract/sandbox.ts';
import { Waiting } from '../../../shared/empty-state.tsx';
import { formatCount } from '../../../shared/format.ts';
import { Moment } from '../../../shared/moment.tsx';
import { Page } from '../../../shared/page.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { TryAgainButton } from '../../../shared/try-again-button.tsx';
import { texts } from '../../../texts.ts';
import { JobBadge } from '../../parts/job-badge.tsx';
import { PlaceLink } from '../../parts/place-link.tsx';
import { nameOf } from '../../state/status.ts';
import { useUsage } from '../../state/use-usage.ts';
import { isRunning } from '../../state/worker-view.ts';
import { JobAttempts } from './job-attempts.tsx';
import { JobConsole } from './job-console.tsx';
import { JobFacts, JobParameters } from './job-facts.tsx';
import { JobFoot } from './job-foot.tsx';
import { JobRecords } from './job-records.tsx';
import { OutcomeNote } from './outcome-note.tsx';
import { PermissionPanel } from './permission-panel.tsx';
import { RecordNotes } from './record-notes.tsx';
import { ResumeJob } from './resume-job.tsx';
import { SaveJob, useSaving } from './save-job.tsx';
import { StopJob } from './stop-job.tsx';
import { StopProgress } from './stop-progress.tsx';
import { UsageCharts } from './usage-charts.tsx';
import { useJob } from './use-job.ts';

const useStyles = makeStyles({
  way: {
    listStyleType: 'none',
    margin: '0 0 2px',
    padding: 0,
    display: 'flex',
    gap: '4px',
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground3,
  },
  tabs: { flexWrap: 'wrap', marginLeft: '-10px', flexShrink: 0, marginBottom: '-8px', marginTop: '-8px' },
  count: { fontVariantNumeric: 'tabular-nums', marginLeft: '6px', color: tokens.colorNeutralForeground3 },
  panel: {
    display: 'flex',
    flexDirection: 'column',
    flexGrow: 1,
    minHeight: 0,
    gap: '12px',
    '@media (max-height: 560px)': { minHeight: '280px', flexShrink: 0 },
  },
});

type TabName = 'records' | 'console' | 'parameters' | 'attempts' | 'facts';
/** Of a job that has ended there is nothing to measure. */
const noSamples: readonly UsageSample[] = [];

export function JobPage({ id }: { id: string }) {
  const { reading, readAgain } = useJob(id);
  if (reading.status === 'reading') {
    return (
      <Page title={texts.job.reading} mark="waiting">
        <Waiting forWhat={texts.job.readingWhat} />
      </Page>
    );
  }
  if (reading.status === 'failed') {
    return (
      <Page title={texts.job.cannotShow} mark="bad" above={<Way place="history" />}>
        <ProblemCard problem={reading.problem} actions={<TryAgainButton onClick={readAgain} />} announce />
      </Page>
    );
  }
  // Another attempt is another page: nothing of this one's records may stay.
  return <KnownJob key={reading.value.sandboxId} job={reading.value} />;
}

function KnownJob({ job }: { job: JobView }) {
  const [said, setSaid] = useState('');
  const saving = useSaving(job, said, setSaid);
  const samples = useUsage(job.sandboxId, isRunning(job)).get(job.sandboxId) ?? noSamples;
  return (
    <Page
      above={<Way place={isRunning(job) ? 'running' : 'history'} name={nameOf(job)} />}
      title={nameOf(job)}
      beside={<JobBadge job={job} />}
      lead={<Lead job={job} />}
      actions={
        <>
          <SaveJob saving={saving} />
          {job.outcome === 'suspended' ? <ResumeJob job={job} /> : <StopJob job={job} />}
        </>
      }
      fills
    >
      {saving.result}
      <StopProgress job={job} />
      <OutcomeNote job={job} />
      {job.asking === null ? (
        <Tabs job={job} samples={samples} onSave={() => saving.run('text')} />
      ) : (
        <PermissionPanel job={job} />
      )}
      {job.asking === null && <JobFoot job={job} samples={isRunning(job) ? samples : noSamples} />}
    </Page>
  );
}

/** Everything of a job that was let run. */
function Tabs({ job, samples, onSave }: { job: JobView; samples: readonly UsageSample[]; onSave: () => void }) {
  const styles = useStyles();
  const [tab, setTab] = useState<TabName>('records');
  const parameters = Object.keys(job.parameters).length;
  // Who looks at the console as the job ends goes on seeing it.
  const [hadConsole, setHadConsole] = useState(false);
  const hasConsole = (job.hasConsole && isRunning(job)) || (hadConsole && tab === 'console');
  return (
    <>
      <TabList
        className={styles.tabs}
        selectedValue={tab}
        onTabSelect={(_event, { value }) => {
          setTab(value as TabName);
          setHadConsole(value === 'console');
        }}
        aria-label={texts.job.tabs}
      >
        <Tab value="records" aria-controls="job-panel" id="job-tab-records">
          {texts.job.records}
          <span className={styles.count}>{formatCount(job.recordCount)}</span>
        </Tab>
        {hasConsole && (
          <Tab value="console" aria-controls="job-panel" id="job-tab-console">
            {texts.job.console}
          </Tab>
        )}
        <Tab value="parameters" aria-controls="job-panel" id="job-tab-parameters">
          {texts.job.parameters}
          {parameters > 0 && <span className={styles.count}>{parameters}</span>}
        </Tab>
        <Tab value="attempts" aria-controls="job-panel" id="job-tab-attempts">
          {texts.job.attempts.tab}
        </Tab>
        <Tab value="facts" aria-controls="job-panel" id="job-tab-facts">
          {texts.job.facts}
        </Tab>
      </TabList>
      <div role="tabpanel" id="job-panel" aria-labelledby={`job-tab-${tab}`} className={styles.panel}>
        {tab === 'records' && <RecordNotes job={job} />}
        {tab === 'records' && <JobRecords job={job} onSave={onSave} />}
        {tab === 'console' && <JobConsole sandboxId={job.sandboxId} />}
        {tab === 'parameters' && <JobParameters job={job} />}
        {tab === 'attempts' && <JobAttempts job={job} />}
        {tab === 'facts' && isRunning(job) && <UsageCharts samples={samples} />}
        {tab === 'facts' && <JobFacts job={job} />}
      </div>
    </>
  );
}

function Way({ place, name }: { place: 'running' | 'history'; name?: string }) {
  const styles = useStyles();
  return (
    <nav aria-label={texts.job.way}>
      <ol className={styles.way}>
        <li>
          <PlaceLink to={{ page: place }}>{texts.navigation.pages[place]}</PlaceLink>
        </li>
        {name !== undefined && (
          <li>
            <span aria-hidden>› </span>
            {name}
          </li>
        )}
      </ol>
    </nav>
  );
}

function Lead({ job }: { job: JobView }) {
  const words = texts.job.lead;
  return (
    <>
      {job.startedBy === null ? words.onGroup(job.groupName) : words.startedBy(job.startedBy, job.groupName)}
      {` · ${words.pickedUp} `}
      <Moment time={job.pickedUpAt} />
      {job.attempt !== null && ` · ${words.attempt(job.attempt)}`}
    </>
  );
}
