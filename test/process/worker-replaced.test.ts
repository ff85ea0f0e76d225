/**
 * The files of a worker replaced while its jobs run, as an update does it: the engine is ended, its program folder removed, and an engine from
 * another folder takes over. What ran goes on, also with what it only needs now: modules, assets, the upload of its records.
 */
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findRuntime } from '../harness/runtimes.ts';
import {
  accountName,
  connectToWorker,
  joinGroup,
  makeAccount,
  publishRunbook,
  root,
  startProgram,
  startService,
  unwrap,
  waitFor,
  waitForState,
  type Program,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const runbooks = {
  Bash: 'echo before; while [ ! -e "$1" ]; do sleep 0.1; done; echo "after $(printf "%s" "$2")"\n',
  Python3: [
    'import os, sys, time',
    'print("before", flush=True)',
    'while not os.path.exists(sys.argv[1]): time.sleep(0.1)',
    'import automationassets',
    'print("after " + automationassets.get_automation_variable("word"))',
    '',
  ].join('\n'),
  PowerShell7: [
    'param($Path, $Unused)',
    'Write-Output before',
    'while (-not (Test-Path $Path)) { Start-Sleep -Milliseconds 100 }',
    'Write-Output "after $(Get-AutomationVariable -Name word)"',
    '',
  ].join('\n'),
} as const;
type Kind = keyof typeof runbooks;

/** A program folder of its own, as an installation of one version. */
function install(folder: string): string {
  mkdirSync(folder);
  cpSync(path.join(root, 'out'), path.join(folder, 'out'), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  return path.join(folder, 'out', 'hrw.cjs');
}

it('jobs go on while the worker’s files are replaced and another engine takes over', async () => {
  const folder = await tempFolder();
  const service = await startService(path.join(folder, 'service'));
  onTestFinished(() => service.stop());
  const account = await makeAccount(service);
  await service.rest.call('variables:put', {
    params: { accountName, assetName: 'word' },
    body: { value: 'the word' },
  });
  const kinds = (Object.keys(runbooks) as Kind[]).filter((kind) => kind !== 'PowerShell7' || findRuntime('pwsh') !== undefined);
  for (const kind of kinds) await publishRunbook(service, kind, kind, runbooks[kind]);

  const dataFolder = path.join(folder, 'worker');
  const start = (program: string): Program =>
    startProgram(path.join(root, 'node_modules', 'node', 'bin', 'node'), [program, 'run', '--data', dataFolder], {
      logFile: path.join(folder, 'worker.log'),
    });
  const older = start(install(path.join(folder, 'older')));
  const control = await connectToWorker(dataFolder, older);
  await joinGroup(control, service, account, 'Main');
  unwrap(await control.call('settings:change', { limit: kinds.length }));

  const release = path.join(folder, 'release');
  const jobs = kinds.map((kind) => ({ kind, jobName: randomUUID() }));
  for (const { kind, jobName } of jobs)
    await service.rest.call('jobs:start', {
      params: { accountName, jobName },
      body: { runbook: { name: kind }, parameters: { Path: release, Unused: 'the word' }, runOn: 'Main' },
    });
  const look = (jobName: string) => service.rest.call('jobs:get', { params: { accountName, jobName } });
  for (const { jobName } of jobs)
    await waitFor('its first record', 60, async () => ((await look(jobName)).recordCount > 0 ? true : undefined));

  await older.kill();
  await control.close();
  rmSync(path.join(folder, 'older'), { recursive: true });
  const newer = start(install(path.join(folder, 'newer')));
  const next = await connectToWorker(dataFolder, newer);
  onTestFinished(() => newer.stop());
  onTestFinished(() => next.close());
  await waitForState(next, 'the jobs to be found', ({ running }) => running === kinds.length);
  writeFileSync(release, '');

  for (const { kind, jobName } of jobs) {
    const job = await waitFor('its end', 60, async () => {
      const now = await look(jobName);
      return now.endTime === null ? undefined : now;
    });
    expect(job, kind).toMatchObject({ status: 'Completed', verified: true, attempts: [{ attempt: 1 }] });
    const { value } = await service.rest.call('jobs:streams', { params: { accountName, jobName }, query: {} });
    expect(value.map(({ streamText }) => streamText)).toEqual(['before', 'after the word']);
  }
}, 240_000);
