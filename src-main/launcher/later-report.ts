/** Which of two reports of one sandbox is the later one: its state file, or what it told last. */
import { sandboxPhase, type SandboxReport } from '../../src-contract/sandbox.ts';

const phases = sandboxPhase.options;

/** The file is newer when the connection broke first, and older when it could not be written (a full disk). The same age: the file. */
export function laterReport(told: SandboxReport | undefined, written: SandboxReport | undefined): SandboxReport | undefined {
  if (told === undefined || written === undefined) return written ?? told;
  return ageOf(told, written) > 0 ? told : written;
}

/** Positive where `one` is later. A sandbox takes one job, goes through its phases in order, and writes ever more records. */
function ageOf(one: SandboxReport, other: SandboxReport): number {
  const orders = [
    ({ phase }: SandboxReport) => phases.indexOf(phase),
    ({ jobId }: SandboxReport) => (jobId === null ? 0 : 1),
    ({ recordCount }: SandboxReport) => recordCount,
    ({ acknowledgedCount }: SandboxReport) => acknowledgedCount,
  ];
  for (const order of orders) {
    const difference = order(one) - order(other);
    if (difference !== 0) return difference;
  }
  return 0;
}
