/** What this machine lets run: the rules as a person changes them, and the questions of sandboxes whose runbook waits for a person. */
import { AppError } from '../../src-contract/app-error.ts';
import type { EngineArguments, EngineValue, JobView } from '../../src-contract/engine-calls.ts';
import { changedRules, describeRule, policyRuleNames, type LocalPolicy, type PolicyQuestion } from '../../src-contract/policy.ts';
import { policyOf } from '../../src-contract/settings.ts';
import type { Launcher } from '../launcher/launcher.ts';
import { readTrustedKeys } from '../platform/trusted-keys.ts';
import type { Jobs } from './jobs.ts';
import { workerSource, type WorkerParts } from './parts.ts';

export class Permissions {
  private readonly parts: Pick<WorkerParts, 'settings' | 'log'>;
  private readonly jobs: Pick<Jobs, 'get'>;
  private readonly launcher: Pick<Launcher, 'readQuestion' | 'answerQuestion'>;

  constructor(
    parts: Pick<WorkerParts, 'settings' | 'log'>,
    jobs: Pick<Jobs, 'get'>,
    launcher: Pick<Launcher, 'readQuestion' | 'answerQuestion'>,
  ) {
    this.parts = parts;
    this.jobs = jobs;
    this.launcher = launcher;
  }

  get policy(): LocalPolicy {
    return policyOf(this.parts.settings.current);
  }

  /** Throws AppError `setting-invalid`. Jobs that were picked up before keep the rules of then. */
  async change(change: EngineArguments<'policy:change'>): Promise<LocalPolicy> {
    const { settings, log } = this.parts;
    const before = this.policy;
    // `undefined` means "leave it", also where a caller spelled it out.
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const { trustedKeys, ...policy }: LocalPolicy = { ...before, ...given };
    if (trustedKeys !== before.trustedKeys) await mustHoldKeys(trustedKeys);
    await settings.change({ policy, trustedKeys });
    const after = this.policy;
    const rules = changedRules(before, after);
    if (rules.length > 0) {
      const told = rules.map(
        (rule) => `${policyRuleNames[rule]}: from “${describeRule(rule, before)}” to “${describeRule(rule, after)}”`,
      );
      const message = `What this machine lets run was changed. ${told.join('; ')}.`;
      log.write({ name: 'policyChanged', source: workerSource, message, fields: { rules: rules.join(', ') } });
    }
    return after;
  }

  /** Throws AppError `job-unknown` or `nothing-asked`. */
  async question(id: string): Promise<PolicyQuestion> {
    const { sandboxId } = await this.jobs.get(id);
    const question = await this.launcher.readQuestion(sandboxId);
    if (question === null) throw new AppError('nothing-asked', { sandboxId });
    return question;
  }

  /** Throws AppError `job-unknown` or `nothing-asked`. */
  async answer({ sandboxId: id, sha256, allow }: EngineArguments<'policy:answer'>): Promise<EngineValue<'policy:answer'>> {
    const job = await this.jobs.get(id);
    const { sandboxId } = job;
    if (!(await this.launcher.answerQuestion(sandboxId, sha256, allow))) throw new AppError('nothing-asked', { sandboxId });
    this.tell(job, sha256, allow);
    return this.jobs.get(sandboxId);
  }

  private tell({ sandboxId, jobId, runbookName }: JobView, sha256: string, allow: boolean): void {
    this.parts.log.write({
      name: 'permissionAnswered',
      source: workerSource,
      message: `${runbookName} was ${allow ? 'allowed' : 'refused'} by a person at this machine (job ${jobId}, sandbox ${sandboxId}, SHA-256 ${sha256}).`,
      fields: { jobId, sandboxId, runbookName, sha256, allowed: allow },
      jobId,
    });
  }
}

/** A folder that holds none would stop every job of this machine. */
export async function mustHoldKeys(folder: string | null): Promise<void> {
  if (folder === null) return;
  const trusted = await readTrustedKeys(folder);
  if (trusted.kind === 'unusable') throw new AppError('setting-invalid', { name: 'trustedKeys', reason: trusted.reason });
}
