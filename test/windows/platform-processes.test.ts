import { beforeAll, describe, expect, it } from 'vitest';
import { requireWine, wineIsThere, wineNode, type WineNode } from '../harness/wine-node.ts';

interface TreeReport {
  own: { bootId: string; pid: number; startTime: string };
  ownAgain: unknown;
  ownIsRunning: boolean;
  otherBootIsRunning: boolean;
  otherStartIsRunning: boolean;
  pid: number;
  keepers: string[];
  before: number[];
  members: number[];
  childPid: number;
  outsiderPid: number;
  outsiderIsMember: boolean;
  outsiderLives: boolean;
  figures: { cpuMs: number; memoryBytes: number; processes: number };
  seenFromOutside: number[];
  membersThen: number[];
  childIsRunning: boolean;
  leftAfterAsking: number;
  ending: { found: number; left: number };
  second: { found: number; left: number };
  usage: { cpuMs: number; peakMemoryBytes: number };
  squatted: string;
}

interface DeathReport {
  endedByWindowsMs: number;
  livedOn: boolean;
  ending: { found: number; left: number };
  isRunning: boolean;
}

describe.runIf(wineIsThere())('a process tree on Windows', () => {
  let found: TreeReport;
  let windows: WineNode;

  beforeAll(async () => {
    windows = await wineNode();
    found = await windows.run<TreeReport>('job-tree');
  });

  it('holds everything that the sandbox started, and neither the sandbox nor what it started outside', () => {
    expect(found.before).toEqual([]);
    expect(found.members).toContain(found.childPid);
    expect(found.members.length).toBeGreaterThanOrEqual(3);
    expect(found.members).not.toContain(found.pid);
    expect(found.outsiderPid).toBeGreaterThan(0);
    expect(found.outsiderIsMember).toBe(false);
  });

  it('is found by who has its place, with the same members', () => {
    expect(found.seenFromOutside).toEqual(found.membersThen);
  });

  it('measures what its processes use', () => {
    expect(found.figures.cpuMs).toBeGreaterThan(200);
    expect(found.figures.processes).toBeGreaterThanOrEqual(3);
    expect(found.figures.memoryBytes).toBeGreaterThan(10 << 20);
    expect(found.usage.peakMemoryBytes).toBeGreaterThan(10 << 20);
    expect(found.usage.cpuMs).toBeGreaterThan(200);
  });

  it('asks as a person at the console would, and what listens goes', () => {
    expect(found.childIsRunning).toBe(true);
    // The one without a console stays: it cannot be asked. That the other went is what the program has waited for.
    expect(found.leftAfterAsking).toBeGreaterThan(0);
  });

  it('is ended whole, but for the sandbox that is in it and what it started outside', () => {
    expect(found.ending.found).toBeGreaterThan(0);
    expect(found.ending.left).toBe(0);
    expect(found.second).toMatchObject({ found: 0, left: 0 });
    expect(found.outsiderLives).toBe(true);
  });

  it('says who keeps its limits: wine cannot keep a share of the processor', () => {
    expect(found.keepers).toEqual(['watched', 'kernel', 'none']);
  });

  it('is not made where somebody has made one of its name', () => {
    expect(found.squatted).toMatch(/CreateJobObject .* it exists already/);
  });

  it('knows processes by boot, pid and start time', () => {
    expect(found.own).toEqual({
      bootId: expect.stringMatching(/^\d{18}$/) as string,
      pid: found.pid,
      startTime: expect.stringMatching(/^\d{18}$/) as string,
    });
    expect(found.ownAgain).toEqual(found.own);
    expect([found.ownIsRunning, found.otherBootIsRunning, found.otherStartIsRunning]).toEqual([true, false, false]);
  });

  it('ends with its sandbox, and the engine that comes later ends what somebody has kept alive', async () => {
    const { alone, held } = await windows.run<{ alone: DeathReport; held: DeathReport }>('dying-sandbox');
    expect(alone.ending).toEqual({ found: 0, left: 0 });
    expect(alone.endedByWindowsMs).toBeLessThan(10_000);
    expect(held.livedOn).toBe(true);
    expect(held.ending).toMatchObject({ left: 0 });
    expect(held.ending.found).toBeGreaterThan(0);
    expect(held.isRunning).toBe(false);
  });
});

if (!wineIsThere()) it('process trees on Windows are tried under wine', requireWine);
