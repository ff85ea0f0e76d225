/** Leaving the group, at the service or, where that cannot be reached, on this machine alone. */
import { Button, Checkbox, makeStyles } from '@fluentui/react-components';
import { useState } from 'react';
import type { WorkerState } from '../../../../src-contract/engine-calls.ts';
import { useAction } from '../../../shared/call.ts';
import { ConfirmDialog } from '../../../shared/confirm-dialog.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { SecretField } from '../../parts/fields.tsx';
import { useServices } from '../../state/services.ts';

const useStyles = makeStyles({ fields: { display: 'flex', flexDirection: 'column', gap: '12px' } });

export function LeaveGroup({ registration }: { registration: NonNullable<WorkerState['registration']> }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const [asking, setAsking] = useState(false);
  const [form, setForm] = useState({ token: '' });
  const [local, setLocal] = useState(false);
  const token = form.token.trim();
  const leave = useAction(() => bridge.call('registration:unregister', { token: local ? null : token, local }));
  const words = texts.group.leave;
  const close = (): void => {
    leave.clear();
    setForm({ token: '' });
    setLocal(false);
    setAsking(false);
  };
  return (
    <>
      <Button onClick={() => setAsking(true)}>{words.action}</Button>
      <ConfirmDialog
        open={asking}
        title={words.question(registration.groupName)}
        doIt={words.action}
        leaveIt={words.stay}
        pending={leave.pending}
        disabled={!local && token === ''}
        onDo={() => void leave.run()}
        onLeave={close}
      >
        <div className={styles.fields}>
          <p>{words.consequence}</p>
          {!local && (
            <SecretField
              form={form}
              mistakes={{}}
              change={(name, value) => setForm({ [name]: value } as typeof form)}
              name="token"
              words={words.token}
            />
          )}
          <Checkbox label={words.local} checked={local} onChange={(_event, { checked }) => setLocal(checked === true)} />
          {leave.problem !== null && <ProblemCard problem={leave.problem} announce />}
        </div>
      </ConfirmDialog>
    </>
  );
}
