/** What stands between a job that was loaded and its runtime: this machine's own rules, a runtime that can run it, a person where one is to be asked. */
import { createHash } from 'node:crypto';
import { AppError } from '../../src-contract/app-error.ts';
import {
  formatSpan,
  policyRuleNames,
  type LocalPolicy,
  type PolicyQuestion,
  type PolicyRule,
} from '../../src-contract/policy.ts';
import type { Choice, LoadedJob } from './job-loading.ts';
import { judgeRunbook } from './local-policy.ts';
import type { Permission } from './permission.ts';
import type { Timing } from './ports.ts';
import type { RuntimeRun } from './runtime-run.ts';
import type { StateKeeper } from './state-keeper.ts';

export interface GateOptions {
  policy: LocalPolicy;
  sandboxId: string;
  loaded: LoadedJob;
  choose: () => Choice;
  permission: Permission;
  state: StateKeeper;
  timing: Timing;
  decide: (text: string) => void;
  /** Fires when the job is not wanted any more. */
  signal: AbortSignal;
}

/** The rules come first, the person last: nobody is asked about what would not run anyway. */
export async function passGate(options: GateOptions): Promise<Choice> {
  const { policy, loaded, timing, decide } = options;
  const judgement = await judgeRunbook(policy, {
    name: loaded.job.runbookName,
    kind: loaded.kind,
    script: loaded.runbook.definition,
    now: timing.now(),
  });
  if (judgement.kind === 'refused') return refuse(judgement.rule, judgement.reason);
  if (judgement.signedWith !== undefined)
    decide(`The runbook is signed with the key ${judgement.signedWith}, which this machine trusts.`);
  const choice = options.choose();
  if (choice.kind === 'none' || policy.askSeconds === null) return choice;
  return (await askPerson(options, policy.askSeconds)) ?? choice;
}

/** undefined: allowed. */
async function askPerson(options: GateOptions, limitSeconds: number): Promise<Choice | undefined> {
  const { sandboxId, loaded, permission, state, timing, decide, signal } = options;
  const { report } = state;
  const since = timing.now();
  const asking = {
    since: since.toISOString(),
    until: new Date(since.getTime() + limitSeconds * 1000).toISOString(),
  };
  const question: PolicyQuestion = {
    sandboxId,
    jobId: loaded.job.jobId,
    runbookName: loaded.job.runbookName,
    kind: report.kind ?? '',
    startedBy: report.startedBy,
    parameters: report.parameters,
    script: loaded.runbook.definition,
    sha256: createHash('sha256').update(loaded.runbook.definition, 'utf8').digest('hex'),
    ...asking,
  };
  const answer = permission.ask(question, limitSeconds * 1000, timing, signal);
  state.change({ asking });
  const given = await answer;
  state.change({ asking: null });
  switch (given) {
    case 'allowed':
      decide(`A person at this machine allowed the runbook (SHA-256 ${question.sha256}).`);
      return undefined;
    case 'refused':
      return refuse('askSeconds', 'A person at this machine refused it');
    case 'unanswered':
      return refuse('askSeconds', `Nobody at this machine allowed it within ${formatSpan(limitSeconds)}`);
    case 'called-off':
      return { kind: 'none', reason: 'the job was called off while a person was asked' };
  }
}

function refuse(rule: PolicyRule, reason: string): Choice {
  const { title, text, nextStep } = new AppError('policy-refused', { rule: policyRuleNames[rule], reason }).toProblem();
  // It becomes the job's exception, which is shown as it is.
  return { kind: 'none', reason: `${title}. ${text} ${nextStep.replaceAll(/`([^`]+)`/g, '“$1”')}` };
}

/** Ends what runs longer than this machine allows. `reason`: what the job then says; undefined while it has not come to that. */
export class LongestRun {
  reason: string | undefined;

  /** `signal` fires when the run is over. `onEnding`: it has begun to end the run. */
  async watch(
    run: RuntimeRun,
    limitSeconds: number,
    { delay }: Pick<Timing, 'delay'>,
    signal: AbortSignal,
    onEnding: () => void,
  ) {
    await delay(limitSeconds * 1000, signal);
    if (signal.aborted) return;
    const rule = policyRuleNames.longestRunSeconds;
    const { title, text } = new AppError('policy-ended', {
      rule,
      reason: `It had run for ${formatSpan(limitSeconds)}, as long as a runbook may run here`,
    }).toProblem();
    if (!run.stop(`this machine’s policy: ${rule}, ${formatSpan(limitSeconds)}`)) return;
    this.reason = `${title}. ${text}`;
    onEnding();
  }
}
