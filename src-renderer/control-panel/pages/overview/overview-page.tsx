/** Can this worker take a job now, and if not, why? */
import { makeStyles } from '@fluentui/react-components';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { Ago } from '../../../shared/moment.tsx';
import { Page } from '../../../shared/page.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { formatSpan } from '../../../shared/format.ts';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { CurrentProblems } from '../../parts/current-problems.tsx';
import { PlaceButton } from '../../parts/place-link.tsx';
import { RoleButton } from '../../parts/role.tsx';
import { pauseCallOf, usePause } from '../../parts/use-pause.ts';
import { useWorkerView } from '../../state/services.ts';
import { canPause, isPaused, standingOf } from '../../state/status.ts';
import { isGone } from '../../state/worker-view.ts';
import { ActivityCard } from './activity-card.tsx';
import { GettingStartedCard } from './getting-started-card.tsx';
import { LastJobsCard } from './last-jobs-card.tsx';
import { RunningCard } from './running-card.tsx';
import { ThisMachineCard } from './this-machine-card.tsx';
import { WaitingCard } from './waiting-card.tsx';

const useStyles = makeStyles({
  column: { display: 'flex', flexDirection: 'column', gap: '16px', minWidth: 0 },
  pair: {
    display: 'grid',
    gridTemplateColumns: 'minmax(0, 3fr) minmax(0, 2fr)',
    gap: '16px',
    alignItems: 'start',
    '@media (max-width: 980px)': { gridTemplateColumns: 'minmax(0, 1fr)' },
  },
});

export function OverviewPage({ worker }: { worker: WorkerState }) {
  const styles = useStyles();
  const view = useWorkerView();
  const { mark, sentence } = standingOf(view);
  const gone = isGone(view);
  const pause = usePause(worker);
  return (
    <Page
      mark={mark}
      title={sentence}
      lead={<Lead worker={worker} gone={gone} />}
      actions={<Actions worker={worker} pause={pause} />}
    >
      {pause.problem !== null && <ProblemCard problem={pause.problem} announce />}
      <CurrentProblems worker={worker} />
      <div className={styles.pair}>
        {worker.registration === null ? (
          <GettingStartedCard worker={worker} />
        ) : (
          <div className={styles.column}>
            <RunningCard worker={worker} />
            {!gone && <WaitingCard />}
            <ActivityCard />
          </div>
        )}
        <ThisMachineCard worker={worker} />
      </div>
      <LastJobsCard worker={worker} />
    </Page>
  );
}

function Actions({ worker, pause }: { worker: WorkerState; pause: ReturnType<typeof usePause> }) {
  if (worker.connection === null) {
    return (
      <PlaceButton to={{ page: 'connection' }} appearance="primary">
        {texts.connection.connectAction}
      </PlaceButton>
    );
  }
  if (worker.registration === null) {
    return (
      <PlaceButton to={{ page: 'group' }} appearance="primary">
        {texts.group.joinAction}
      </PlaceButton>
    );
  }
  if (!canPause(worker)) return null;
  return (
    <RoleButton call={pauseCallOf(worker)} disabled={pause.pending} onClick={() => void pause.run()}>
      {isPaused(worker) ? texts.overview.resume : texts.overview.pause}
    </RoleButton>
  );
}

function Lead({ worker, gone }: { worker: WorkerState; gone: boolean }) {
  const now = useNow();
  const { connection, registration } = worker;
  if (connection === null) return <>{texts.overview.leadNotConnected}</>;
  const isConnected = !gone && worker.status !== 'offline' && worker.status !== 'connecting';
  const lastContact = registration?.lastContact ?? connection.lastContact;
  const span = formatSpan(now.getTime() - new Date(connection.since).getTime());
  return (
    <>
      <div>
        {isConnected ? texts.overview.connectedTo : texts.overview.workspace} <strong>{connection.workspaceName}</strong>
        {isConnected && span !== undefined && ` ${texts.overview.forSpan(span)}`}
        {lastContact !== null && (
          <>
            {` · ${texts.overview.lastAnswer} `}
            <Ago time={lastContact} />
          </>
        )}
      </div>
      <div>
        {registration === null ? (
          texts.overview.inNoGroup
        ) : (
          <>
            {texts.overview.inGroup} <strong>{registration.groupName}</strong>
            {registration.accountName !== null && ` ${texts.overview.ofAccount} ${registration.accountName}`}
          </>
        )}
      </div>
    </>
  );
}
