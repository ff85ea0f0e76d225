import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useState } from 'react';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { useAction } from '../../../shared/call.ts';
import { ConfirmDialog } from '../../../shared/confirm-dialog.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';
import { nameOf } from '../../state/status.ts';
import { isRunning } from '../../state/worker-view.ts';

const useStyles = makeStyles({ stop: { color: tokens.colorStatusDangerForeground1 } });

export function StopJob({ job }: { job: JobView }) {
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
      <Button className={underWay ? undefined : styles.stop} disabled={underWay} onClick={() => setAsking(true)}>
        {job.phase === 'stopping' ? words.underWay : words.action}
      </Button>
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
