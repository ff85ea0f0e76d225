/** Sandboxes that wait, in a whole worker: made after jobs, taken by jobs, thrown away, and gone with their engine. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { mustEndWithTest } from '../harness/leftovers.ts';
import { requireRuntime } from '../harness/runtimes.ts';
import {
  accountName,
  joinGroup,
  makeAccount,
  publishRunbook,
  startHeadlessWorker,
  startService,
  unwrap,
  waitFor,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const groupName = 'lab';
/** Each waits until the next one is made, some four seconds: `HRW_WARM_JOBS=200` for the long form. */
const jobCount = Number(process.env['HRW_WARM_JOBS'] ?? 20);

type Stack = Awaited<ReturnType<typeof startStack>>;

async function startStack(context: TestContext) {
  requireRuntime(context, 'pwsh');
  const folder = await tempFolder();
  const service = await startService(path.join(folder, 'service'));
  onTestFinished(() => service.stop());
  const dataFolder = path.join(folder, 'worker');
  const startWorker = async () => {
    const worker = await startHeadlessWorker(dataFolder, path.join(folder, 'worker.log'));
    mustEndWithTest(worker.program.pid);
    onTestFinished(async () => {
      await worker.control.close();
      await worker.program.stop();
    });
    return worker;
  };
  const worker = await startWorker();
  await joinGroup(worker.control, service, await makeAccount(service), groupName);
  const placesFile = path.join(folder, 'places');
  await publishRunbook(service, 'where', 'PowerShell7', `[System.IO.File]::AppendAllText('${placesFile}', "$PSScriptRoot\`n")`);
  const sandboxesFolder = path.join(dataFolder, 'sandboxes');
  return { service, worker, startWorker, dataFolder, sandboxesFolder, placesFile };
}

/** Whether it ran in a sandbox that had waited. */
async function runJob({ service: { rest }, placesFile }: Stack): Promise<boolean> {
  const params = { accountName, jobName: randomUUID() };
  await rest.call('jobs:start', { params, body: { runbook: { name: 'where' }, runOn: groupName } });
  for await (const { event, data } of rest.live(accountName, params.jobName)) {
    const status = event === 'status' ? (data as { status: string }).status : '';
    if (status === 'Failed' || status === 'Suspended') throw new Error(`the job ended as ${status}: ${JSON.stringify(data)}`);
  }
  return readFileSync(placesFile, 'utf8').trimEnd().split('\n').at(-1)?.includes(`${path.sep}warm.`) === true;
}

const warmFolders = ({ sandboxesFolder }: Stack): string[] =>
  readdirSync(sandboxesFolder).filter((name) => name.startsWith('warm.'));

/** The sandboxes that this worker has started, and PowerShell in those that wait. */
function processesOf({ worker, dataFolder }: Stack): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = Number(
          readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
            .replace(/^.*\) . /s, '')
            .split(' ')[0],
        );
        return parent === worker.program.pid || readlinkSync(`/proc/${String(pid)}/cwd`).startsWith(dataFolder);
      } catch {
        return false;
      }
    });
}

const isPowerShell = (pid: number): boolean => {
  try {
    return (
      readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').startsWith('/') &&
      readlinkSync(`/proc/${String(pid)}/exe`).endsWith('pwsh')
    );
  } catch {
    return false;
  }
};

/** One sandbox waits, and its PowerShell has come as far as it comes without a job. */
async function whenOneWaits(stack: Stack): Promise<{ name: string; processes: number[] }> {
  return await waitFor('a sandbox that waits', 120, () => {
    const [name] = warmFolders(stack);
    const processes = processesOf(stack);
    return name !== undefined && processes.length === 2 && processes.some(isPowerShell) ? { name, processes } : undefined;
  });
}

/** Pipes and sockets that have a name below the folder, wherever the test's programs put them. */
const namedBelow = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => {
      const found = statSync(path.join(folder, name), { throwIfNoEntry: false });
      return found?.isFIFO() === true || found?.isSocket() === true;
    })
    .sort();

/** What each handle of a process leads to, by kind. A connection is a socket that has no place in the list of Unix sockets. */
function handlesOf(pid: number): Partial<Record<string, string[]>> {
  const local = new Set(
    readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .map((line) => line.split(/\s+/)[6]),
  );
  const targets = readdirSync(`/proc/${String(pid)}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${String(pid)}/fd/${name}`)];
    } catch {
      // It was closed meanwhile.
      return [];
    }
  });
  return Object.groupBy(targets, (target) => kindOf(target, local));
}

function kindOf(target: string, local: ReadonlySet<string | undefined>): string {
  const [kind = '', inode] = target.startsWith('/') ? ['file'] : target.split(':');
  if (kind === 'anon_inode') return target;
  if (kind !== 'socket') return kind;
  return local.has(inode?.slice(1, -1)) ? 'local socket' : 'connection';
}

