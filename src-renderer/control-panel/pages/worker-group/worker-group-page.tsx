/** Which group is this machine in, and how does it join or leave? */
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { workerPackName } from '../../../../src-contract/packs.ts';
import { Card } from '../../../shared/card.tsx';
import { EmptyState } from '../../../shared/empty-state.tsx';
import { Ago } from '../../../shared/moment.tsx';
import { Page } from '../../../shared/page.tsx';
import { texts } from '../../../texts.ts';
import { CurrentProblems } from '../../parts/current-problems.tsx';
import { PlaceButton } from '../../parts/place-link.tsx';
import { GroupFacts } from './group-facts.tsx';
import { JoinForm } from './join-form.tsx';
import { LeaveGroup } from './leave-group.tsx';
import { TestJob } from './test-job.tsx';
import { WaitingForPack } from './waiting-for-pack.tsx';

export function WorkerGroupPage({ worker }: { worker: WorkerState }) {
  const words = texts.group;
  const { registration, connection } = worker;
  if (registration !== null) {
    return (
      <Page
        mark={worker.status === 'offline' ? 'bad' : 'good'}
        title={words.titleIn(registration.groupName)}
        lead={
          registration.lastContact !== null && (
            <>
              {words.lastAnswer} <Ago time={registration.lastContact} />
            </>
          )
        }
        actions={<LeaveGroup registration={registration} />}
      >
        <CurrentProblems worker={worker} of="group" />
        <GroupFacts registration={registration} />
        <TestJob />
      </Page>
    );
  }
  if (connection === null) {
    const open = (
      <PlaceButton to={{ page: 'connection' }} appearance="primary">
        {texts.connection.connectAction}
      </PlaceButton>
    );
    return (
      <Page mark="off" title={words.titleNone} lead={words.leadNone}>
        <Card>
          <EmptyState title={words.connectFirst} text={words.connectFirstText} action={open} />
        </Card>
      </Page>
    );
  }
  const hasPack = worker.packs.some((pack) => pack.name === workerPackName);
  return (
    <Page mark={hasPack ? 'todo' : 'waiting'} title={hasPack ? words.titleJoin : words.titleWaiting} lead={words.leadNone}>
      {hasPack ? (
        <JoinForm endpoint={connection.account?.endpoint ?? ''} />
      ) : (
        <>
          <CurrentProblems worker={worker} of="group" />
          <WaitingForPack workspaceId={connection.workspaceId} workspaceName={connection.workspaceName} />
        </>
      )}
    </Page>
  );
}
