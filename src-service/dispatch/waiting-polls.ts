/** The polls that are held in this process, by group. A machine waits once: its newest poll, because an older one may be a dead connection. */
import type { RunbookKind } from '../../src-contract/kinds.ts';
import type { WaitingPoll } from './matching.ts';

export interface HandedOut {
  sandboxId: string;
  /** The sandbox secret, base64. */
  secret: string;
  /** Of the job's runbook. */
  kind: RunbookKind;
}

export interface HeldPoll extends WaitingPoll {
  accountId: string;
  /** Account and group, as changes name it. */
  queueKey: string;
  machineName: string;
  kinds: readonly RunbookKind[];
  holdsCalls: boolean;
  /** Ready and with a free slot: may be given a job. Others wait only for what is handed out again. */
  takesJobs: boolean;
  answer: (actions: HandedOut[]) => void;
}

export class WaitingPolls {
  private readonly byMachine = new Map<string, HeldPoll>();

  add(poll: HeldPoll): void {
    this.take(poll.machineId)?.answer([]);
    this.byMachine.set(poll.machineId, poll);
  }

  /** Takes the machine's poll out, to be answered; undefined when none waits any more. */
  take(machineId: string): HeldPoll | undefined {
    const poll = this.byMachine.get(machineId);
    this.byMachine.delete(machineId);
    return poll;
  }

  /** The caller has gone, or has waited long enough. */
  remove(poll: HeldPoll): void {
    if (this.byMachine.get(poll.machineId) === poll) this.byMachine.delete(poll.machineId);
  }

  taking(queueKey: string): HeldPoll[] {
    return [...this.byMachine.values()].filter((poll) => poll.takesJobs && poll.queueKey === queueKey);
  }

  /** Of the poll that waits. */
  accountOf(machineId: string): string | undefined {
    return this.byMachine.get(machineId)?.accountId;
  }

  machineIds(): string[] {
    return [...this.byMachine.keys()];
  }

  answerAll(): void {
    for (const machineId of this.machineIds()) this.take(machineId)?.answer([]);
  }
}
