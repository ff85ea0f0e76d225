import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveRunbookUser } from '../../src-main/platform/linux/runbook-user.ts';
import { ScriptedJrds, type JrdsOptions } from '../fakes/scripted-jrds.ts';
import { dataFolderFor, otherUserName, requireOtherUser } from '../harness/other-user.ts';
import { provokes } from '../harness/provokes.ts';
import { requireRuntime } from '../harness/runtimes.ts';
import { endedWell, runSandbox, until } from '../harness/sandbox-process.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import { TestWorker } from '../harness/worker-in-process.ts';

const hostile = readFileSync(path.join(import.meta.dirname, '..', 'fixtures', 'runtimes', 'hostile.py'), 'utf8');

async function startJrds(options: JrdsOptions): Promise<ScriptedJrds> {
  const jrds = await ScriptedJrds.start(options);
  onTestFinished(() => jrds.close());
  return jrds;
}

describe('a runbook that runs as another user', () => {
  it('has that user’s rights, a folder of its own, and its pipes by name', async (context) => {
    const user = requireOtherUser(context);
    const script = [
      'echo "$(id -un) $USER $(stat -c %U:%a .)"',
      'echo to a file > made && cat made',
      'echo aside > /dev/stderr',
      'echo "temporary: $(mktemp -p "$TMPDIR" | grep -c .tmp)"',
    ].join('\n');
    const jrds = await startJrds({ job: { kind: 'Bash', script } });
    const sandbox = await runSandbox(jrds, { runAs: user }, process.env, await dataFolderFor(user));
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'completed', processesLeft: 0, runAs: otherUserName });
    expect(jrds.records.map((record) => record.text).sort()).toEqual([
      'aside',
      `${otherUserName} ${otherUserName} ${otherUserName}:700`,
      'temporary: 1',
      'to a file',
    ]);
    expect(existsSync(path.join(sandbox.folder, 'work'))).toBe(false);
  });

  it('runs PowerShell too, whose host opens its report pipe by name', async (context) => {
    const user = requireOtherUser(context);
    requireRuntime(context, 'pwsh');
    const jrds = await startJrds({
      job: { kind: 'PowerShell7', script: 'Write-Output "I am $(id -un)"; Write-Warning "careful"' },
    });
    const sandbox = await runSandbox(jrds, { runAs: user }, process.env, await dataFolderFor(user));
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'completed' });
    expect(jrds.records.map((record) => record.text)).toEqual([`I am ${otherUserName}`, 'careful']);
  });

  it('gets nothing of the worker: no key, no memory, no environment, no pipe, no debugger, no control endpoint', async (context) => {
    const user = requireOtherUser(context);
    requireRuntime(context, 'python3');
    const jrds = await startJrds({ job: { kind: 'Python3', script: hostile } });
    const sandbox = await runSandbox(jrds, { runAs: user }, process.env, await dataFolderFor(user));
    expect(await sandbox.ended).toBe(endedWell);
    const said = jrds.records.map((record) => record.text);
    expect(said[0]).toBe(`user ${String(user.userId)} groups [${String(user.groupId)}]`);
    expect(said.at(-1)).toMatch(/^looked \d\d+$/);
    expect(said.filter((text) => text.startsWith('got'))).toEqual([]);
  });

  it('would get all of that as the worker’s own user, but for the debugger', async (context) => {
    requireRuntime(context, 'python3');
    const jrds = await startJrds({ job: { kind: 'Python3', script: hostile } });
    const sandbox = await runSandbox(jrds, {}, process.env, await dataFolderFor({ kind: 'own', name: 'own' }));
    expect(await sandbox.ended).toBe(endedWell);
    const got = jrds.records.map((record) => record.text).filter((text) => text.startsWith('got'));
    // The control endpoint lies elsewhere where the folder's path is too long for a socket: its key is what counts.
    expect(got).toEqual(expect.arrayContaining(['got control.key', 'got secrets/worker.key.pem']));
    expect(got.join('\n')).toMatch(/got environment of \d+/);
    expect(got).not.toContain('got debugger');
  });

  it('is stopped with everything that it started, whatever session that is in', async (context) => {
    const user = requireOtherUser(context);
    const daemon = '(setsid bash -c \'trap "" TERM; exec env -i sleep 300\' </dev/null >/dev/null 2>&1 &)';
    const jrds = await startJrds({
      job: { kind: 'Bash', script: `trap '' TERM\n${daemon}\necho ready\nwhile :; do sleep 1; done` },
    });
    const folder = await dataFolderFor(user);
    const sandbox = await runSandbox(jrds, { runAs: user, stopGraceSeconds: 0.5 }, process.env, folder);
    await until('the first record', () => jrds.records.length > 0);
    await until('the daemon', () => sandbox.members().length >= 3);
    jrds.stopJob();
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'stopped', processesLeft: 0 });
    expect(sandbox.members()).toEqual([]);
  });

  it('never starts when that user cannot be used, and says why', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: 'echo never' } });
    const sandbox = await runSandbox(jrds, { runAs: { kind: 'unavailable', name: 'somebody', reason: 'there is no such user' } });
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'never-started', recordCount: 0 });
    expect(jrds.final?.hrw?.reason).toMatch(/^Runbooks cannot be run as somebody\. .*there is no such user/);
  });
});

