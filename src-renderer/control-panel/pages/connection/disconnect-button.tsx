import { useState } from 'react';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { useAction } from '../../../shared/call.ts';
import { ConfirmDialog } from '../../../shared/confirm-dialog.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { RoleButton } from '../../parts/role.tsx';
import { useServices } from '../../state/services.ts';

export function DisconnectButton({ worker }: { worker: WorkerState }) {
  const { bridge, place } = useServices();
  const [asking, setAsking] = useState(false);
  const disconnect = useAction(() => bridge.call('connection:disconnect', {}));
  const words = texts.connection.disconnect;
  const close = (): void => {
    disconnect.clear();
    setAsking(false);
  };
  if (worker.registration !== null) {
    return (
      <>
        <RoleButton call="connection:disconnect" onClick={() => setAsking(true)}>
          {words.action}
        </RoleButton>
        <ConfirmDialog
          open={asking}
          title={words.registeredQuestion(worker.registration.groupName)}
          doIt={texts.openPage(texts.navigation.pages.group)}
          leaveIt={words.leave}
          onDo={() => place.open({ page: 'group' })}
          onLeave={close}
        >
          <p>{words.registered}</p>
        </ConfirmDialog>
      </>
    );
  }
  return (
    <>
      <RoleButton call="connection:disconnect" onClick={() => setAsking(true)}>
        {words.action}
      </RoleButton>
      <ConfirmDialog
        open={asking}
        title={words.question(worker.connection?.workspaceName ?? '')}
        doIt={words.action}
        leaveIt={words.leave}
        pending={disconnect.pending}
        onDo={() => void disconnect.run().then((done) => done !== undefined && setAsking(false))}
        onLeave={close}
      >
        <p>{words.consequence}</p>
        {disconnect.problem !== null && <ProblemCard problem={disconnect.problem} announce />}
      </ConfirmDialog>
    </>
  );
}
