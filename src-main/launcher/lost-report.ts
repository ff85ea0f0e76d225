/**
 * What a sandbox would say of itself, made from its journal: for one whose state file was lost with the power, or on a full disk. The journal
 * is there before the runtime is, so without one no job of it ever ran.
 */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  reportWithoutJob,
  sandboxContractVersion,
  type ProcessIdentity,
  type SandboxReport,
} from '../../src-contract/sandbox.ts';
import { summarizeJournal } from '../journal/journal-reader.ts';
import { attemptSummaryPath, journalPath } from '../storage/layout.ts';

/** No process is it: the real one has ended, and nobody knows any more which it was. */
const forgottenProcess: ProcessIdentity = { bootId: '', pid: 0, startTime: '' };

export interface LostSandbox {
  sandboxesFolder: string;
  journalsFolder: string;
  /** The folder's name. */
  sandboxId: string;
  process: ProcessIdentity | null;
}

/** undefined: there is no journal of it, or its end has been noted already. */
export async function readLostReport(lost: LostSandbox): Promise<SandboxReport | undefined> {
  const { journalsFolder, sandboxId } = lost;
  const jobId = await findJob(lost);
  if (jobId === undefined) return undefined;
  const journal = journalPath(journalsFolder, jobId, sandboxId);
  const { begin, recordCount } = await summarizeJournal(journal);
  return {
    ...reportWithoutJob,
    contractVersion: sandboxContractVersion,
    sandboxId: begin?.sandboxId ?? sandboxId,
    process: lost.process ?? forgottenProcess,
    controlAddress: '',
    phase: 'running',
    since: begin?.time ?? new Date(0).toISOString(),
    jobId,
    runbookName: begin?.runbookName ?? null,
    kind: begin?.runbookKind ?? null,
    attempt: begin?.attempt ?? null,
    journalPath: journal,
    startedAt: begin?.time ?? null,
    recordCount,
  };
}

/** Journals lie in a folder a job. One sandbox id may have several, of which each further process has the beginning of its job in its name. */
async function findJob({ sandboxesFolder, journalsFolder, sandboxId }: LostSandbox): Promise<string | undefined> {
  const jobIds = await readdir(journalsFolder).catch(() => []);
  const [, jobsBeginning] = sandboxId.split('.');
  return jobIds.find((jobId) => {
    if (!existsSync(journalPath(journalsFolder, jobId, sandboxId))) return false;
    if (existsSync(attemptSummaryPath(journalsFolder, jobId, sandboxId))) return false;
    const beginning = jobId.slice(0, 8);
    return jobsBeginning === undefined
      ? !existsSync(path.join(sandboxesFolder, `${sandboxId}.${beginning}`))
      : jobsBeginning === beginning;
  });
}
