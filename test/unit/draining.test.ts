/** Draining past its deadline: what is stopped, what is only waited for, and that it ends whatever happens. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultSettings, type Settings } from '../../src-contract/settings.ts';
import { reportWithoutJob, type SandboxReport } from '../../src-contract/sandbox.ts';
import type { SandboxSnapshot } from '../../src-main/launcher/launcher-listener.ts';
import { Draining } from '../../src-main/worker-host/draining.ts';
import { FakeClock, settle } from '../fakes/fake-clock.ts';

type Parts = ConstructorParameters<typeof Draining>[0];

/** The wall clock is set by a test; what has passed is not. */
class MovableClock extends FakeClock {
  movedMs = 0;
  override now(): Date {
    return new Date(super.now().getTime() + this.movedMs);
  }
}

let clock: MovableClock;
let sandboxes: SandboxSnapshot[];
let asked: string[];
let accepts: boolean;
let said: string[];
let ended: number;
let kept: Settings;
let draining: Draining;

function sandbox(sandboxId: string, report: Partial<SandboxReport> | undefined): SandboxSnapshot {
  const process = { bootId: 'boot', pid: 1, startTime: '1' };
  const launch = { sandboxId, groupName: 'g', pickedUpAt: '', jrdsUri: '', accountId: '', process, warmFolder: null };
  const whole = report && {
    ...reportWithoutJob,
    contractVersion: 1,
    sandboxId,
    process,
    controlAddress: '',
    phase: 'running' as const,
    since: '',
    ...report,
  };
  return { launch, report: whole, status: 'running' };
}

const course = { reason: 'a test', deadline: '', steps: [] };

beforeEach(() => {
  clock = new MovableClock();
  [sandboxes, asked, said, ended, accepts] = [[], [], [], 0, true];
  kept = { ...defaultSettings, stopGraceSeconds: 20 };
  const parts = {
    clock,
    log: { write: ({ message }: { message: string }) => void said.push(message) },
    fault: (error: unknown) => {
      throw error;
    },
    engine: () => ({ state: { load: { running: sandboxes.length, limit: 4 } }, dispatch: () => undefined }),
    settings: {
      get current() {
        return kept;
      },
      change: (patch: Partial<Settings>) => {
        kept = { ...kept, ...patch };
        return Promise.resolve(kept);
      },
    },
  } as unknown as Parts;
  const launcher = {
    list: () => sandboxes,
    stop: (sandboxId: string) => {
      asked.push(sandboxId);
      return Promise.resolve(accepts);
    },
  };
  draining = new Draining(
    parts,
    () => launcher,
    () => (ended += 1),
  );
});
afterEach(async () => {
  await draining.close();
  expect(clock.sleeping).toBe(0);
});

describe('a drain whose deadline has passed', () => {
  it('asks each sandbox once, and ends when the last has ended', async () => {
    sandboxes = [sandbox('a', {}), sandbox('b', {})];
    await draining.ask(60);
    await clock.advance(59_000);
    expect(asked).toEqual([]);
    await clock.advance(2000);
    expect(asked).toEqual(['a', 'b']);
    sandboxes = [];
    await clock.advance(1000);
    expect([asked, ended, kept.drain]).toEqual([['a', 'b'], 1, null]);
  });

  it('waits for none that runs nothing any more: not for what waits for the service, or for room on its disk', async () => {
    const written = { runtimePid: 7, uploadTrouble: 'The journal cannot be written: ENOSPC' };
    sandboxes = [
      sandbox('uploading', { phase: 'uploading' }),
      sandbox('never-ran', { phase: 'stopping', runtimePid: null }),
      sandbox('full-disk', { phase: 'stopping', ...written, stop: { ...course, left: 0 } }),
    ];
    await draining.ask(10);
    await clock.advance(11_000);
    expect([asked, ended]).toEqual([[], 1]);
  });

  it('waits for one that still climbs down, as long as its ladder may take', async () => {
    sandboxes = [sandbox('a', { phase: 'stopping', runtimePid: 7, stop: { ...course, left: null } })];
    await draining.ask(10);
    await clock.advance(50_000);
    expect(ended).toBe(0);
    await clock.advance(11_000);
    expect(ended).toBe(1);
    expect(said.at(-1)).toBe(
      'The worker ends all the same: a could not be stopped, goes on without it, and is found at its next start.',
    );
  });

  it('ends beside one that never says a word, and says that it goes on', async () => {
    accepts = false;
    sandboxes = [sandbox('a', undefined), sandbox('b', { phase: 'starting' })];
    await draining.ask(10);
    await clock.advance(61_000);
    expect(ended).toBe(1);
    expect(asked.length).toBeGreaterThan(50);
    expect(said.at(-1)).toContain('a, b could not be stopped, go on without it, and are found');
  });

  it('is not moved by a clock that is set while it waits, forward or back', async () => {
    for (const movedMs of [6, -6].map((hours) => hours * 3_600_000)) {
      asked = [];
      sandboxes = [sandbox('a', {})];
      await draining.ask(60);
      clock.movedMs = movedMs;
      await clock.advance(59_000);
      expect(asked, String(movedMs)).toEqual([]);
      await clock.advance(2000);
      expect(asked, String(movedMs)).toEqual(['a']);
      draining.callOff();
      clock.movedMs = 0;
      await settle();
    }
  });
});
