/**
 * Ends that were refused because records are missing. Refusing for ever would leave the job running until it is fenced, and then run it
 * again although it has ended: so the third refusal in a row, with nothing sent between, is not made.
 */
import type { AttemptReport } from '../../src-contract/jrds.ts';
import type { Attempt } from '../store/attempts.ts';

const maxRefusals = 2;
/** Sandboxes that vanish after a refusal are fenced and never heard from again: only the newest are remembered. */
const maxRemembered = 1000;

interface Claim {
  chain: string;
  had: string;
  refusals: number;
}

export class RecordClaims {
  private readonly claims = new Map<string, Claim>();

  /** Counts this refusal; true when it has been refused often enough. */
  isExhausted(attempt: Pick<Attempt, 'sandboxId' | 'chain'>, report: Pick<AttemptReport, 'chain'>): boolean {
    const before = this.claims.get(attempt.sandboxId);
    const isSame = before?.chain === report.chain && before.had === attempt.chain;
    const refusals = isSame ? before.refusals + 1 : 1;
    this.claims.delete(attempt.sandboxId);
    this.claims.set(attempt.sandboxId, { chain: report.chain, had: attempt.chain, refusals });
    if (this.claims.size > maxRemembered) this.claims.delete(this.claims.keys().next().value ?? '');
    return refusals > maxRefusals;
  }

  forget(sandboxId: string): void {
    this.claims.delete(sandboxId);
  }
}
