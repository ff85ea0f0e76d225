import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { summarizeJournal } from '../../src-main/journal/journal-reader.ts';
import { connectLineChannel } from '../../src-main/channel/line-channel-client.ts';
import { sandboxCalls, sandboxReport } from '../../src-contract/sandbox.ts';
import { ScriptedJrds, type JrdsOptions } from '../fakes/scripted-jrds.ts';

import { endedWell, runSandbox, until, type RunningSandbox } from '../harness/sandbox-process.ts';

async function startJrds(options: JrdsOptions): Promise<ScriptedJrds> {
  const jrds = await ScriptedJrds.start(options);
  onTestFinished(() => jrds.close());
  return jrds;
}

const hasText = (jrds: ScriptedJrds, text: string): boolean => jrds.records.some((record) => record.text === text);

/** A daemon as daemons are made: a session of its own, its parent gone, deaf to SIGTERM. */
const daemon = '(setsid bash -c \'trap "" TERM; (trap "" TERM; sleep 300) & sleep 300\' </dev/null >/dev/null 2>&1 &)';

async function controlOf(sandbox: RunningSandbox) {
  const { controlAddress } = await sandbox.state();
  const key = Buffer.from(readFileSync(path.join(sandbox.folder, 'control.key'), 'utf8').trim(), 'hex');
  const reports: unknown[] = [];
  const channel = await connectLineChannel({
    address: controlAddress,
    role: 'engine',
    key,
    onEvent: (event, payload) => {
      if (event === 'report') reports.push(payload);
    },
  });
  onTestFinished(() => channel.close());
  return { channel, reports };
}

describe('stopping a job', () => {
  it('asks the whole tree, which may clean up, and says how long that took', async () => {
    const script = "trap 'echo cleaning up; exit 0' TERM\necho ready\nwhile :; do sleep 0.05; done";
    const jrds = await startJrds({ job: { kind: 'Bash', script } });
    const sandbox = await runSandbox(jrds);
    await until('the first record', () => hasText(jrds, 'ready'));
    jrds.stopJob();
    expect(await sandbox.ended).toBe(endedWell);
    expect(hasText(jrds, 'cleaning up')).toBe(true);
    expect(jrds.statuses.map((status) => status.jobStatus)).toEqual(['Activating', 'Running', 'Stopping', 'Stopped']);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'stopped', processesLeft: 0 });
    expect(jrds.decisions.join()).toMatch(/process(?:es)? w(?:as|ere) asked to end and had ended after \d+ ms/);
    expect(sandbox.members()).toEqual([]);
  });

  it('tells each step as it comes: asked, waited for, ended; and what the job uses meanwhile', async () => {
    const script = `trap '' TERM\necho ready\nwhile :; do :; done`;
    const jrds = await startJrds({ job: { kind: 'Bash', script } });
    const sandbox = await runSandbox(jrds, { stopGraceSeconds: 1.5 });
    await until('the first record', () => hasText(jrds, 'ready'));
    const { channel, reports } = await controlOf(sandbox);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const usage = await channel.call('sandbox:usage', { since: null });
    const { samples } = sandboxCalls['sandbox:usage'].value.parse(usage.ok ? usage.value : undefined);
    const [first, last] = [samples[0], samples.at(-1)];
    expect(samples.length).toBeGreaterThan(1);
    expect(last?.cpuMs).toBeGreaterThan((first?.cpuMs ?? 0) + 100);
    expect(last?.processes).toBe(1);
    expect(last?.memoryBytes).toBeGreaterThan(500_000);
    expect(await channel.call('sandbox:stop', { reason: 'a person' })).toEqual({ ok: true, value: { accepted: true } });
    expect(await sandbox.ended).toBe(endedWell);
    const courses = reports.map((report) => sandboxReport.parse(report).stop).filter((stop) => stop !== null);
    expect(courses[0]).toMatchObject({ reason: 'a person', left: null, steps: [{ step: 'ask-processes', processes: 1 }] });
    expect(courses.at(-1)).toMatchObject({ left: 0, steps: [{ step: 'ask-processes' }, { step: 'end', processes: 1 }] });
    const [asked, ended] = courses.at(-1)?.steps.map(({ at }) => Date.parse(at)) ?? [];
    expect((ended ?? 0) - (asked ?? 0)).toBeGreaterThan(1_400);
  });

  it('ends what ignores every request: a deaf runtime, its children, and daemons of a session of their own', async () => {
    const script = `trap '' TERM INT HUP\n${daemon}\n${daemon}\necho ready\nwhile :; do sleep 1; done`;
    const jrds = await startJrds({ job: { kind: 'Bash', script } });
    const sandbox = await runSandbox(jrds, { stopGraceSeconds: 0.5 });
    await until('the first record', () => hasText(jrds, 'ready'));
    await until('the daemons', () => sandbox.members().length >= 6);
    const start = performance.now();
    jrds.stopJob();
    expect(await sandbox.ended).toBe(endedWell);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'stopped', processesLeft: 0 });
    expect(jrds.decisions.join()).toMatch(/after 5\d\d ms \d+ processes were still there and ended within \d+ ms, none is left/);
    expect(sandbox.members()).toEqual([]);
  });

  it('can be asked over the control endpoint, which tells the job meanwhile and refuses what it does not know', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: 'for i in $(seq 200); do echo line $i; sleep 0.05; done' } });
    const sandbox = await runSandbox(jrds);
    await until('some records', () => jrds.recordCount > 3);
    const { channel, reports } = await controlOf(sandbox);
    expect(await channel.call('sandbox:report', {})).toMatchObject({ ok: true, value: { phase: 'running', jobId: jrds.jobId } });
    expect(await channel.call('sandbox:stop', {})).toMatchObject({ ok: false, problem: { code: 'input-invalid' } });
    expect(await channel.call('sandbox:sing', {})).toMatchObject({ ok: false, problem: { code: 'input-invalid' } });
    await until('reports', () => reports.length >= 3);
    expect(await channel.call('sandbox:stop', { reason: 'somebody pressed the button' })).toEqual({
      ok: true,
      value: { accepted: true },
    });
    expect(await sandbox.ended).toBe(endedWell);
    expect(reports.at(-1)).toMatchObject({ phase: 'ended', outcome: 'stopped', outcomeReason: 'somebody pressed the button' });
    expect(jrds.final?.hrw?.reason).toBe('somebody pressed the button');
  });

  it('tells nobody anything who does not have the key', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: 'sleep 20' } });
    const sandbox = await runSandbox(jrds);
    const { controlAddress } = await sandbox.state();
    await expect(connectLineChannel({ address: controlAddress, role: 'engine', key: Buffer.alloc(32) })).rejects.toThrow();
    jrds.stopJob();
    expect(await sandbox.ended).toBe(endedWell);
  });

  it('takes on a job that was stopped before it began, only to say that it has stopped', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: 'echo never' } });
    jrds.stopJob();
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final).toMatchObject({ jobStatus: 'Stopped', hrw: { outcome: 'stopped', recordCount: 0 } });
    expect(jrds.records).toEqual([]);
  });
});

