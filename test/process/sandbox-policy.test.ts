/** What a machine does not let run: a real sandbox, with rules of its own machine, whatever its service sends. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openPolicy, weekday, type LocalPolicy } from '../../src-contract/policy.ts';
import { sandboxCalls } from '../../src-contract/sandbox.ts';
import { connectLineChannel, type LineChannel } from '../../src-main/channel/line-channel-client.ts';
import { ScriptedJrds } from '../fakes/scripted-jrds.ts';
import { provokes } from '../harness/provokes.ts';
import { endedWell, runSandbox, until, type RunningSandbox } from '../harness/sandbox-process.ts';

const script = 'echo "ran ö"\n';

interface Run {
  jrds: ScriptedJrds;
  sandbox: RunningSandbox;
}

async function start(policy: Partial<LocalPolicy>, text = script): Promise<Run> {
  const job = {
    kind: 'Bash',
    script: text,
    runbookName: 'Say-Hello',
    parameters: { Colour: '"red"', Password: '"hush"' },
  } as const;
  const jrds = await ScriptedJrds.start({ job });
  onTestFinished(() => jrds.close());
  return { jrds, sandbox: await runSandbox(jrds, { policy: { ...openPolicy, ...policy }, stopGraceSeconds: 1 }) };
}

async function controlOf({ sandbox }: Run): Promise<LineChannel> {
  const { controlAddress } = await sandbox.state();
  const key = Buffer.from(readFileSync(path.join(sandbox.folder, 'control.key'), 'utf8').trim(), 'hex');
  const channel = await connectLineChannel({ address: controlAddress, role: 'engine', key });
  onTestFinished(() => channel.close());
  return channel;
}

/** Once the sandbox asks. */
async function questionOf(channel: LineChannel) {
  const found: { question: ReturnType<(typeof sandboxCalls)['sandbox:question']['value']['parse']>['question'] } = {
    question: null,
  };
  await until('the question', async () => {
    const answer = await channel.call('sandbox:question', {});
    if (answer.ok) found.question = sandboxCalls['sandbox:question'].value.parse(answer.value).question;
    return found.question !== null;
  });
  if (found.question === null) throw new Error('nothing is asked');
  return found.question;
}

async function expectRefused({ jrds, sandbox }: Run, rule: string, reason: RegExp): Promise<void> {
  expect(await sandbox.ended).toBe(endedWell);
  expect(jrds.records).toEqual([]);
  expect(jrds.statuses.map(({ jobStatus }) => jobStatus)).toEqual(['Activating', 'Failed']);
  expect(jrds.final).toMatchObject({ hrw: { outcome: 'failed', processId: null } });
  expect(jrds.final?.exception).toContain(`This machine’s policy refused the runbook: ${rule}.`);
  expect(jrds.final?.exception).toMatch(reason);
  expect(provokes('policy-refused')).toBe('policy-refused');
}

describe('a machine with rules of its own', () => {
  it('ends the job of a kind that it does not run at once, with the rule’s name', async () => {
    await expectRefused(await start({ kinds: ['PowerShell7', 'Python3'] }), 'Kinds of runbook', /Bash.*PowerShell 7, Python 3/);
  });

  it('ends that of a name that is none of its own', async () => {
    await expectRefused(await start({ runbooks: ['Backup-*'] }), 'Runbooks by name', /Say-Hello is none of those/);
  });

  it('ends that of a time at which nothing starts', async () => {
    // The day before yesterday: no test runs that long.
    const day = weekday.options[(new Date().getDay() + 6 + 5) % 7] ?? 'Mon';
    await expectRefused(await start({ hours: { days: [day], from: '10:00', to: '11:00' } }), 'Working hours', /runbooks start/);
  });

  it('runs what fits every rule', async () => {
    const { jrds, sandbox } = await start({
      kinds: ['Bash'],
      runbooks: ['say-*'],
      hours: { days: [...weekday.options], from: '00:00', to: '00:00' },
      longestRunSeconds: 600,
    });
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.records.map(({ text }) => text)).toEqual(['ran ö']);
    expect(jrds.final?.jobStatus).toBe('Completed');
  });

  it('ends with all it started what runs longer than it may; it has failed, and names the rule', async () => {
    const { jrds, sandbox } = await start({ longestRunSeconds: 1 }, 'echo begun\nsleep 300 & sleep 300\n');
    expect(await sandbox.ended).toBe(endedWell);
    expect(jrds.records.map(({ text }) => text)).toEqual(['begun']);
    expect(jrds.final).toMatchObject({ jobStatus: 'Failed', hrw: { outcome: 'failed', processesLeft: 0 } });
    expect(jrds.final?.exception).toContain('This machine’s policy ended the runbook: Longest run. It had run for 1s');
    expect(jrds.decisions.join()).toContain('this machine’s policy: Longest run, 1s');
    expect(sandbox.members()).toEqual([]);
    expect(provokes('policy-ended')).toBe('policy-ended');
  });
});

describe('a machine that asks a person first', () => {
  it('shows every byte of what would run, and runs it once that was allowed', async () => {
    const run = await start({ askSeconds: 60 });
    const channel = await controlOf(run);
    const question = await questionOf(channel);
    expect(question).toMatchObject({
      runbookName: 'Say-Hello',
      kind: 'Bash',
      script,
      sha256: createHash('sha256').update(script).digest('hex'),
      parameters: { Colour: 'red', Password: '••••••' },
    });
    expect(Date.parse(question.until) - Date.parse(question.since)).toBe(60_000);
    await until('the state', async () => (await run.sandbox.state()).asking !== null);
    expect(await run.sandbox.state()).toMatchObject({ phase: 'loading', runtimePid: null, asking: { until: question.until } });
    expect(run.jrds.records).toEqual([]);
    const other = await channel.call('sandbox:answer', { sha256: 'ab'.repeat(32), allow: true });
    expect(other).toEqual({ ok: true, value: { accepted: false } });
    const answer = await channel.call('sandbox:answer', { sha256: question.sha256, allow: true });
    expect(answer).toEqual({ ok: true, value: { accepted: true } });
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(run.jrds.records.map(({ text }) => text)).toEqual(['ran ö']);
    expect(run.jrds.decisions).toEqual([`A person at this machine allowed the runbook (SHA-256 ${question.sha256}).`]);
    expect((await run.sandbox.state()).asking).toBeNull();
  });

  it('ends the job when the person refuses', async () => {
    const run = await start({ askSeconds: 60 });
    const channel = await controlOf(run);
    const { sha256 } = await questionOf(channel);
    await channel.call('sandbox:answer', { sha256, allow: false });
    await expectRefused(run, 'Ask me first', /A person at this machine refused it\. Nothing of it was run\./);
  });

  it('takes silence for a no', async () => {
    await expectRefused(await start({ askSeconds: 1 }), 'Ask me first', /Nobody at this machine allowed it within 1s/);
  });

  it('asks nobody about what would not run anyway', async () => {
    await expectRefused(await start({ askSeconds: 60, kinds: ['Python3'] }), 'Kinds of runbook', /Bash/);
  });

  it('asks no longer once the job is stopped', async () => {
    const run = await start({ askSeconds: 60 });
    await questionOf(await controlOf(run));
    run.jrds.stopJob();
    expect(await run.sandbox.ended).toBe(endedWell);
    expect(run.jrds.final).toMatchObject({ jobStatus: 'Stopped', hrw: { outcome: 'stopped', processId: null } });
    expect(run.jrds.records).toEqual([]);
  });
});
