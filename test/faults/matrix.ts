/**
 * The fault matrix: every combination of moment and fault, tried on a worker that works and on one that a person sets up. In the long form each
 * round draws from its seed in which order they come and which occurrence of each call is hit. What is finished stands in a file, line by
 * line: a run that was ended, or killed itself, goes on with what is left. Each piece of a run has a stage of its own.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faults, moments, type Plan } from '../fakes/faulting-front.ts';
import { setMatrixStage, type Came, type MatrixStage } from './matrix-stage.ts';
import { tryPerson } from './matrix-person.ts';
import { makeWorker, tryWork } from './matrix-work.ts';
import { findOrphans } from './orphans.ts';
import { seededChance } from './seeded.ts';

export const combinations: readonly Plan[] = moments.flatMap((moment) => faults.map((fault): Plan => ({ moment, fault })));
export const scenes = ['work', 'person'] as const;
export type Scene = (typeof scenes)[number];

export interface Unit {
  /** The same in each repetition. */
  name: string;
  scene: Scene;
  plan: Plan;
}

/** Later ones are hit too, but the first the most: many calls are made once. */
const laterChance = 0.5;
const latest = 5;
/** Units that are tried side by side: most of their time is waiting. */
const lanes = 3;

export const nameOf = (scene: Scene, { moment, fault }: Plan): string => `${scene}, ${moment}, ${fault}`;

/** In the order of one round. The same seed gives the same, whatever was done before. */
export function drawRound(seed: string, round: number): Unit[] {
  const chance = seededChance(seed, `round ${String(round)}`);
  const units = scenes.flatMap((scene) =>
    combinations.map((combination): Unit => {
      const name = `round ${String(round)}: ${nameOf(scene, combination)}`;
      const occurrenceOf = (call: string): number => drawOccurrence(seed, `${name}: ${call}`);
      return { name, scene, plan: { ...combination, occurrenceOf } };
    }),
  );
  return units
    .map((unit) => ({ unit, place: chance() }))
    .sort((one, other) => one.place - other.place)
    .map(({ unit }) => unit);
}

function drawOccurrence(seed: string, name: string): number {
  const chance = seededChance(seed, name);
  let occurrence = 1;
  while (occurrence < latest && chance() < laterChance) occurrence += 1;
  return occurrence;
}

/** Units of one lane after the other, by the lane's own worker where they are about work. */
export async function runLane(
  stage: MatrixStage,
  lane: string,
  next: () => Unit | undefined,
  onEnd: (unit: Unit, came: Came) => void,
): Promise<void> {
  const front = await stage.openFront();
  const working = { stage, front, dataFolder: join(stage.folder, lane), groupName: lane };
  let isMade = false;
  let persons = 0;
  for (let unit = next(); unit !== undefined; unit = next()) {
    const { scene, plan } = unit;
    if (scene === 'person') {
      persons += 1;
      const groupName = `${lane}-person-${String(persons)}`;
      onEnd(unit, await tryPerson({ stage, front, dataFolder: join(stage.folder, groupName), groupName, plan }));
      continue;
    }
    if (!isMade) {
      front.begin(undefined);
      await makeWorker(working);
      isMade = true;
    }
    onEnd(unit, await tryWork({ ...working, plan }));
  }
}

export interface MatrixPlan {
  seed: string;
  rounds: number;
}

interface Finished extends Came {
  name: string;
  commit: string;
}

/** What a long matrix remembers in its folder. */
export class MatrixLedger {
  readonly folder: string;
  readonly plan: MatrixPlan;
  readonly finished = new Map<string, Finished>();
  readonly #file: string;
  readonly #commit: string;

  /** Goes on with the plan that is there; more rounds may be asked for. */
  constructor(folder: string, asked: MatrixPlan, commit: string) {
    this.folder = folder;
    this.#commit = commit;
    this.#file = join(folder, 'finished.ndjson');
    mkdirSync(folder, { recursive: true });
    const planFile = join(folder, 'plan.json');
    const plan = existsSync(planFile) ? (JSON.parse(readFileSync(planFile, 'utf8')) as MatrixPlan) : asked;
    this.plan = { ...plan, rounds: Math.max(plan.rounds, asked.rounds) };
    writeFileSync(planFile, `${JSON.stringify(this.plan)}\n`);
    if (!existsSync(this.#file)) return;
    const lines = readFileSync(this.#file, 'utf8').split('\n');
    for (const line of lines.slice(0, -1)) {
      const one = JSON.parse(line) as Finished;
      this.finished.set(one.name, one);
    }
    // Killed in the middle of a line: that one is tried again.
    if (lines.at(-1) !== '')
      writeFileSync(
        this.#file,
        lines
          .slice(0, -1)
          .map((line) => `${line}\n`)
          .join(''),
      );
  }

  get units(): Unit[] {
    const { seed, rounds } = this.plan;
    return Array.from({ length: rounds }, (_, index) => drawRound(seed, index + 1)).flat();
  }

  finish(unit: Unit, came: Came): void {
    const finished = { name: unit.name, commit: this.#commit, ...came };
    appendFileSync(this.#file, `${JSON.stringify(finished)}\n`);
    this.finished.set(unit.name, finished);
  }
}

export interface MatrixEnd {
  isDone: boolean;
  /** Processes of this piece that were left when everything had ended. */
  orphans: number;
}

export async function runMatrix(ledger: MatrixLedger, say: (text: string) => void, stop: AbortSignal): Promise<MatrixEnd> {
  const units = ledger.units;
  const left = units.filter(({ name }) => !ledger.finished.has(name));
  const folder = join(ledger.folder, 'stage');
  // Of a piece that was killed: nobody else looks after its service and its sandboxes.
  for (const { pid } of findOrphans(folder, () => false)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  if (left.length > 0) {
    const stage = await setMatrixStage(folder);
    const next = (): Unit | undefined => (stop.aborted ? undefined : left.shift());
    const onEnd = (unit: Unit, came: Came): void => {
      ledger.finish(unit, came);
      const doneCount = Object.values(came.done).reduce((sum, count) => sum + count, 0);
      say(`${unit.name}: ${String(doneCount)} faults done (${String(ledger.finished.size)} of ${String(units.length)} tried)`);
      for (const text of came.wrong) say(`WRONG ${unit.name}: ${text}`);
    };
    try {
      await Promise.all(Array.from({ length: lanes }, (_, index) => runLane(stage, `lane-${String(index + 1)}`, next, onEnd)));
    } finally {
      await stage.close();
    }
  }
  const orphans = findOrphans(folder, () => false);
  for (const { pid, command } of orphans) say(`WRONG process left: ${String(pid)} ${command}`);
  return { isDone: ledger.finished.size >= units.length, orphans: orphans.length };
}
