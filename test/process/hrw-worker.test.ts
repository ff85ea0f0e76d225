/** hrw's worker side as a person or a script uses it: the built program, its output, its exit codes. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobView, WayTest, WorkerState } from '../../src-contract/engine-calls.ts';
import type { LogEvent } from '../../src-contract/events.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import {
  accountName,
  makeAccount,
  publishRunbook,
  root,
  startProgram,
  startService,
  waitFor,
  type Account,
  type Program,
  type Service,
} from '../harness/stack.ts';
import { tempFolder } from '../harness/temp-folder.ts';

leftoversAreCheckedAtTheEnd();

const node = path.join(root, 'node_modules', 'node', 'bin', 'node');
const program = path.join(root, 'out', 'hrw.cjs');
let folder: string;
let service: Service;
let account: Account;

beforeAll(async () => {
  folder = await tempFolder();
  service = await startService(path.join(folder, 'service'));
  account = await makeAccount(service);
  await publishRunbook(service, 'colourful', 'Bash', `printf '\\033[31mred\\033[0m \\033]0;title\\007end\\n'; echo "given $1"\n`);
  await publishRunbook(service, 'wait', 'Bash', 'echo waiting; while [ ! -e "$1" ]; do sleep 0.05; done; echo released\n');
});
afterAll(() => service.stop());

interface Result {
  code: number | null;
  output: string;
  errors: string;
}

function hrw(words: string[], input = ''): Promise<Result> {
  return new Promise((resolve) => {
    const child = spawn(node, [program, ...words], { stdio: 'pipe', env: { ...process.env, HRW_DATA: '' } });
    const result: Result = { code: null, output: '', errors: '' };
    child.stdout.on('data', (chunk: Buffer) => (result.output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (result.errors += chunk.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('close', (code) => {
      resolve({ ...result, code });
    });
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function asked<Value>(words: string[], input = ''): Promise<Value> {
  const { code, output, errors } = await hrw([...words, '--json'], input);
  const isAnswer = code === 0 || (words[0] === 'status' && code === 4);
  if (!isAnswer) throw new Error(`hrw ${words.join(' ')} ended with ${String(code)}: ${errors}${output}`);
  return JSON.parse(output) as Value;
}

async function run(data: string, ...more: string[]): Promise<Program> {
  const started = startProgram(node, [program, 'run', '--data', data, ...more], { logFile: `${data}.log` });
  await waitFor('the worker', 20, async () => ((await hrw(['status', '--data', data])).code === 3 ? undefined : true));
  return started;
}

async function startJob(runbook: string, runOn: string, parameters: Record<string, string>): Promise<string> {
  const jobName = randomUUID();
  await service.rest.call('jobs:start', {
    params: { accountName, jobName },
    body: { runbook: { name: runbook }, parameters, runOn },
  });
  return jobName;
}

async function becomeWorker(data: string, group: string): Promise<void> {
  const trust = ['--ca', service.ready.caFile];
  const where = ['--service-url', service.ready.agentUrl, '--workspace-id', account.workspaceId];
  await asked(['connect', '--data', data, ...where, ...trust, '--workspace-key-file', '-'], `${account.workspaceKey}\n`);
  await asked(
    ['register', '--data', data, '--group', group, '--endpoint', account.endpoint, '--token-file', '-'],
    account.accountKey,
  );
}

describe('from a checkout', () => {
  it.skipIf(process.platform === 'win32')('a worker ends with npm, whose shell hands no signal on', async () => {
    const data = path.join(folder, 'npm');
    const words = JSON.stringify([program, 'run', '--data', data]);
    const start = path.join(folder, 'start.mjs');
    const become = pathToFileURL(path.join(root, 'scripts', 'become.mjs')).href;
    await writeFile(start, `import { become } from '${become}';\nawait become(process.execPath, ${words});\n`);
    // The second command keeps the shell between the two, as it is when npm runs a script.
    const env = { ...process.env, npm_lifecycle_event: 'hrw' };
    const shell = spawn('/bin/sh', ['-c', `"${node}" "${start}"; :`], { stdio: 'ignore', env });
    const { processId } = await waitFor('the worker', 20, async () => {
      const { code, output } = await hrw(['status', '--data', data, '--json']);
      return code === 3 ? undefined : (JSON.parse(output) as WorkerState);
    });
    shell.kill('SIGTERM');
    try {
      await waitFor('its end', 10, async () => ((await hrw(['status', '--data', data])).code === 3 ? true : undefined));
      await expect.poll(() => isAlive(processId), { timeout: 10_000 }).toBe(false);
    } finally {
      if (isAlive(processId)) process.kill(processId);
    }
  });
});

describe('without a worker', () => {
  it('every command that needs one says so, with the next step, and exits with 3', async () => {
    const data = path.join(folder, 'nobody');
    const key = path.join(folder, 'key.txt');
    await writeFile(key, 'key');
    const commands = [
      ['status'],
      ['pause'],
      ['jobs'],
      ['events'],
      ['module-path'],
      ['settings', 'get'],
      ['connect', '--service-url', 'https://a', '--workspace-id', 'w', '--workspace-key-file', key],
      ['register', '--group', 'g', '--endpoint', 'e', '--token-file', key],
      ['way', 'test'],
      ['way', 'change', '--proxy', 'none'],
    ];
    for (const words of commands) {
      const { code, errors } = await hrw([...words, '--data', data]);
      expect([words[0], code]).toEqual([words[0], 3]);
      expect(errors).toContain('Start it with `hrw run`');
    }
    const { code, errors } = await hrw(['status', '--data', data, '--json']);
    expect([code, (JSON.parse(errors) as { code: string }).code]).toEqual([3, 'engine-not-running']);
    // Looking makes nothing.
    expect(existsSync(data)).toBe(false);
  });

  it('wrong use is said, and exits with 2', async () => {
    for (const words of [
      ['bogus'],
      ['connect'],
      ['open', 'nowhere'],
      ['jobs', '--limit', 'many'],
      ['jobs', '--outcome', 'odd'],
      ['settings', 'set', 'limit'],
    ]) {
      expect([words.join(' '), (await hrw(words)).code]).toEqual([words.join(' '), 2]);
    }
  });

  it('help has an example for each command, and the exit codes', async () => {
    const help = await hrw(['--help']);
    expect(help.code).toBe(0);
    expect(help.output).toContain('Exit codes:');
    for (const words of [
      ['run'],
      ['status'],
      ['events'],
      ['connect'],
      ['open'],
      ['way', 'test'],
      ['way', 'change'],
      ['disconnect'],
      ['register'],
      ['unregister'],
      ['pause'],
      ['resume'],
      ['drain'],
      ['jobs'],
      ['jobs', 'show'],
      ['jobs', 'stop'],
      ['settings', 'get'],
      ['settings', 'set'],
      ['policy', 'get'],
      ['policy', 'set'],
      ['policy', 'questions'],
      ['policy', 'show'],
      ['policy', 'answer'],
    ]) {
      const { code, output } = await hrw([...words, '--help']);
      expect([words.join(' '), code]).toEqual([words.join(' '), 0]);
      expect(output).toMatch(/Examples?:\n {2}hrw /);
    }
  });

  it('a data folder that cannot be used is refused with 1', async () => {
    const file = path.join(folder, 'a-file');
    await writeFile(file, '');
    const { code, errors } = await hrw(['run', '--data', path.join(file, 'data')]);
    expect(code).toBe(1);
    expect(errors.split('\n')[0]).toBe(`The worker starts; its data folder is ${path.join(file, 'data')}.`);
    expect(errors).toContain('The data folder cannot be used');
  });
});

describe('with a worker', () => {
  it('connects, registers, shows and leaves; secrets come from standard input or a file', async () => {
    const data = path.join(folder, 'whole');
    const worker = await run(data);
    try {
      const before = await asked<WorkerState>(['status', '--data', data]);
      expect(before).toMatchObject({ status: 'not-connected', mode: 'headless', processId: worker.pid });
      await becomeWorker(data, 'whole');
      const ready = await hrw(['status', '--data', data]);
      expect(ready.code).toBe(0);
      expect(ready.output.split('\n')[0]).toBe('This worker can take a job now');
      expect(await hrw(['run', '--data', data])).toMatchObject({
        code: 1,
        errors: expect.stringContaining(`process ${String(worker.pid)}`) as string,
      });

      const jobId = await startJob('colourful', 'whole', { Given: 'something' });
      const job = await waitFor('the job', 20, async () => {
        const { jobs } = await asked<{ jobs: JobView[] }>(['jobs', '--data', data]);
        return jobs.find((one) => one.jobId === jobId && one.phase === 'ended');
      });
      const shown = await hrw(['jobs', 'show', jobId, '--records', '--data', data]);
      expect(shown.output).toContain('given something');
      expect(shown.output).toContain('red end');
      expect(shown.output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
      const lines = (await hrw(['jobs', 'show', job.sandboxId, '--records', '--json', '--data', data])).output.trim().split('\n');
      expect(
        lines
          .map((line) => JSON.parse(line) as { stream?: string; text?: string })
          .slice(1)
          .map((record) => record.stream),
      ).toEqual(['Output', 'Output']);
      expect((await hrw(['jobs', 'show', randomUUID(), '--data', data])).code).toBe(1);
      expect((await hrw(['jobs', 'stop', jobId, '--data', data])).code).toBe(1);

      const events = await asked<LogEvent[]>(['events', '--data', data, '--channel', 'Operations Manager', '--limit', '100']);
      expect(events.map((event) => event.id)).toEqual([4500, 1200, 1201]);
      const [first, second] = events;
      const within = ['--since', second?.time ?? '', '--until', new Date(Date.parse(second?.time ?? '') + 1).toISOString()];
      const some = await asked<LogEvent[]>(['events', '--data', data, '--channel', 'Operations Manager', ...within]);
      expect(some.map((event) => event.number)).toContain(second?.number);
      expect(some.map((event) => event.number)).not.toContain(first?.number);
      expect((await hrw(['events', '--data', data, '--since', '1h', '--until', '2h'])).code).toBe(2);
      expect((await hrw(['events', '--data', data, '--until', '1h', '--follow'])).code).toBe(2);
      const way = await asked<WayTest>(['way', 'test', '--data', data]);
      expect([way.proxy, way.problem, way.stages.at(-1)?.stage]).toEqual([null, null, 'answer']);
      const pin = ['way', 'change', '--fingerprint', way.certificate?.fingerprint ?? '', '--data', data];
      expect((await hrw([...pin, '--dry-run'])).output).toMatch(
        /^trust: one authority, from a file -> the certificate [0-9a-f]{64}\n$/,
      );
      const untrusted = await hrw(['way', 'change', '--system-trust', '--data', data]);
      expect([untrusted.code, untrusted.errors]).toEqual([1, expect.stringContaining('is not trusted here')]);
      expect((await asked<WorkerState>(['status', '--data', data])).connection?.trust.kind).toBe('authority');
      expect((await asked<WorkerState>(pin)).connection?.trust.kind).toBe('fingerprint');
      expect((await hrw(['way', 'change', '--data', data])).code).toBe(2);
      expect((await hrw(['way', 'test', '--proxy', 'none', '--proxy-user', 'me', '--data', data])).code).toBe(2);
      expect(await asked(['settings', 'set', 'limit', '3', '--data', data])).toMatchObject({ limit: 3 });
      expect(await asked(['settings', 'set', 'limit', 'automatic', '--data', data])).toMatchObject({ limit: null });
      expect((await hrw(['settings', 'set', 'limit', '51', '--data', data])).code).toBe(1);
      expect((await hrw(['settings', 'set', 'colour', '1', '--data', data])).code).toBe(2);

      const early = await hrw(['disconnect', '--data', data]);
      expect(early.code).toBe(1);
      expect(early.errors).toContain('This machine is still in group whole.');
      expect(early.errors).toMatch(/`hrw unregister --token-file FILE`.*`--local`/);
      expect((await hrw(['unregister', '--data', data])).code).toBe(2);
      const keyFile = path.join(folder, 'account-key');
      await writeFile(keyFile, account.accountKey);
      expect(await asked(['unregister', '--token-file', keyFile, '--data', data])).toMatchObject({ registration: null });
      expect(await asked(['disconnect', '--data', data])).toMatchObject({ connection: null });
    } finally {
      await worker.stop();
    }
    expect(worker.child.exitCode).toBe(0);
    const log = await readFile(`${data}.log`, 'utf8');
    expect(log).toContain('The hybrid runbook worker stopped. Nothing ran.');
    for (const secret of [account.workspaceKey, account.accountKey]) expect(log).not.toContain(secret);
    expect(existsSync(path.join(data, 'engine.lock'))).toBe(false);
  });

  it('asks a person before it runs anything, who looks at it and answers', async () => {
    const data = path.join(folder, 'policy');
    const worker = await run(data);
    const at = ['--data', data];
    try {
      await becomeWorker(data, 'policy');
      expect((await hrw(['policy', 'set', 'askSeconds', 'soon', ...at])).code).toBe(2);
      expect(await asked(['policy', 'set', 'askSeconds', '2m', ...at])).toMatchObject({ askSeconds: 120, kinds: null });
      expect((await hrw(['policy', 'get', ...at])).output).toMatch(
        /Ask me first +askSeconds +once a person has allowed it, within 2m/,
      );
      expect((await hrw(['policy', 'questions', ...at])).output).toBe('No runbook waits for permission.\n');
      const jobId = await startJob('colourful', 'policy', { Given: 'something' });
      await waitFor('the question', 20, async () => {
        const found = await asked<JobView[]>(['policy', 'questions', ...at]);
        return found.some((job) => job.jobId === jobId) ? true : undefined;
      });
      const { output } = await hrw(['policy', 'show', jobId, ...at]);
      expect(output).toMatch(/parameter Given +something\n/);
      expect(output).toContain(`printf '\\033[31mred`);
      expect((await hrw(['policy', 'answer', jobId, 'perhaps', ...at])).code).toBe(2);
      expect((await hrw(['policy', 'answer', jobId, 'allow', ...at])).output).toBe('colourful was allowed.\n');
      await waitFor('its end', 20, async () => {
        const now = await asked<JobView>(['jobs', 'show', jobId, ...at]);
        return now.outcome === 'completed' ? true : undefined;
      });
      const late = await hrw(['policy', 'answer', jobId, 'refuse', ...at]);
      expect([late.code, late.errors.split('\n')[0]]).toEqual([1, 'This job waits for no permission.']);
    } finally {
      await worker.stop();
    }
  });

  it('a refusal says what was not done and exits with 1', async () => {
    const data = path.join(folder, 'refused');
    const worker = await run(data);
    try {
      const { code, output, errors } = await hrw(
        ['register', '--data', data, '--group', 'g', '--endpoint', account.endpoint, '--token-file', '-'],
        'x',
      );
      expect([code, output]).toEqual([1, '']);
      expect(errors).toContain('This machine is not connected to a workspace');
      expect(errors).toContain('`hrw connect`');
      const untrusted = await hrw(
        [
          'connect',
          '--data',
          data,
          '--service-url',
          service.ready.agentUrl,
          '--workspace-id',
          account.workspaceId,
          '--workspace-key-file',
          '-',
          '--fingerprint',
          'ab'.repeat(32),
        ],
        account.workspaceKey,
      );
      expect(untrusted.code).toBe(1);
      expect(untrusted.errors).toContain('shows another certificate than the pinned one');
    } finally {
      await worker.stop();
    }
  });

  it('pauses, resumes; events are followed live until the worker ends', async () => {
    const data = path.join(folder, 'followed');
    const worker = await run(data);
    const following = hrw(['events', '--follow', '--json', '--limit', '1', '--data', data]);
    try {
      expect((await hrw(['pause', '--data', data])).code).toBe(0);
      await waitFor('both', 10, async () =>
        (await asked<WorkerState>(['resume', '--data', data])).status === 'not-connected' ? true : undefined,
      );
      await new Promise((resolve) => setTimeout(resolve, 300));
    } finally {
      await worker.stop();
    }
    const { code, output, errors } = await following;
    expect(code).toBe(0);
    const events = output
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as LogEvent).id);
    expect(events.filter((id) => id !== 15003)).toEqual([15013, 15014, 15004]);
    expect(errors).toContain('The worker ended.');
  });

  it('ends on a signal while a job runs, says that it goes on, and finds it again', async () => {
    const data = path.join(folder, 'signal');
    const gate = path.join(folder, 'signal-gate');
    let worker = await run(data);
    await becomeWorker(data, 'signal');
    const jobId = await startJob('wait', 'signal', { Gate: gate });
    const job = await waitFor('the job', 20, async () =>
      (await asked<JobView[]>(['jobs', '--running', '--data', data])).find((one) => one.phase === 'running'),
    );
    await worker.stop();
    expect(worker.child.exitCode).toBe(0);
    expect(await readFile(`${data}.log`, 'utf8')).toContain('One job goes on without it and will be found at the next start.');
    worker = await run(data);
    try {
      const [found] = await asked<JobView[]>(['jobs', '--running', '--data', data]);
      expect(found).toMatchObject({ sandboxId: job.sandboxId, processId: job.processId });
      await writeFile(gate, '');
      await waitFor('its end', 20, async () => {
        const now = await asked<JobView>(['jobs', 'show', jobId, '--data', data]);
        return now.phase === 'ended' && now.outcome === 'completed' ? true : undefined;
      });
    } finally {
      await worker.stop();
    }
  });

  it('run --drain finishes what runs before it ends', async () => {
    const data = path.join(folder, 'drain');
    const gate = path.join(folder, 'drain-gate');
    const worker = await run(data, '--drain');
    await becomeWorker(data, 'drain');
    await startJob('wait', 'drain', { Gate: gate });
    await waitFor('the job', 20, async () =>
      (await asked<JobView[]>(['jobs', '--running', '--data', data])).find((one) => one.phase === 'running'),
    );
    worker.child.kill('SIGTERM');
    const draining = await waitFor('draining', 10, async () => {
      const state = await asked<WorkerState>(['status', '--data', data]);
      return state.status === 'draining' ? state : undefined;
    });
    expect(draining.sentence).toBe('This worker takes no new job and ends when the one that runs has ended');
    await writeFile(gate, '');
    const code = await new Promise((resolve) => worker.child.once('close', resolve));
    expect(code).toBe(0);
    expect(await readFile(`${data}.log`, 'utf8')).toContain('Everything that ran has ended. The worker ends.');
  });

  it('run --drain that was killed before it had finished takes work again: that drain was for its run alone', async () => {
    const data = path.join(folder, 'drain-once');
    const gate = path.join(folder, 'drain-once-gate');
    const worker = await run(data, '--drain');
    await becomeWorker(data, 'drain-once');
    await startJob('wait', 'drain-once', { Gate: gate });
    const status = (): Promise<WorkerState> => asked<WorkerState>(['status', '--data', data]);
    await waitFor('the job', 20, async () =>
      (await asked<JobView[]>(['jobs', '--running', '--data', data])).find((one) => one.phase === 'running'),
    );
    worker.child.kill('SIGTERM');
    await waitFor('draining', 10, async () => ((await status()).status === 'draining' ? true : undefined));
    await worker.kill();
    const next = await run(data);
    const found = await waitFor('its job', 20, async () => {
      const state = await status();
      return state.running === 1 && state.status !== 'connecting' ? state : undefined;
    });
    expect(['ready', 'full']).toContain(found.status);
    await writeFile(gate, '');
    await waitFor('the end of the job', 20, async () => ((await status()).running === 0 ? true : undefined));
    await next.stop();
  });

  it('drain goes on after a kill, takes nothing, ends by itself, and is then forgotten', async () => {
    const data = path.join(folder, 'drain-on');
    const gate = path.join(folder, 'drain-on-gate');
    let worker = await run(data);
    await becomeWorker(data, 'drain-on');
    await startJob('wait', 'drain-on', { Gate: gate });
    await waitFor('the job', 20, async () =>
      (await asked<JobView[]>(['jobs', '--running', '--data', data])).find((one) => one.phase === 'running'),
    );
    expect((await asked<WorkerState>(['drain', '--data', data])).status).toBe('draining');
    await worker.kill();
    worker = await run(data);
    expect(await asked<WorkerState>(['status', '--data', data])).toMatchObject({ status: 'draining', running: 1 });
    await writeFile(gate, '');
    await new Promise((resolve) => worker.child.once('close', resolve));
    expect(worker.child.exitCode).toBe(0);
    worker = await run(data);
    try {
      expect(await asked<WorkerState>(['status', '--data', data])).toMatchObject({ drain: null });
      expect((await asked<WorkerState>(['status', '--data', data])).status).not.toBe('draining');
    } finally {
      await worker.stop();
    }
  });

  it('drain --deadline stops what still runs then, and says so in the job', async () => {
    const data = path.join(folder, 'drain-deadline');
    const worker = await run(data);
    await becomeWorker(data, 'drain-deadline');
    const jobId = await startJob('wait', 'drain-deadline', { Gate: path.join(folder, 'never-opened') });
    await waitFor('the job', 20, async () =>
      (await asked<JobView[]>(['jobs', '--running', '--data', data])).find((one) => one.phase === 'running'),
    );
    expect((await hrw(['drain', '--deadline', 'soon', '--data', data])).code).toBe(2);
    const { drain, sentence } = await asked<WorkerState>(['drain', '--deadline', '2s', '--data', data]);
    expect(drain?.deadline).toMatch(/^20/);
    expect(sentence).toMatch(/ends when the one that runs has ended, or is stopped at/);
    await new Promise((resolve) => worker.child.once('close', resolve));
    expect(worker.child.exitCode).toBe(0);
    expect(await readFile(`${data}.log`, 'utf8')).toContain(
      'The deadline of draining has passed: one job that still runs is stopped.',
    );
    const job = await service.rest.call('jobs:get', { params: { accountName, jobName: jobId } });
    expect(job.status).toBe('Stopped');
  });

  it('drain --deadline holds for the next engine too, when the deadline has passed while none ran', async () => {
    const data = path.join(folder, 'drain-passed');
    let worker = await run(data);
    await becomeWorker(data, 'drain-passed');
    const jobId = await startJob('wait', 'drain-passed', { Gate: path.join(folder, 'never-opened') });
    await waitFor('the job', 20, async () =>
      (await asked<JobView[]>(['jobs', '--running', '--data', data])).find((one) => one.phase === 'running'),
    );
    await asked<WorkerState>(['drain', '--deadline', '3s', '--data', data]);
    await worker.kill();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    // It may be over before anybody could ask it anything.
    worker = startProgram(node, [program, 'run', '--data', data], { logFile: `${data}.log` });
    await new Promise((resolve) => worker.child.once('close', resolve));
    expect(worker.child.exitCode).toBe(0);
    const job = await service.rest.call('jobs:get', { params: { accountName, jobName: jobId } });
    expect(job).toMatchObject({ status: 'Stopped', attempts: [{ outcome: 'stopped' }] });
  });

  it('drain ends no sooner than the service knows what became of a sandbox that died meanwhile', async () => {
    const data = path.join(folder, 'drain-dead');
    const worker = await run(data);
    await becomeWorker(data, 'drain-dead');
    const jobId = await startJob('wait', 'drain-dead', { Gate: path.join(folder, 'never-opened') });
    const running = await waitFor('the job', 20, async () =>
      (await asked<JobView[]>(['jobs', '--running', '--data', data])).find((one) => one.phase === 'running'),
    );
    await asked<WorkerState>(['drain', '--data', data]);
    process.kill(running.processId ?? 0, 'SIGKILL');
    await new Promise((resolve) => worker.child.once('close', resolve));
    expect(worker.child.exitCode).toBe(0);
    const job = await service.rest.call('jobs:get', { params: { accountName, jobName: jobId } });
    expect(job.attempts).toMatchObject([{ outcome: 'sandbox-crashed', verified: true }]);
  });
});
