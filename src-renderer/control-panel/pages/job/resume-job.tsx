/** Lets a suspended workflow go on. Where: the service decides, and a worker that has the job shows it as a new attempt. */
import { useState } from 'react';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import { useAction } from '../../../shared/call.ts';
import { ConfirmDialog } from '../../../shared/confirm-dialog.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { RoleButton } from '../../parts/role.tsx';
import { useServices } from '../../state/services.ts';
import { nameOf } from '../../state/status.ts';

export function ResumeJob({ job }: { job: JobView }) {
  const { bridge } = useServices();
  const [asking, setAsking] = useState(false);
  const [resumed, setResumed] = useState(false);
  const resume = useAction(() => bridge.call('jobs:resume', { sandboxId: job.sandboxId }));
  const words = texts.job.resume;
  const doIt = async (): Promise<void> => {
    if ((await resume.run()) === undefined) return;
    setResumed(true);
    setAsking(false);
  };
  const close = (): void => {
    resume.clear();
    setAsking(false);
  };
  return (
    <>
      <RoleButton call="jobs:resume" appearance="primary" disabled={resumed} onClick={() => setAsking(true)}>
        {resumed ? words.done : words.action}
      </RoleButton>
      <ConfirmDialog
        open={asking}
        title={words.question(nameOf(job))}
        doIt={words.action}
        leaveIt={words.leave}
        pending={resume.pending}
        onDo={() => void doIt()}
        onLeave={close}
      >
        <p>{words.consequence}</p>
        {resume.problem !== null && <ProblemCard problem={resume.problem} announce />}
      </ConfirmDialog>
    </>
  );
}