describe('what a runbook leaves running', () => {
  it('is ended and counted', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: `${daemon}\necho done` } });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'completed', processesLeft: 0 });
    expect(jrds.decisions.join()).toMatch(/[23] processes that it had started were still there 2 s later/);
    expect(sandbox.members()).toEqual([]);
  });

  it('may pass on its last lines when it ends by itself', async () => {
    const script = 'exec > >(while read -r line; do sleep 0.1; echo "passed on: $line"; done)\necho one\necho two';
    const jrds = await startJrds({ job: { kind: 'Bash', script } });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.records.map((record) => record.text)).toEqual(['passed on: one', 'passed on: two']);
    expect(jrds.decisions).toEqual([]);
  });
});

describe('a runtime that does not end as it should', () => {
  it('was interrupted when somebody killed it', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: 'echo before\nkill -9 $$\necho after' } });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'interrupted', exitCode: null } });
    expect(jrds.final?.hrw?.reason).toMatch(/SIGKILL/);
    expect(jrds.records.map((record) => record.text)).toEqual(['before']);
  });

  it('has failed when it crashed by itself', async () => {
    const jrds = await startJrds({ job: { kind: 'Python3', script: 'import ctypes\nctypes.string_at(0)\n' } });
    const sandbox = await runSandbox(jrds);
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final?.hrw).toMatchObject({ outcome: 'failed' });
    expect(jrds.final?.exception).toMatch(/crashed \(SIGSEGV\)/);
  });

  it('has failed with the reason when it cannot be started at all', async () => {
    const jrds = await startJrds({ job: { kind: 'Bash', script: 'echo' } });
    const runtimes = [{ kind: 'Bash', executable: '/nonexistent/bash', label: 'Bash 0' }];
    const sandbox = await runSandbox(jrds, { runtimes });
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'failed', processesLeft: 0 } });
    expect(jrds.final?.exception).toMatch(/ENOENT/);
  });
});

describe('a service that gives up on the attempt', () => {
  it('gets nothing more: the runtime is stopped, its records stay, the outcome is interrupted', async () => {
    const script = 'i=0; while :; do echo line $((i+=1)); sleep 0.02; done';
    const jrds = await startJrds({ job: { kind: 'Bash', script } });
    const sandbox = await runSandbox(jrds);
    await until('some records', () => jrds.recordCount > 5);
    jrds.fence();
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.final).toBeUndefined();
    expect(sandbox.members()).toEqual([]);
    const journal = await summarizeJournal(sandbox.journal);
    expect(journal.end?.outcome).toBe('interrupted');
    expect(journal.recordCount).toBeGreaterThanOrEqual(jrds.recordCount);
    expect(journal.decisions.map((one) => one.text).join()).toMatch(/given up on this attempt/);
    expect(await sandbox.state()).toMatchObject({ phase: 'ended', outcome: 'interrupted', verified: false });
  });
});
