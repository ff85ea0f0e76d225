/**
 * `npm run test:faults -- long|soak|matrix`: see `usage`. A short form of the matrix and of the kills is part of `npm test`
 * (test/process/fault-matrix.test.ts).
 */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../harness/stack.ts';
import { publisherPublicKey } from '../../scripts/publisher-public-key.mjs';
import { Ledger } from './ledger.ts';
import { runLong } from './long-run.ts';
import { commitHere, longReport, matrixReport, writeReport } from './report.ts';
import { soak } from './soak.ts';

const usage = `usage: npm run test:faults -- [long|soak|matrix] [options]

long: many jobs under random kills. It goes on in its folder when it was ended.

  --jobs COUNT       jobs in all (10000); a run that is there may be given more
  --seed TEXT        what the schedule of jobs and kills is drawn from (1)
  --folder FOLDER    where the run keeps everything (.cache/faults); it goes on there
  --minutes NUMBER   ends this piece of the run after so long; call again to go on
  --workers COUNT    headless workers (2)
  --limit COUNT      sandboxes at a time on each (3)
  --every SECONDS    mean time between two kills (2)
  --kill-runtimes    kills the interpreters of running sandboxes too; of a run that is there, its plan says it
  --fresh            forgets the run in the folder first
  --no-report        leaves docs/reliability.md alone

soak: many short jobs without a fault; compares what is held after few and after many of them.

  --counts LIST      after how many jobs in all to look, with commas (200,2000)
  --limit, --folder, --no-report as above; the folder is made anew (.cache/soak)

matrix: every call of the agent protocol × before, midway, after × cut, delay, refuse, garbage. It goes on in its folder when it was ended.

  --rounds COUNT     each combination is tried once a round, on another occurrence of each call (1); more may be asked for
  --seed TEXT        what order and occurrences are drawn from (1)
  --folder FOLDER    (.cache/matrix)
  --minutes, --fresh, --no-report as above
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    jobs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string' },
    minutes: { type: 'string' },
    workers: { type: 'string', default: '2' },
    limit: { type: 'string', default: '3' },
    counts: { type: 'string', default: '200,2000' },
    every: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '1' },
    'kill-runtimes': { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    report: { type: 'boolean', default: true },
    help: { type: 'boolean', default: false },
  },
});

const say = (text: string): boolean => process.stdout.write(`${new Date().toISOString()} ${text}\n`);

/** Until its time is over, or somebody asks. */
async function untilStopped<Value>(run: (stop: AbortSignal) => Promise<Value>): Promise<Value> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), values.minutes === undefined ? 2 ** 31 - 1 : Number(values.minutes) * 60_000);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  try {
    return await run(stop.signal);
  } finally {
    clearTimeout(timer);
  }
}

function holdsAnother(folder: string, seed: string): boolean {
  if (seed !== values.seed) say(`${folder} holds a run with seed ${seed}: name that one, another folder, or --fresh`);
  return seed !== values.seed;
}

async function long(): Promise<number> {
  const folder = resolve(values.folder ?? join(root, '.cache', 'faults'));
  if (values.fresh) rmSync(folder, { recursive: true, force: true });
  const plan = {
    seed: values.seed,
    jobs: Number(values.jobs),
    workers: Number(values.workers),
    limit: Number(values.limit),
    killEverySeconds: Number(values.every),
    ...(values['kill-runtimes'] && { killsRuntimes: true }),
  };
  const ledger = new Ledger(folder, plan, commitHere());
  if (holdsAnother(folder, ledger.progress.plan.seed)) return 2;
  const end = await untilStopped((stop) => runLong(ledger, say, stop));
  const { lines, isClean } = longReport(ledger, end);
  process.stdout.write(`\n${lines.join('\n')}\n`);
  if (!end.isDone) return 0;
  if (values.report) writeReport('long run', lines);
  return isClean ? 0 : 1;
}

async function steady(): Promise<number> {
  const folder = resolve(values.folder ?? join(root, '.cache', 'soak'));
  const counts = values.counts.split(',').map(Number);
  if (counts.length < 2 || !counts.every((count, index) => Number.isInteger(count) && count > (counts[index - 1] ?? 0)))
    throw new Error('--counts takes two or more whole numbers, rising: 200,2000,20000');
  const { lines, isSteady } = await soak({ folder, counts, limit: Number(values.limit) }, say);
  process.stdout.write(`\n${lines.join('\n')}\n`);
  if (values.report) writeReport('soak', lines);
  return isSteady ? 0 : 1;
}

async function matrix(): Promise<number> {
  // What the build puts into a worker; this one runs from its sources, which are loaded only then.
  Object.assign(globalThis, { HRW_PUBLISHER_PUBLIC_KEY: publisherPublicKey('checkout'), HRW_BUILD_FLAVOUR: 'checkout' });
  const { MatrixLedger, runMatrix } = await import('./matrix.ts');
  const folder = resolve(values.folder ?? join(root, '.cache', 'matrix'));
  if (values.fresh) rmSync(folder, { recursive: true, force: true });
  const ledger = new MatrixLedger(folder, { seed: values.seed, rounds: Number(values.rounds) }, commitHere());
  if (holdsAnother(folder, ledger.plan.seed)) return 2;
  const end = await untilStopped((stop) => runMatrix(ledger, say, stop));
  const { lines, isClean } = matrixReport(ledger, end);
  process.stdout.write(`\n${lines.join('\n')}\n`);
  if (!end.isDone) return 0;
  if (values.report) writeReport('matrix', lines);
  return isClean ? 0 : 1;
}

const what = positionals[0] ?? 'long';
if (!values.help && what === 'long') process.exitCode = await long();
else if (!values.help && what === 'soak') process.exitCode = await steady();
else if (!values.help && what === 'matrix') process.exitCode = await matrix();
else {
  process.stdout.write(usage);
  process.exitCode = values.help ? 0 : 2;
}