/** The kinds of which there are more now than there were before, with what they lead to. */
const beyond = (before: ReturnType<typeof handlesOf>, now: ReturnType<typeof handlesOf>): ReturnType<typeof handlesOf> =>
  Object.fromEntries(Object.entries(now).filter(([kind, targets = []]) => targets.length > (before[kind] ?? []).length));

describe('jobs that find a sandbox waiting', () => {
  it(`leave no process, pipe, folder or handle behind: ${String(jobCount)} of them`, { timeout: 3_600_000 }, async (context) => {
    const stack = await startStack(context);
    const { worker, sandboxesFolder } = stack;
    const letWait = async (memoryMb: number) => unwrap(await worker.control.call('settings:change', { warmMemoryMb: memoryMb }));
    const whenNothingWaits = async (): Promise<void> => {
      await letWait(0);
      await waitFor('the end of all sandboxes', 60, () => (processesOf(stack).length === 0 ? true : undefined));
      await waitFor('the end of all folders', 60, () => (readdirSync(sandboxesFolder).length === 0 ? true : undefined));
    };
    expect(await runJob(stack)).toBe(false);
    await whenOneWaits(stack);
    await whenNothingWaits();
    const named = namedBelow(tmpdir());
    const handles = handlesOf(worker.program.pid);
    await letWait(512);
    for (let warm = 0; warm < jobCount;) {
      // Some come too early for the next one, and are none of those that this is about.
      if (await runJob(stack)) warm += 1;
      await waitFor('the next one', 120, () => warmFolders(stack)[0]);
    }
    await whenNothingWaits();
    expect(namedBelow(tmpdir())).toEqual(named);
    // Connections come and go, and a file is open while it is written: in the end there are no more than there were.
    await expect.poll(() => beyond(handles, handlesOf(worker.program.pid)), { timeout: 120_000 }).toEqual({});
  });
});

describe('a sandbox that waits', () => {
  it(
    'ends with its engine, also one that is killed, and the next engine finds nothing of it',
    { timeout: 300_000 },
    async (context) => {
      const stack = await startStack(context);
      await runJob(stack);
      const { processes } = await whenOneWaits(stack);
      for (const pid of processes) mustEndWithTest(pid);
      await stack.worker.program.kill();
      await waitFor('their end', 20, () =>
        processes.every((pid) => !readdirSync('/proc').includes(String(pid))) ? true : undefined,
      );
      const next = await stack.startWorker();
      unwrap(await next.control.call('worker:state', {}));
      expect(warmFolders(stack)).toEqual([]);
    },
  );

  it.for([
    ['it', (pid: number) => !isPowerShell(pid)],
    ['its PowerShell', isPowerShell],
  ] as const)(
    'costs no job when %s is killed, and nothing of it is left',
    { timeout: 300_000 },
    async ([, isVictim], context) => {
      const stack = await startStack(context);
      const { rest } = stack.service;
      await runJob(stack);
      const { name, processes } = await whenOneWaits(stack);
      for (const pid of processes) mustEndWithTest(pid);
      const victim = processes.find(isVictim);
      if (victim === undefined) throw new Error('there is nothing to kill');
      process.kill(victim, 'SIGKILL');
      // At once: its engine may have heard of it, or not yet.
      await runJob(stack);
      unwrap(await stack.worker.control.call('settings:change', { warmMemoryMb: 0 }));
      await waitFor('the end of all', 60, () => (processesOf(stack).length === 0 ? true : undefined));
      await waitFor('the end of its folder', 60, () => (readdirSync(stack.sandboxesFolder).includes(name) ? undefined : true));
      const { value } = await rest.call('jobs:list', { params: { accountName }, query: {} });
      const jobs = await Promise.all(value.map((job) => rest.call('jobs:get', { params: { accountName, jobName: job.name } })));
      expect(jobs.map(({ status, attempts }) => [status, attempts.length])).toEqual([
        ['Completed', 1],
        ['Completed', 1],
      ]);
    },
  );

  it('is thrown away when settings change, and made anew for the new ones', { timeout: 300_000 }, async (context) => {
    const stack = await startStack(context);
    await runJob(stack);
    const first = await whenOneWaits(stack);
    unwrap(await stack.worker.control.call('settings:change', { culture: 'de-CH' }));
    await waitFor('another one', 120, () => {
      const names = warmFolders(stack);
      return names.length > 0 && !names.includes(first.name) ? true : undefined;
    });
    await whenOneWaits(stack);
    unwrap(await stack.worker.control.call('settings:change', { warmMemoryMb: 0 }));
    await waitFor('the end of both', 60, () => (processesOf(stack).length === 0 ? true : undefined));
    expect(warmFolders(stack)).toEqual([]);
  });
});
