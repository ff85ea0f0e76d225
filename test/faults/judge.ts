/**
 * Holds one ended job against what its runbook counted itself: which records it wrote, which the service shows, which a killed sandbox had
 * not read yet. Finds what is lost, doubled, out of order or in a wrong attempt.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobDetails } from '../../src-contract/rest/jobs.ts';
import { summarizeJournal } from '../../src-main/journal/journal-reader.ts';
import { journalPath } from '../../src-main/storage/layout.ts';
import type { RestClient } from '../harness/rest-client.ts';
import { accountName } from '../harness/stack.ts';

export interface JobVerdict {
  jobId: string;
  status: string;
  /** Outcome of each attempt, in their order. */
  outcomes: string[];
  /** Runs of the script that left a count. */
  runs: number;
  /** By the runbook's own count, all runs together. */
  written: number;
  onService: number;
  /** Written to a sandbox that was killed before they were in its journal: still in the pipe, or read less than a frame's delay ago. */
  unread: number;
  /** In the journal of an attempt that the service had given up: kept on the worker as not accepted. */
  notAccepted: number;
  lost: number;
  doubled: number;
  /** Runs that found another run of the same job alive. */
  overlaps: number;
  /** In words, each thing that is wrong. */
  faults: string[];
}

interface Ground {
  rest: RestClient;
  sideFolder: string;
  workerFolders: readonly string[];
}

export async function judgeJob({ rest, sideFolder, workerFolders }: Ground, job: JobDetails, count: number): Promise<JobVerdict> {
  const { jobId } = job;
  const runs = readRuns(sideFolder, jobId);
  const verdict: JobVerdict = {
    jobId,
    status: job.status,
    outcomes: job.attempts.map((attempt) => attempt.outcome ?? 'none'),
    runs: runs.size,
    written: [...runs.values()].reduce((sum, written) => sum + written, 0),
    onService: 0,
    unread: 0,
    notAccepted: 0,
    lost: 0,
    doubled: 0,
    overlaps: countLines(join(sideFolder, `${jobId}.overlap`)),
    faults: [],
  };
  const fault = (text: string): void => void verdict.faults.push(text);
  if (runs.size > job.attempts.length) {
    verdict.doubled += 1;
    fault(`${String(runs.size)} runs of the script, but ${String(job.attempts.length)} attempts`);
  }
  const seenTokens = new Set<string>();
  for (const attempt of job.attempts) {
    const name = `attempt ${String(attempt.attempt)} (${attempt.outcome ?? 'no outcome'})`;
    const { token, records, wrong } = await readAttempt(rest, job.name, attempt.attempt);
    verdict.onService += records;
    for (const text of wrong) {
      if (text.startsWith('again')) verdict.doubled += 1;
      else verdict.lost += 1;
      fault(`${name}: ${text}`);
    }
    if (records !== attempt.recordCount) {
      verdict.lost += Math.abs(records - attempt.recordCount);
      fault(`${name}: the service counts ${String(attempt.recordCount)} records and shows ${String(records)}`);
    }
    if (token !== undefined && seenTokens.has(token)) {
      verdict.doubled += records;
      fault(`${name}: shows the records of another attempt`);
    }
    if (token !== undefined) seenTokens.add(token);
    const isWhole = attempt.outcome === 'completed';
    if (isWhole && records !== count) {
      verdict.lost += Math.abs(count - records);
      fault(`${name}: ${String(count)} records were to be written, the service has ${String(records)}`);
    }
    if (isWhole && attempt.verified !== true) fault(`${name}: is not verified`);
    const written = token === undefined ? undefined : runs.get(token);
    if (token !== undefined && written === undefined) fault(`${name}: no run of the script has counted its records`);
    if (written !== undefined && isWhole && written !== records) {
      verdict.lost += Math.max(0, written - records);
      fault(`${name}: the script counted ${String(written)}, the service has ${String(records)}`);
    }
    // Of an attempt that was cut short the journal says what had reached the sandbox.
    if (!isWhole) {
      const kept = await journalled(workerFolders, jobId, attempt.sandboxId);
      // Its sandbox lived: it read what was in the pipe, told the end itself, and the service compared.
      if (isOfKilledRuntime(attempt)) {
        if (attempt.verified !== true || kept !== records) fault(`${name}: is not verified`);
        if (written !== undefined && written > records) {
          verdict.lost += written - records;
          fault(`${name}: the script counted ${String(written)}, the service has ${String(records)}`);
        }
      }
      if (kept < records) fault(`${name}: the journal has ${String(kept)} records, the service ${String(records)}`);
      if (attempt.outcome === 'interrupted') verdict.notAccepted += Math.max(0, kept - records);
      else if (kept > records) {
        verdict.lost += kept - records;
        fault(`${name}: the journal has ${String(kept)} records, the service ${String(records)}`);
      }
      // A script that is killed between writing a line and counting it has written one more than it counted.
      if (written !== undefined) verdict.unread += Math.max(0, written - Math.max(kept, records));
    }
  }
  // Runs of which the service shows nothing wrote into pipes of sandboxes that were killed at once.
  for (const [token, written] of runs) if (!seenTokens.has(token)) verdict.unread += written;
  return verdict;
}

/** The words are the sandbox's own. An attempt that the service gave up is interrupted too. */
function isOfKilledRuntime({ outcome, reason }: JobDetails['attempts'][number]): boolean {
  return outcome === 'interrupted' && /was ended by SIGKILL, which did not come from here/.test(reason ?? '');
}

/** Counts of the script's runs, by the name that each gave itself. */
function readRuns(sideFolder: string, jobId: string): Map<string, number> {
  const runs = new Map<string, number>();
  for (const file of sideFiles(sideFolder, jobId)) {
    const token = file.slice(jobId.length + 1, -'.count'.length);
    if (file.endsWith('.count')) runs.set(token, countLines(join(sideFolder, file)));
  }
  return runs;
}

/** The folder holds only what runs just now: who has judged a job takes its files away. */
export function sideFiles(sideFolder: string, jobId: string): string[] {
  return readdirSync(sideFolder).filter((file) => file.startsWith(`${jobId}.`));
}

function countLines(file: string): number {
  if (!existsSync(file)) return 0;
  return readFileSync(file, 'utf8').split('\n').length - 1;
}

async function readAttempt(rest: RestClient, jobName: string, attempt: number) {
  const wrong: string[] = [];
  let token: string | undefined;
  let records = 0;
  let after: string | undefined;
  do {
    const query = { attempt, limit: 500, ...(after === undefined ? {} : { after }) };
    const page = await rest.call('jobs:streams', { params: { accountName, jobName }, query });
    for (const { sequence, streamText } of page.value) {
      const [by, number] = streamText.split(' ');
      token ??= by;
      if (sequence < records) wrong.push(`again: sequence ${String(sequence)}`);
      else if (sequence > records) wrong.push(`missing: sequences ${String(records)} to ${String(sequence - 1)}`);
      else if (by !== token || number !== String(sequence + 1))
        wrong.push(`sequence ${String(sequence)} says “${streamText.slice(0, 80)}”`);
      records = Math.max(records, sequence + 1);
    }
    after = page.next ?? undefined;
  } while (after !== undefined);
  return { token, records, wrong };
}

async function journalled(workerFolders: readonly string[], jobId: string, sandboxId: string): Promise<number> {
  for (const folder of workerFolders) {
    const file = journalPath(join(folder, 'journals'), jobId, sandboxId);
    if (existsSync(file)) return (await summarizeJournal(file)).recordCount;
  }
  return 0;
}
