/** Which group is this machine in, and how does it join or leave? */
import { useState } from 'react';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { Card } from '../../../shared/card.tsx';
import { EmptyState } from '../../../shared/empty-state.tsx';
import { Ago } from '../../../shared/moment.tsx';
import { Page } from '../../../shared/page.tsx';
import { texts } from '../../../texts.ts';
import { CurrentProblems } from '../../parts/current-problems.tsx';
import { PlaceButton } from '../../parts/place-link.tsx';
import { RoleButton, RoleNote, useLackingRole } from '../../parts/role.tsx';
import { useWorkerView } from '../../state/services.ts';
import { isGone } from '../../state/worker-view.ts';
import { GroupFacts } from './group-facts.tsx';
import { JoinWizard } from './join-wizard.tsx';
import { LeaveWizard } from './leave-wizard.tsx';
import { TestJob } from './test-job.tsx';

const words = texts.group;
type Registration = NonNullable<WorkerState['registration']>;

export function WorkerGroupPage({ worker }: { worker: WorkerState }) {
  const { registration, connection } = worker;
  // A wizard that has begun to change the registration stays to its end, though what it changes is another state of this page.
  const [leaving, setLeaving] = useState<Registration | null>(null);
  const [isJoining, setJoining] = useState(false);
  const lacking = useLackingRole('registration:register');
  if (leaving !== null) {
    return <LeaveWizard registration={leaving} onStay={() => setLeaving(null)} onFinish={() => setLeaving(null)} />;
  }
  if (registration !== null && !isJoining) {
    return <MemberPage worker={worker} registration={registration} onLeave={() => setLeaving(registration)} />;
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
  if (lacking !== undefined && !isJoining) {
    return (
      <Page mark="off" title={words.titleNone} lead={words.leadNone}>
        <Card title={words.joinAction}>
          <RoleNote call="registration:register" />
        </Card>
      </Page>
    );
  }
  return <JoinWizard worker={worker} connection={connection} onDoing={setJoining} onFinish={() => setJoining(false)} />;
}

interface MemberPageProps {
  worker: WorkerState;
  registration: Registration;
  onLeave: () => void;
}

function MemberPage({ worker, registration, onLeave }: MemberPageProps) {
  const gone = isGone(useWorkerView());
  return (
    <Page
      mark={gone || worker.status === 'offline' ? 'bad' : 'good'}
      title={words.titleIn(registration.groupName)}
      lead={
        registration.lastContact !== null && (
          <>
            {words.lastAnswer} <Ago time={registration.lastContact} />
          </>
        )
      }
      actions={
        <RoleButton call="registration:unregister" onClick={onLeave}>
          {words.leave.action}
        </RoleButton>
      }
    >
      <RoleNote call="registration:unregister" />
      <CurrentProblems worker={worker} of="group" />
      <GroupFacts registration={registration} />
      <TestJob />
    </Page>
  );
}
