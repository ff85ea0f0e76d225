import { describe, expect, it } from 'vitest';
import { reportWithoutJob, sandboxContractVersion } from '../../src-contract/sandbox.ts';
import { newEntry, olderAttempts, type Entry } from '../../src-main/launcher/entry.ts';

function attemptOf(attempt: number | null, pickedUpAt: string): Entry {
  const sandboxId = `attempt ${String(attempt)}`;
  const facts = { groupName: 'lab', jrdsUri: '', accountId: '', process: null, warmFolder: null };
  return newEntry(
    { ...facts, sandboxId, pickedUpAt },
    {
      ...reportWithoutJob,
      contractVersion: sandboxContractVersion,
      sandboxId,
      process: { bootId: 'boot', pid: 1, startTime: '1' },
      controlAddress: '',
      phase: 'running',
      since: pickedUpAt,
      jobId: 'one job',
      attempt,
    },
  );
}

const isOlder = (one: Entry, other: Entry): boolean => olderAttempts([one, other], other).includes(one);

describe('which of two attempts at a job is older', () => {
  const noon = '2026-11-23T12:00:00.000Z';
  const two = '2026-11-23T14:00:00.000Z';

  it('is what the service counts, also where the clock was set back between them', () => {
    expect(isOlder(attemptOf(1, two), attemptOf(2, noon))).toBe(true);
    expect(isOlder(attemptOf(2, noon), attemptOf(1, two))).toBe(false);
  });

  it('is what was picked up first where the service does not count', () => {
    expect(isOlder(attemptOf(null, noon), attemptOf(null, two))).toBe(true);
    expect(isOlder(attemptOf(null, two), attemptOf(2, noon))).toBe(false);
    expect(isOlder(attemptOf(1, noon), attemptOf(1, two))).toBe(true);
  });
});
