/** The programs for Linux, as single executables: the service, the worker and its sandbox against each other on loopback. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtPrograms, makingLimitMs, requireOwnTarget } from '../harness/built-programs.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
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

leftoversAreCheckedAtTheEnd();
const run = promisify(execFile);
const canRun = process.platform === 'linux' && process.arch === 'x64';

describe('programs as single executables', () => {
  let folder = '';
  /** NODE_OPTIONS of whoever starts them, which would end each of them at once. */
  const environment = { ...process.env, NODE_OPTIONS: '--require /there/is/no/such/module.cjs', NODE_PATH: '' };

  beforeAll(async () => {
    if (canRun) folder = await builtPrograms('linux-x64');
  }, makingLimitMs);
  afterAll(async () => {
    await rm(path.join(tmpdir(), `hrw-${String(userInfo().uid)}`), { recursive: true, force: true });
  });

  it('say their version, whatever NODE_OPTIONS says', async (context) => {
    requireOwnTarget(context);
    const { version } = JSON.parse(await readFile(path.join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as {
      version: string;
    };
    for (const program of ['hrw', 'hrw-service']) {
      const { stdout } = await run(path.join(folder, program), ['--version'], { env: environment });
      expect(stdout.trim()).toBe(version);
    }
  });

  it('carry a list of their files, and the licences', async (context) => {
    requireOwnTarget(context);
    const list = JSON.parse(await readFile(path.join(folder, 'programs.json'), 'utf8')) as {
      target: string;
      files: { path: string; sha256: string }[];
    };
    expect(list.target).toBe('linux-x64');
    const listed = list.files.map((file) => file.path).sort();
    const found = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = found
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      .filter((file) => file !== 'programs.json');
    expect(files.sort()).toEqual(listed);
    expect(listed).toEqual(
      expect.arrayContaining(['hrw', 'hrw-service', 'Orchestrator.Sandbox', 'THIRD-PARTY-NOTICES.md', 'LICENSE-Node.txt']),
    );
  });

  it('run a job: service, worker, sandbox and history', async (context) => {
    requireOwnTarget(context);
    const data = await tempFolder();
    const service = await startService(path.join(data, 'service'), {
      env: environment,
      command: { file: path.join(folder, 'hrw-service'), leading: [] },
    });
    try {
      const account = await makeAccount(service);
      await publishRunbook(
        service,
        'who-runs-me',
        'Bash',
        'readlink /proc/$PPID/exe; echo "given: $1"; echo "NODE_OPTIONS=[$NODE_OPTIONS]"\n',
      );
      // Its parameters are read with the grammar, which lies beside the service.
      await publishRunbook(service, 'declares', 'PowerShell7', 'param([Parameter(Mandatory)][string] $Name)\n$Name\n');
      const declared = await service.rest.call('runbooks:get', { params: { accountName, runbookName: 'declares' } });
      expect(JSON.stringify(declared)).toContain('"name":"Name"');
      const worker = await startHeadlessWorker(path.join(data, 'worker'), path.join(data, 'worker.log'), environment, {
        file: path.join(folder, 'hrw'),
        leading: [],
      });
      try {
        await joinGroup(worker.control, service, account, 'singles');
        const jobName = randomUUID();
        const params = { accountName, jobName };
        await service.rest.call('jobs:start', {
          params,
          body: { runbook: { name: 'who-runs-me' }, parameters: { Word: 'hello' }, runOn: 'singles' },
        });
        const job = await waitFor('the end of the job', 40, async () => {
          const found = await service.rest.call('jobs:get', { params });
          return found.endTime === null ? undefined : found;
        });
        expect(job.status).toBe('Completed');
        const text = await service.rest.call('jobs:output', { params });
        expect(text.trim().split('\n')).toEqual([path.join(folder, 'Orchestrator.Sandbox'), 'given: hello', 'NODE_OPTIONS=[]']);
        const listed = unwrap(
          await worker.control.call('jobs:list', { limit: 5, before: null, outcome: null, runbookName: null }),
        );
        expect(JSON.stringify(listed)).toContain('who-runs-me');
      } finally {
        await worker.control.close();
        await worker.program.stop();
      }
    } finally {
      await service.stop();
    }
  });
});
