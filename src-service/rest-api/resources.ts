/** Finding what a path names, or refusing. */
import { AppError } from '../../src-contract/app-error.ts';
import { namePattern } from '../../src-contract/limits.ts';
import { findAccount, type Account } from '../store/accounts.ts';
import { findJobByName, type Job } from '../store/jobs.ts';
import { findRunbook, type Runbook } from '../store/runbooks.ts';
import type { Reader } from '../store/store.ts';
import { findGroup, type Group } from '../store/workers.ts';
import { findWorkspace, findWorkspaceById, type Workspace } from '../store/workspaces.ts';

export function unknownResource(what: string, name: string): AppError {
  return new AppError('resource-unknown', { what, name });
}

export async function requireAccount(db: Reader, name: string): Promise<Account> {
  return (await findAccount(db, name)) ?? refuse('account', name);
}

export async function requireRunbook(db: Reader, accountId: string, name: string): Promise<Runbook> {
  return (await findRunbook(db, accountId, name)) ?? refuse('runbook', name);
}

export async function requireJob(db: Reader, accountId: string, name: string): Promise<Job> {
  return (await findJobByName(db, accountId, name)) ?? refuse('job', name);
}

export async function requireGroup(db: Reader, accountId: string, name: string): Promise<Group> {
  return (await findGroup(db, accountId, name)) ?? refuse('worker group', name);
}

/** By id or by name. */
export async function requireWorkspace(db: Reader, idOrName: string): Promise<Workspace> {
  return (await findWorkspaceById(db, idOrName)) ?? (await findWorkspace(db, idOrName)) ?? refuse('workspace', idOrName);
}

/** For names that are about to be given to something. */
export function checkName(name: string, where: string): void {
  if (!namePattern.test(name)) {
    const reason = 'a name has 1 to 127 letters, digits, dots, dashes or underscores and starts with a letter or digit';
    throw new AppError('request-invalid', { where, reason });
  }
}

function refuse(what: string, name: string): never {
  throw unknownResource(what, name);
}
