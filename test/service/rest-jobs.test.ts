import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import {
  accountName,
  groupName,
  publish,
  refusalOf,
  startJob,
  startRestFixture,
  startScriptedWorker,
  type RestFixture,
  type ScriptedWorker,
} from './rest-fixture.ts';

leftoversAreCheckedAtTheEnd();
let fixture: RestFixture;
let worker: ScriptedWorker;
beforeAll(async () => {
  fixture = await startRestFixture();
  worker = await startScriptedWorker(fixture);
  await publish(
    fixture,
    'Say-Hello',
    'Bash',
    '# .PARAMETER Name string mandatory\n# .PARAMETER Times int default=1\necho "$1"\n',
  );
  await publish(fixture, 'Plain', 'Bash', 'echo 1\n');
});
afterAll(async () => {
  worker.close();
  await fixture.close();
});

const named = (jobName: string) => ({ params: { accountName, jobName } });
const hello = { runbook: { name: 'say-hello' }, runOn: groupName, parameters: { Name: 'world' } };

describe('starting a job', () => {
  it('is idempotent by the caller’s name: the same again is the same job, another content is refused', async () => {
    const { rest } = fixture;
    const made = await rest.call('jobs:start', { ...named('Nightly-42'), body: { ...hello, startedBy: 'cron' } });
    expect(made).toMatchObject({
      name: 'Nightly-42',
      status: 'New',
      provisioningState: 'Processing',
      startedBy: 'cron',
      parameters: { Name: 'world', Times: 1 },
      runOn: groupName,
      attempts: [],
    });
    const [status, again] = await Promise.all([
      fixture.send(`/automationAccounts/${accountName}/jobs/nightly-42`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${fixture.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          startedBy: 'cron',
          parameters: { Name: 'world' },
          runOn: groupName,
          runbook: { name: 'say-hello' },
        }),
      }),
      rest.call('jobs:start', { ...named('NIGHTLY-42'), body: { ...hello, startedBy: 'cron' } }),
    ]);
    expect(status.status).toBe(200);
    expect(again.jobId).toBe(made.jobId);
    const other = { ...hello, startedBy: 'cron', parameters: { Name: 'moon' } };
    const refused = await refusalOf(rest.call('jobs:start', { ...named('Nightly-42'), body: other }));
    expect(refused).toMatchObject({ status: 409, code: provokes('resource-exists') });
    await rest.call('jobs:stop', { ...named('Nightly-42'), body: {} });
  });

  it.each([
    ['nested too deep', `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    ['half of a character', String.raw`{"Name":"\ud800"}`],
    ['a character that no text holds', String.raw`{"Name":"a\u0000b"}`],
    ['a key that is none', '{"__proto__":{"Name":"x"}}'],
  ])('refuses what it could not keep: %s', async (_what, parameters) => {
    const answer = await fixture.send(`/automationAccounts/${accountName}/jobs/${randomUUID()}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${fixture.token}`, 'content-type': 'application/json' },
      body: `{"runbook":{"name":"say-hello"},"runOn":"${groupName}","parameters":${parameters}}`,
    });
    expect(answer).toMatchObject({ status: 400, code: 'request-invalid' });
  });

  it.each([`/automationAccounts/%00`, `/automationAccounts/${accountName}/jobs?startedBy=a%00`, '/workspaces/%00'])(
    'refuses U+0000 in an address: %s',
    async (path) => {
      const answer = await fixture.send(path, { headers: { authorization: `Bearer ${fixture.token}` } });
      expect(answer).toMatchObject({ status: 400, code: 'request-invalid' });
    },
  );

  it('refuses control characters in the name of whoever started it', async () => {
    const body = { ...hello, startedBy: 'cron\u0000' };
    expect(await refusalOf(fixture.rest.call('jobs:start', { ...named(randomUUID()), body }))).toMatchObject({
      status: 400,
      code: 'request-invalid',
    });
  });

  it('takes a GUID that is a job’s id in another account for a name', async () => {
    const { rest } = fixture;
    const [jobName, other] = [randomUUID(), { accountName: 'second-account' }];
    await rest.call('accounts:create', { params: other, body: {} });
    await rest.call('groups:put', { params: { ...other, groupName }, body: {} });
    const params = { ...other, runbookName: 'say-hello' };
    await rest.call('runbooks:put', { params, body: { kind: 'Bash' } });
    await rest.call('runbooks:put-draft', { params, body: Buffer.from('echo hello') });
    await rest.call('runbooks:publish', { params, body: {} });
    const first = await rest.call('jobs:start', { ...named(jobName), body: hello });
    const second = await rest.call('jobs:start', {
      params: { ...other, jobName },
      body: { runbook: { name: 'say-hello' }, runOn: groupName },
    });
    expect(first.jobId).toBe(jobName);
    expect(second).toMatchObject({ name: jobName, status: 'New' });
    expect(second.jobId).not.toBe(jobName);
    await rest.call('jobs:stop', { ...named(jobName), body: {} });
  });

  it('takes a GUID as the job’s id, and makes two of one name at once one job', async () => {
    const { rest } = fixture;
    const jobName = randomUUID();
    const made = await Promise.all([1, 2, 3, 4].map(() => rest.call('jobs:start', { ...named(jobName), body: hello })));
    expect(new Set(made.map(({ jobId }) => jobId))).toEqual(new Set([jobName]));
    await rest.call('jobs:stop', { ...named(jobName), body: {} });
  });

  it.each([
    [{ parameters: {} }, 'parameter-missing', { parameter: 'Name' }],
    [{ parameters: { Name: 'x', Loud: true } }, 'parameter-unknown', { parameter: 'Loud', known: 'Name, Times' }],
    [{ parameters: { Name: 'x', Times: 'often' } }, 'parameter-wrong-type', { parameter: 'Times', type: 'int' }],
    [{ parameters: { Name: 'x'.repeat(600_000) } }, 'parameters-too-large', {}],
    [{ runOn: 'no such group' }, 'group-name-invalid', {}],
    [{ runOn: 'munich' }, 'resource-unknown', { what: 'worker group', name: 'munich' }],
    [{ runbook: { name: 'Nothing' } }, 'resource-unknown', { what: 'runbook', name: 'Nothing' }],
  ])('refuses %j before there is a job', async (change, code, details) => {
    const jobName = randomUUID();
    const refused = await refusalOf(fixture.rest.call('jobs:start', { ...named(jobName), body: { ...hello, ...change } }));
    expect(refused).toMatchObject({ code, details });
    expect((await refusalOf(fixture.rest.call('jobs:get', named(jobName)))).code).toBe('resource-unknown');
  });

  it('refuses a runbook that is not published', async () => {
    const { rest } = fixture;
    const params = { accountName, runbookName: 'Draft-Only' };
    await rest.call('runbooks:put', { params, body: { kind: 'Bash' } });
    await rest.call('runbooks:put-draft', { params, body: 'echo 1\n' });
    const body = { ...hello, runbook: { name: 'Draft-Only' } };
    expect((await refusalOf(rest.call('jobs:start', { ...named(randomUUID()), body }))).code).toBe(
      provokes('runbook-not-published'),
    );
  });
});

describe('a job', () => {
  it('says why it waits, then who has it, then what became of it', async () => {
    const { rest } = fixture;
    await publish(fixture, 'Windows-Only', 'Batch', 'echo 1\r\n');
    const waiting = await startJob(fixture, 'Windows-Only');
    expect(await rest.call('jobs:get', named(waiting))).toMatchObject({
      status: 'New',
      waitingReason: expect.stringContaining(groupName) as string,
    });
    await rest.call('jobs:stop', { ...named(waiting), body: {} });

    const jobName = await startJob(fixture, 'Say-Hello', { Name: 'world' });
    const attempt = await worker.takeJob();
    expect(attempt.jobId).toBe(jobName);
    expect(await rest.call('jobs:get', named(jobName))).toMatchObject({
      status: 'Running',
      waitingReason: null,
      attempts: [{ attempt: 1, workerName: 'server-7', outcome: null, endTime: null }],
    });
    await attempt.write({ text: 'hello world' });
    await attempt.end('Completed', 'completed');
    expect(await rest.call('jobs:get', named(jobName))).toMatchObject({
      status: 'Completed',
      provisioningState: 'Succeeded',
      verified: true,
      recordCount: 1,
      attempts: [{ outcome: 'completed', exitCode: 0, recordCount: 1, verified: true, runtime: 'bash', processesLeft: 0 }],
    });
    expect(await refusalOf(rest.call('jobs:stop', { ...named(jobName), body: {} }))).toMatchObject({
      status: 409,
      code: provokes('job-ended'),
      details: { jobId: jobName },
    });
  });

  it('that still waits is stopped at once; one that runs is told to stop', async () => {
    const { rest } = fixture;
    const waiting = await startJob(fixture, 'Plain');
    expect(await rest.call('jobs:stop', { ...named(waiting), body: {} })).toMatchObject({ status: 'Stopped' });
    const running = await startJob(fixture, 'Plain');
    const attempt = await worker.takeJob();
    const asked = await rest.call('jobs:stop', { ...named(running), body: {} });
    expect(asked.stopRequestedTime).not.toBeNull();
    expect(asked.endTime).toBeNull();
    await attempt.end('Stopped', 'stopped');
    expect(await rest.call('jobs:get', named(running))).toMatchObject({ status: 'Stopped', attempts: [{ outcome: 'stopped' }] });
  });

  it('gives its output as text, parts joined, and its streams in pages', async () => {
    const { rest } = fixture;
    const jobName = await startJob(fixture, 'Plain');
    const attempt = await worker.takeJob();
    const late = new Date(Date.now() + 60_000).toISOString();
    await attempt.write(
      { text: 'first' },
      { stream: 'Error', text: 'oh' },
      { text: 'long ', part: { index: 0, last: false } },
      { text: 'line', part: { index: 1, last: true } },
    );
    await attempt.write({ stream: 'Warning', text: 'mind' }, { text: 'last\ntwo lines', time: late });
    await attempt.end('Completed', 'completed');
    expect(await rest.call('jobs:output', named(jobName))).toBe('first\nlong line\nlast\ntwo lines\n');

    const seen: [number, string, string][] = [];
    let after: string | undefined;
    do {
      const page = await rest.call('jobs:streams', { ...named(jobName), query: { limit: 2, ...(after && { after }) } });
      expect(page.value.length).toBeLessThanOrEqual(2);
      seen.push(...page.value.map((one): [number, string, string] => [one.sequence, one.streamType, one.streamText]));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(seen.map(([sequence]) => sequence)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(seen[1]).toEqual([1, 'Error', 'oh']);
    const errors = await rest.call('jobs:streams', { ...named(jobName), query: { streamType: 'Error' } });
    expect(errors.value).toMatchObject([{ attempt: 1, sequence: 1, jobStreamId: `${jobName}_1_00000000000000000001` }]);
    const recent = await rest.call('jobs:streams', { ...named(jobName), query: { from: late, limit: 1 } });
    expect(recent.value.map(({ streamText }) => streamText)).toEqual(['last\ntwo lines']);
    expect((await rest.call('jobs:streams', { ...named(jobName), query: { attempt: 2 } })).value).toEqual([]);
    expect((await refusalOf(rest.call('jobs:streams', { ...named(jobName), query: { after: 'x' } }))).code).toBe(
      'request-invalid',
    );
  });
});

describe('the list of jobs', () => {
  it('is newest first, in pages, and filtered by what is asked', async () => {
    const { rest } = fixture;
    const before = new Date().toISOString();
    const names: string[] = [];
    for (let made = 0; made < 5; made += 1) {
      const jobName = `listed-${made}`;
      names.unshift(jobName);
      const body = { runbook: { name: 'Plain' }, runOn: groupName, startedBy: made % 2 === 0 ? 'even' : 'odd' };
      await rest.call('jobs:start', { ...named(jobName), body });
    }
    const params = { accountName };
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await rest.call('jobs:list', { params, query: { limit: 2, from: before, ...(after && { after }) } });
      found.push(...page.value.map(({ name }) => name));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(found).toEqual(names);
    const odd = await rest.call('jobs:list', {
      params,
      query: { startedBy: 'odd', runbook: 'plain', runOn: groupName, status: 'New' },
    });
    expect(odd.value.map(({ name }) => name)).toEqual(['listed-3', 'listed-1']);
    expect((await rest.call('jobs:list', { params, query: { status: 'Failed' } })).value).toEqual([]);
    expect((await rest.call('jobs:list', { params, query: { from: before, to: before } })).value).toEqual([]);
    for (const name of names) await rest.call('jobs:stop', { ...named(name), body: {} });
  });
});
