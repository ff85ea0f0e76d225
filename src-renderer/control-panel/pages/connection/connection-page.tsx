/** What am I connected to, through what, trusting whom? */
import { useState } from 'react';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { Ago } from '../../../shared/moment.tsx';
import type { MarkName } from '../../../shared/marks.tsx';
import { Page } from '../../../shared/page.tsx';
import { Words } from '../../../shared/words.tsx';
import { texts } from '../../../texts.ts';
import { CurrentProblems } from '../../parts/current-problems.tsx';
import { RoleButton, RoleNote } from '../../parts/role.tsx';
import { useWorkerView } from '../../state/services.ts';
import { standingOf } from '../../state/status.ts';
import { isGone } from '../../state/worker-view.ts';
import { ConnectForm } from './connect-form.tsx';
import { ConnectionFacts } from './connection-facts.tsx';
import { DisconnectButton } from './disconnect-button.tsx';
import { PacksCard } from './packs-card.tsx';

export function ConnectionPage({ worker }: { worker: WorkerState }) {
  const [changing, setChanging] = useState(false);
  const { connection } = worker;
  const view = useWorkerView();
  if (connection === null || changing) {
    return (
      <Page
        {...(connection === null ? { mark: 'off' as const } : {})}
        title={connection === null ? texts.connection.titleNone : texts.connection.titleChange}
        lead={<Words>{connection === null ? texts.connection.leadNone : texts.connection.leadChange}</Words>}
      >
        <ConnectForm
          connection={connection}
          onDone={() => setChanging(false)}
          {...(connection !== null && { onCancel: () => setChanging(false) })}
        />
      </Page>
    );
  }
  return (
    <Page
      {...(isGone(view) ? { mark: 'bad', title: standingOf(view).sentence } : standingOfConnection(worker, connection))}
      lead={
        connection.lastContact !== null && (
          <>
            {texts.connection.lastAnswer} <Ago time={connection.lastContact} />
          </>
        )
      }
      actions={
        <>
          <RoleButton call="connection:connect" onClick={() => setChanging(true)}>
            {texts.connection.change}
          </RoleButton>
          <DisconnectButton worker={worker} />
        </>
      }
    >
      <RoleNote call="connection:connect" />
      <CurrentProblems worker={worker} of="connection" />
      <ConnectionFacts connection={connection} />
      <PacksCard packs={worker.packs} />
    </Page>
  );
}

function standingOfConnection(
  worker: WorkerState,
  connection: NonNullable<WorkerState['connection']>,
): { mark: MarkName; title: string } {
  if (worker.status === 'offline') return { mark: 'bad', title: worker.sentence };
  if (worker.status === 'connecting')
    return { mark: 'waiting', title: texts.connection.titleConnecting(connection.workspaceName) };
  return { mark: 'good', title: texts.connection.titleConnected(connection.workspaceName) };
}