describe('the user that runbooks run as', () => {
  it('gets the way to its jobs and nothing beside it', async (context) => {
    const user = requireOtherUser(context);
    const data = await dataFolderFor(user);
    for (const folder of [data, path.join(data, 'sandboxes')])
      expect(statSync(folder)).toMatchObject({ uid: 0, gid: user.groupId, mode: 0o40710 });
    expect(statSync(path.join(data, 'secrets')).mode & 0o077).toBe(0);
    expect(statSync(path.join(data, 'settings.json')).mode & 0o077).toBe(0);
  });

  it('is refused with the reason when it is not there, or cannot reach its jobs', async (context) => {
    requireOtherUser(context);
    const ask = (wanted: string, way: string[]) => resolveRunbookUser({ wanted, way, platform: 'linux' });
    expect(await ask('nobody-of-that-name', [])).toMatchObject({ kind: 'unavailable', reason: 'there is no such user' });
    const closed = await tempFolder();
    const inside = path.join(closed, 'data');
    await mkdir(inside);
    await chmod(closed, 0o700);
    expect(await ask(otherUserName, [inside])).toMatchObject({
      kind: 'unavailable',
      reason: expect.stringContaining('cannot reach') as string,
    });
    expect(await ask('root', [])).toEqual({ kind: 'own', name: 'root' });
  });

  it('is a problem of the worker while it cannot be used, and none any more when another is chosen', async () => {
    const worker = await TestWorker.start(path.join(await tempFolder(), 'data'));
    onTestFinished(() => worker.close());
    await worker.ask('settings:change', { runAs: 'nobody-of-that-name' });
    const state = await worker.state();
    expect(state.problems.map((problem) => problem.code)).toEqual([provokes('run-as-unavailable')]);
    expect(state.runbooks).toMatchObject({ user: 'nobody-of-that-name', separated: false });
    await worker.ask('settings:change', { runAs: null });
    expect((await worker.state()).problems).toEqual([]);
  });

  it('is the worker’s own where nothing else is possible', async (context) => {
    if (process.getuid?.() === 0) {
      context.expect(execFileSync('id', ['-u'], { encoding: 'utf8' }).trim()).toBe('0');
      context.skip('this user is root, who can run something as another user');
    }
    expect(await resolveRunbookUser({ wanted: null, way: [], platform: 'linux' })).toMatchObject({ kind: 'own' });
    expect(await resolveRunbookUser({ wanted: otherUserName, way: [], platform: 'linux' })).toMatchObject({
      kind: 'unavailable',
    });
  });
});
