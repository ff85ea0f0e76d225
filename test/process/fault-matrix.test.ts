/**
 * Every call that a worker, its sandboxes and a person at it make, times every moment and kind of fault: none ends the engine, none loses or
 * doubles a record, each clears itself or is told. And, in short, what `npm run test:faults` does at length: kills of every process.
 */
import { statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../fakes/faulting-front.ts';
import { agentRoutes, needsPowerShell, notCalled, routeOf } from '../faults/calls.ts';
import { Ledger } from '../faults/ledger.ts';
import { runLong } from '../faults/long-run.ts';
import { combinations, drawRound, MatrixLedger, nameOf, runLane, scenes, type Scene, type Unit } from '../faults/matrix.ts';
import { setMatrixStage, type Came, type MatrixStage } from '../faults/matrix-stage.ts';
import { requireRuntime } from '../harness/runtimes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { tempFolder } from '../harness/temp-folder.ts';

leftoversAreCheckedAtTheEnd();

/**
 * What one call does in several ways, or for another, is faulted in each of them. (Whether an engine uploads records of a dead sandbox depends
 * on what that had sent.)
 */
const ways = [
  'GET /jrds/sandboxes/getsandboxactions, held',
  'GET /workspaces/:workspaceId/packs, held',
  'POST /jrds/sandboxes/:sandboxId/jobs/:jobId/changestatus, Activating',
  'POST /jrds/sandboxes/:sandboxId/jobs/:jobId/changestatus, Running',
  'POST /jrds/sandboxes/:sandboxId/jobs/:jobId/changestatus, final',
  'POST /jrds/sandboxes/:sandboxId/jobs/:jobId/changestatus, final, of a dead sandbox',
  'POST /jrds/sandboxes/:sandboxId/jobs/:jobId/records, again',
  'POST /jrds/sandboxes/:sandboxId/jobs/:jobId/unload, of a dead sandbox',
  'GET /jrds/jobs/:jobId, of a dead sandbox',
];

/** Side by side: most of the time is waiting. In each lane as many whose answer to the poll is lost as in the others. */
const laneCounts: Record<Scene, number> = { work: 4, person: 3 };
const losesAnswers = ({ moment, fault }: Plan): boolean => moment !== 'before' && fault !== 'delay';
/** A person's calls that are cut midway are the long form's: a third of a person's trials, and what they find is found in a worker's too. */
const isTried = (scene: Scene, { moment }: Plan): boolean => scene === 'work' || moment !== 'midway';
const ofPersons = combinations.filter((plan) => isTried('person', plan));
const spread = [...combinations.filter(losesAnswers), ...combinations.filter((one) => !losesAnswers(one))];

describe('every call of the agent protocol', () => {
  let stage: MatrixStage;
  const came = new Map<string, Came>();

  beforeAll(async () => {
    stage = await setMatrixStage(await tempFolder());
    const lanes = scenes.flatMap((scene) => Array.from({ length: laneCounts[scene] }, (_, lane) => runOf(scene, lane)));
    await Promise.all(lanes);
  }, 900_000);
  afterAll(() => stage.close());

  function runOf(scene: Scene, lane: number): Promise<void> {
    const units = spread
      .filter((plan) => isTried(scene, plan))
      .filter((_, index) => index % laneCounts[scene] === lane)
      .map((plan): Unit => ({ name: nameOf(scene, plan), scene, plan }));
    return runLane(
      stage,
      `${scene}-${String(lane + 1)}`,
      () => units.shift(),
      (unit, found) => void came.set(unit.name, found),
    );
  }

  const found = (scene: Scene, plan: Plan): Came | undefined => came.get(nameOf(scene, plan));
  const doneTo = (plan: Plan): string[] => scenes.flatMap((scene) => Object.keys(found(scene, plan)?.done ?? {}));

  it.each(combinations)(
    '$moment, $fault: jobs end as they should, nothing is lost or doubled, the worker is well again',
    (plan) => {
      expect(found('work', plan)?.wrong).toEqual([]);
      expect(found('work', plan)?.jobs).toBeGreaterThanOrEqual(3);
    },
  );

  it.each(ofPersons)(
    '$moment, $fault: a person is told what failed, nothing is half done, and the same call succeeds',
    (plan) => {
      expect(found('person', plan)?.wrong).toEqual([]);
      expect(found('person', plan)?.jobs).toBeGreaterThanOrEqual(1);
    },
  );

  it.each(combinations)('$moment, $fault: it was done to every call that the service has a route for', async (plan) => {
    const needed = (await agentRoutes())
      .map(({ name }) => name)
      .filter((name) => !notCalled.has(name) && !needsPowerShell.includes(name));
    const done = doneTo(plan);
    const atWork = new Set(Object.keys(found('work', plan)?.calls ?? {}).map(routeOf));
    const expected = isTried('person', plan) ? needed : needed.filter((name) => atWork.has(name));
    expect(expected.filter((name) => !done.some((call) => routeOf(call) === name))).toEqual([]);
    expect(ways.filter((way) => !done.includes(way))).toEqual([]);
  });

  it('and to those that only PowerShell makes', (context) => {
    requireRuntime(context, 'pwsh');
    for (const plan of combinations) expect(doneTo(plan)).toEqual(expect.arrayContaining([...needsPowerShell]));
  });

  it('and the exceptions are routes that nobody called', async () => {
    const routes = (await agentRoutes()).map(({ name }) => name);
    expect(routes).toEqual(expect.arrayContaining([...notCalled.keys(), ...needsPowerShell]));
    const called = [...came.values()].flatMap(({ calls }) => Object.keys(calls).map(routeOf));
    expect([...notCalled.keys()].filter((name) => called.includes(name))).toEqual([]);
    expect(called.filter((name) => !routes.includes(name))).toEqual([]);
  });
});

describe('the plan of a long matrix', () => {
  const drawn = (seed: string, round: number): string[] =>
    drawRound(seed, round).map(({ name, plan }) => `${name}: ${String(plan.occurrenceOf?.('GET /jrds/jobs/:jobId'))}`);

  it('is the same for the same seed, another for another, and holds every combination once a round', () => {
    expect(drawn('1', 1)).toEqual(drawn('1', 1));
    expect(drawn('2', 1)).not.toEqual(drawn('1', 1));
    expect(new Set(drawn('1', 1)).size).toBe(combinations.length * scenes.length);
    const occurrences = [1, 2, 3].flatMap((round) => drawRound('1', round).map(({ plan }) => plan.occurrenceOf?.('any') ?? 0));
    expect(Math.min(...occurrences)).toBe(1);
    expect(Math.max(...occurrences)).toBeGreaterThan(2);
  });

  it('goes on with what is left, also after a line that was cut', async () => {
    const folder = path.join(await tempFolder(), 'matrix');
    const nothing: Came = { wrong: [], calls: {}, done: {}, jobs: 0, records: 0 };
    const ledger = new MatrixLedger(folder, { seed: '1', rounds: 1 }, 'here');
    const [first, second] = ledger.units;
    if (first === undefined || second === undefined) throw new Error('a round has units');
    ledger.finish(first, nothing);
    ledger.finish(second, nothing);
    const file = path.join(folder, 'finished.ndjson');
    truncateSync(file, statSync(file).size - 5);
    const later = new MatrixLedger(folder, { seed: '2', rounds: 2 }, 'there');
    expect(later.plan).toEqual({ seed: '1', rounds: 2 });
    expect([...later.finished.keys()]).toEqual([first.name]);
    later.finish(second, nothing);
    expect([...new MatrixLedger(folder, { seed: '1', rounds: 1 }, 'there').finished.keys()]).toEqual([first.name, second.name]);
  });
});

describe('kills of engine, sandbox, runtime and service at random moments', () => {
  it('lose nothing, double nothing and leave nothing behind', async () => {
    const plan = { seed: 'short', jobs: 12, workers: 2, limit: 2, killEverySeconds: 3, killsRuntimes: true };
    const ledger = new Ledger(path.join(await tempFolder(), 'run'), plan, 'here');
    const said: string[] = [];
    const end = await runLong(ledger, (text) => said.push(text), AbortSignal.timeout(200_000));
    const verdicts = [...ledger.verdicts.values()];
    expect(verdicts.flatMap((one) => one.faults)).toEqual([]);
    expect(verdicts.reduce((sum, one) => sum + one.overlaps, 0)).toBe(0);
    expect(end, said.join('\n')).toMatchObject({ isDone: true, listed: 12, orphans: 0, leftFolders: 0, leftGroups: 0 });
    expect(end.recordsAtEnd).toBe(verdicts.reduce((sum, one) => sum + one.onService, 0));
    expect(Object.values(ledger.progress.kills).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0);
  }, 240_000);
});
