import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { useAction } from '../../../shared/call.ts';
import { ConfirmDialog } from '../../../shared/confirm-dialog.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { RoleButton } from '../../parts/role.tsx';
import { useServices } from '../../state/services.ts';
import { nameOf } from '../../state/status.ts';
import { isRunning } from '../../state/worker-view.ts';

const useStyles = makeStyles({ stop: { color: tokens.colorStatusDangerForeground1 }, inRow: { minWidth: '60px' } });

/** `inRow`: a small one, whose runbook its name tells. */
export function StopJob({ job, inRow = false }: { job: JobView; inRow?: boolean }) {
  const styles = useStyles();
  const { bridge } = useServices();
  const [asking, setAsking] = useState(false);
  const stop = useAction(() => bridge.call('jobs:stop', { sandboxId: job.sandboxId }));
  const words = texts.job.stop;
  if (!isRunning(job)) return null;
  const underWay = job.phase === 'stopping' || job.phase === 'uploading';
  const doIt = async (): Promise<void> => {
    if ((await stop.run()) !== undefined) setAsking(false);
  };
  const close = (): void => {
    stop.clear();
    setAsking(false);
  };
  return (
    <>
      <RoleButton
        call="jobs:stop"
        className={mergeClasses(inRow && styles.inRow, !underWay && styles.stop)}
        disabled={underWay}
        onClick={() => setAsking(true)}
        {...(inRow && { size: 'small', appearance: 'outline', 'aria-label': words.question(nameOf(job)) })}
      >
        {inRow ? texts.running.stop : job.phase === 'stopping' ? words.underWay : words.action}
      </RoleButton>
      <ConfirmDialog
        open={asking && !underWay}
        title={words.question(nameOf(job))}
        doIt={words.action}
        leaveIt={words.leave}
        pending={stop.pending}
        onDo={() => void doIt()}
        onLeave={close}
      >
        <p>{words.consequence}</p>
        {stop.problem !== null && <ProblemCard problem={stop.problem} announce />}
      </ConfirmDialog>
    </>
  );
}
