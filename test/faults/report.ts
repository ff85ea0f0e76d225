/** Writes what a run has found into docs/reliability.md, between the markers of its part. Nobody else writes there. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { moments } from '../fakes/faulting-front.ts';
import { root } from '../harness/stack.ts';
import type { JobVerdict } from './judge.ts';
import { targets, type Ledger } from './ledger.ts';
import type { LongRunEnd } from './long-run.ts';
import type { MatrixEnd, MatrixLedger } from './matrix.ts';

const file = join(root, 'docs', 'reliability.md');

export function writeReport(part: string, lines: readonly string[]): void {
  const text = readFileSync(file, 'utf8');
  const begin = `<!-- ${part}: written by npm run test:faults -->`;
  const end = `<!-- end of ${part} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${file} has no place for the ${part}`);
  writeFileSync(file, `${text.slice(0, from + begin.length)}\n\n${lines.join('\n')}\n\n${text.slice(to)}`);
}

/** The commit whose program runs here. */
export function commitHere(): string {
  const git = (...words: string[]): string => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--', 'src-main', 'src-service', 'src-contract') !== '';
  return `${git('rev-parse', '--short=12', 'HEAD')}${isChanged ? ', with changes' : ''}`;
}

/** Where it was measured. */
export function circumstances(): [string, string][] {
  return [
    [
      'machine',
      `${String(cpus().length)} cores, ${cpus()[0]?.model ?? 'unknown'}, ${gigabytes(totalmem())}, ${process.platform}`,
    ],
    ['Node', process.version],
    ['ended', new Date().toISOString()],
  ];
}

export function table<Row extends readonly string[]>(rows: readonly Row[], heading: Row): string[] {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (cells: Row): string => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(heading), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)];
}

export function longReport(ledger: Ledger, end: LongRunEnd): { lines: string[]; isClean: boolean } {
  const { plan, kills, seconds, pieces, commits } = ledger.progress;
  const verdicts = [...ledger.verdicts.values()];
  const sum = (figure: (verdict: JobVerdict) => number): number => verdicts.reduce((all, one) => all + figure(one), 0);
  const by = (text: (verdict: JobVerdict) => string[]): string => {
    const counts = new Map<string, number>();
    for (const word of verdicts.flatMap(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    return [...counts].map(([word, count]) => `${word} ${String(count)}`).join(', ');
  };
  const lost = sum((one) => one.lost);
  const doubled = sum((one) => one.doubled);
  const faults = sum((one) => one.faults.length);
  const isClean =
    lost + doubled + faults + sum((one) => one.overlaps) + end.orphans + end.leftFolders + end.leftGroups === 0 &&
    (!end.isDone || end.recordsAtEnd === sum((one) => one.onService));
  const atEnd = (figure: string): string => (end.isDone ? figure : 'counted when all jobs have ended');
  const ran = Object.entries(commits);
  const rows: [string, string][] = [
    ['commit', ran.map(([name, count]) => (ran.length === 1 ? name : `${name} (${String(count)} jobs)`)).join(', ')],
    ...circumstances(),
    ['seed', plan.seed],
    ['workers, sandboxes at a time', `${String(plan.workers)} × ${String(plan.limit)}`],
    ['time', `${String(Math.round(seconds / 60))} minutes in ${String(pieces)} ${pieces === 1 ? 'piece' : 'pieces'}`],
    ['killed', targets.map((target) => `${target} ${String(kills[target])}`).join(', ')],
    ['jobs accepted', atEnd(String(end.listed))],
    ['jobs ended', `${String(verdicts.length)} (${by((one) => [one.status])})`],
    ['attempts', `${String(sum((one) => one.outcomes.length))} (${by((one) => one.outcomes)})`],
    ['records written, counted by the runbooks', String(sum((one) => one.written))],
    ['records on the service', atEnd(String(end.recordsAtEnd))],
    ['written to a sandbox that was killed before they were in its journal', String(sum((one) => one.unread))],
    ['kept on the worker as not accepted', String(sum((one) => one.notAccepted))],
    ['lost', String(lost)],
    ['doubled', String(doubled)],
    ['other faults', String(faults)],
    ['runs that met another run of their job', String(sum((one) => one.overlaps))],
    ['orphans (processes, folders, control groups)', atEnd([end.orphans, end.leftFolders, end.leftGroups].join(', '))],
  ];
  return { lines: table(rows, ['what', 'figure']), isClean };
}

/** First what was tried and found, then how often each call had its faults. */
export function matrixReport(ledger: MatrixLedger, end: MatrixEnd): { lines: string[]; isClean: boolean } {
  const units = ledger.units;
  const finished = [...ledger.finished.values()];
  const sum = (figure: (one: (typeof finished)[number]) => number): number => finished.reduce((all, one) => all + figure(one), 0);
  const wrong = finished.flatMap((one) => one.wrong.map((text) => `${one.name}: ${text}`));
  const commits = new Map<string, number>();
  for (const { commit } of finished) commits.set(commit, (commits.get(commit) ?? 0) + 1);
  const ran = [...commits];
  const doneTo = new Map<string, number[]>();
  for (const { name, plan } of units) {
    for (const [call, count] of Object.entries(ledger.finished.get(name)?.done ?? {})) {
      const counts = doneTo.get(call) ?? moments.map(() => 0);
      const place = moments.indexOf(plan.moment);
      counts[place] = (counts[place] ?? 0) + count;
      doneTo.set(call, counts);
    }
  }
  const isClean = wrong.length + end.orphans === 0;
  const rows: [string, string][] = [
    ['commit', ran.map(([name, count]) => (ran.length === 1 ? name : `${name} (${String(count)} trials)`)).join(', ')],
    ...circumstances(),
    ['seed', ledger.plan.seed],
    ['rounds', String(ledger.plan.rounds)],
    ['combinations tried', `${String(finished.length)} of ${String(units.length)}`],
    ['faults done', String(sum((one) => Object.values(one.done).reduce((all, count) => all + count, 0)))],
    ['calls made', String(sum((one) => Object.values(one.calls).reduce((all, count) => all + count, 0)))],
    ['jobs judged', String(sum((one) => one.jobs))],
    ['records of theirs', String(sum((one) => one.records))],
    ['what was wrong', wrong.length === 0 ? 'nothing' : wrong.join('; ').replaceAll('|', '/')],
    ['processes left', String(end.orphans)],
  ];
  const calls = [...doneTo].sort(([one], [other]) => (placeOf(one) < placeOf(other) ? -1 : 1));
  const perCall = calls.map(([call, counts]): readonly string[] => [`\`${call}\``, ...counts.map(String)]);
  return {
    lines: [...table(rows, ['what', 'figure']), '', 'Faults done to each call:', '', ...table(perCall, ['call', ...moments])],
    isClean,
  };
}

/** By path, whatever the method. */
const placeOf = (call: string): string => call.replace(/^(\w+) (.*)$/, '$2 $1');

function gigabytes(bytes: number): string {
  return `${String(Math.round(bytes / 2 ** 30))} GiB`;
}
