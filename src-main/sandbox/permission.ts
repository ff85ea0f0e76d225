/**
 * The question whether a runbook may run, while it is open. The job waits here; the engine fetches the question by the control endpoint and
 * brings the answer. It belongs to the sandbox: an engine that ends meanwhile leaves it open for the next one.
 */
import type { PolicyQuestion } from '../../src-contract/policy.ts';
import type { Timing } from './ports.ts';

export type PermissionAnswer = 'allowed' | 'refused' | 'unanswered' | 'called-off';

export class Permission {
  #open: { question: PolicyQuestion; settle: (answer: PermissionAnswer) => void } | undefined;

  get question(): PolicyQuestion | null {
    return this.#open?.question ?? null;
  }

  /** Once; whoever calls it has looked at everything else before. `called-off`: the job is not wanted any more. */
  async ask(
    question: PolicyQuestion,
    limitMs: number,
    { delay }: Pick<Timing, 'delay'>,
    signal: AbortSignal,
  ): Promise<PermissionAnswer> {
    // Node 18 cannot join two signals.
    const over = new AbortController();
    const end = (): void => over.abort();
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    const answered = new Promise<PermissionAnswer>((settle) => (this.#open = { question, settle }));
    const waited = delay(limitMs, over.signal).then((): PermissionAnswer => (signal.aborted ? 'called-off' : 'unanswered'));
    try {
      return await Promise.race([answered, waited]);
    } finally {
      this.#open = undefined;
      signal.removeEventListener('abort', end);
      end();
    }
  }

  /** False where nothing is asked, or another script was looked at than the one that would run. */
  answer(sha256: string, allow: boolean): boolean {
    if (this.#open?.question.sha256 !== sha256) return false;
    this.#open.settle(allow ? 'allowed' : 'refused');
    return true;
  }
}
