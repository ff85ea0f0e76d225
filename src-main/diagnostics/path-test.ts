/** Whether runbooks reach a folder, tried with the rights that they have: a share, usually. */
import { execFile } from 'node:child_process';
import { access, constants, readdir } from 'node:fs/promises';
import type { PathTest } from '../../src-contract/diagnostics.ts';
import type { RunbookUser } from '../../src-contract/sandbox.ts';
import { startAs } from '../platform/start-as.ts';
import { evidence } from './evidence.ts';

/** A share whose server is gone keeps a caller waiting for long. */
const limitMs = 20_000;

type Seen = { kind: 'listed'; entries: number } | { kind: 'failed'; reason: string };

export async function testPath(path: string, user: RunbookUser, platform: NodeJS.Platform): Promise<PathTest> {
  const about = { path, user: user.name };
  if (platform !== 'win32' && path.startsWith('\\\\'))
    return {
      ...about,
      reached: false,
      sentence: `${path} is how Windows names a share; on this machine a share is reached by the folder where it is mounted`,
      evidence: [],
      repair: 'Mount the share, and test the folder where it is mounted.',
    };
  const seen = user.kind === 'other' ? await listAs(path, user) : await listHere(path);
  if (user.kind === 'unavailable')
    return {
      ...about,
      reached: false,
      sentence: `Runbooks are to run as ${user.name}, and ${user.reason}`,
      evidence: [],
      repair: 'Mend the identity of runbooks first.',
    };
  if (seen.kind === 'listed')
    return {
      ...about,
      reached: true,
      sentence: `${user.name} can list ${path}`,
      evidence: evidence([['entries', String(seen.entries)]]),
      repair: null,
    };
  return {
    ...about,
    reached: false,
    sentence: `${user.name} cannot list ${path}: ${seen.reason}`,
    evidence: evidence([['answer', seen.reason]]),
    repair: repairOf(path, seen.reason),
  };
}

/** Rights on what is not there, or behind a server that is silent, mend nothing. */
function repairOf(path: string, reason: string): string {
  const isShare = path.startsWith('\\\\');
  if (reason === absent) {
    return isShare
      ? 'See whether server, share and folder are spelt as they are there, and whether the share still exists.'
      : 'See whether the path is spelt right, and whether what belongs there is mounted. Make the folder if it is to be there.';
  }
  if (reason === noFolder) return 'Name the folder that holds it.';
  if (reason === silentServer) return 'See whether the server runs, and whether this machine reaches it.';
  return isShare
    ? 'Give that identity rights on the share and on its files; on a network the service’s own accounts are the computer account. Or let the runbook bring a credential of the account.'
    : 'Give that user rights on the folder and the way to it, or name another folder.';
}

const absent = 'there is no such folder';
const noFolder = 'it is no folder';
const silentServer = 'its server does not answer';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: absent,
  ENOTDIR: noFolder,
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  EHOSTDOWN: silentServer,
  ETIMEDOUT: silentServer,
};

async function listHere(path: string): Promise<Seen> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Seen>((resolve) => {
    timer = setTimeout(() => {
      resolve({ kind: 'failed', reason: `nothing came back within ${String(limitMs / 1000)} s` });
    }, limitMs);
  });
  const listed = (async (): Promise<Seen> => {
    await access(path, constants.R_OK);
    return { kind: 'listed', entries: (await readdir(path)).length };
  })().catch((error: unknown): Seen => {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return { kind: 'failed', reason: reasons[code] ?? `the system says ${code}` };
  });
  try {
    return await Promise.race([listed, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** By a process of that user: only the kernel knows all of what decides. */
function listAs(path: string, user: Extract<RunbookUser, { kind: 'other' }>): Promise<Seen> {
  const { file, arguments: given, ...ids } = startAs(user, { file: '/bin/ls', arguments: ['-A', '-q', '-1', '--', path] });
  const options = {
    ...ids,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    cwd: '/',
    timeout: limitMs,
    killSignal: 'SIGKILL',
  } as const;
  return new Promise((resolve) => {
    execFile(file, given, { ...options, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve({ kind: 'listed', entries: stdout.split('\n').filter((line) => line !== '').length });
      else if (error.killed === true) resolve({ kind: 'failed', reason: `nothing came back within ${String(limitMs / 1000)} s` });
      else if (/No such file/.test(stderr)) resolve({ kind: 'failed', reason: absent });
      else if (/Permission denied/.test(stderr)) resolve({ kind: 'failed', reason: 'access is denied' });
      else resolve({ kind: 'failed', reason: stderr.trim().split('\n')[0] ?? 'it could not be listed' });
    });
  });
}
