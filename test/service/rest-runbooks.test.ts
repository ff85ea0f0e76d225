import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provokes } from '../harness/provokes.ts';
import { leftoversAreCheckedAtTheEnd } from '../harness/shared-fixture.ts';
import { accountName, publish, refusalOf, startJob, startRestFixture, type RestFixture } from './rest-fixture.ts';

leftoversAreCheckedAtTheEnd();
let fixture: RestFixture;
beforeAll(async () => {
  fixture = await startRestFixture();
});
afterAll(() => fixture.close());

const named = (runbookName: string) => ({ params: { accountName, runbookName } });

describe('a runbook', () => {
  it('goes from New over Edit to Published, and its parameters are read from its script', async () => {
    const { rest } = fixture;
    const copy = named('Copy-LocalFiles');
    const made = await rest.call('runbooks:put', {
      ...copy,
      body: { kind: 'PowerShell', description: 'copies', logVerbose: true },
    });
    expect(made).toMatchObject({ state: 'New', kind: 'PowerShell', logVerbose: true, rerun: 'restart', parameters: null });
    const script =
      'param([Parameter(Mandatory)] [string] $SourcePath, [int] $Depth = 3)\r\n# größer ✓\r\nCopy-Item $SourcePath x';
    await rest.call('runbooks:put-draft', { ...copy, body: script });
    expect(await rest.call('runbooks:get-draft', copy)).toBe(script);
    expect((await refusalOf(rest.call('runbooks:content', copy))).code).toBe(provokes('runbook-not-published'));
    const published = await rest.call('runbooks:publish', { ...copy, body: {} });
    expect(published).toMatchObject({
      state: 'Published',
      parameters: [
        { name: 'SourcePath', type: 'System.String', isMandatory: true, defaultValue: null, position: 0 },
        { name: 'Depth', type: 'System.Int32', isMandatory: false, defaultValue: '3', position: 1 },
      ],
    });
    expect(await rest.call('runbooks:content', copy)).toBe(script);
    expect((await refusalOf(rest.call('runbooks:get-draft', copy))).code).toBe('resource-unknown');

    await rest.call('runbooks:put-draft', { ...copy, body: 'param($Other)' });
    const edited = await rest.call('runbooks:get', copy);
    expect(edited).toMatchObject({ state: 'Edit', parameters: [{ name: 'SourcePath' }, { name: 'Depth' }] });
    expect(await rest.call('runbooks:undo-edit', { ...copy, body: {} })).toMatchObject({ state: 'Published' });
    expect((await refusalOf(rest.call('runbooks:undo-edit', { ...copy, body: {} }))).code).toBe('resource-unknown');
  });

  it('that cannot be read is kept as a draft and refused at publishing, with the line', async () => {
    const { rest } = fixture;
    const broken = named('Broken');
    await rest.call('runbooks:put', { ...broken, body: { kind: 'PowerShellWorkflow' } });
    await rest.call('runbooks:put-draft', { ...broken, body: 'workflow Broken {\n  param([string $A)\n}' });
    const refused = await refusalOf(rest.call('runbooks:publish', { ...broken, body: {} }));
    expect(refused).toMatchObject({ status: 400, code: provokes('runbook-invalid'), details: { runbook: 'Broken', line: 2 } });
    expect(await rest.call('runbooks:get', broken)).toMatchObject({ state: 'New' });
  });

  it('takes changes one by one, and keeps its kind once it was published', async () => {
    const { rest } = fixture;
    await publish(fixture, 'Settled', 'Bash', 'echo 1\n');
    const one = named('settled');
    await rest.call('runbooks:patch', { ...one, body: { rerun: 'never' } });
    expect(await rest.call('runbooks:patch', { ...one, body: { logDebug: true } })).toMatchObject({
      rerun: 'never',
      logDebug: true,
    });
    const again = await rest.call('runbooks:put', { ...one, body: { kind: 'Bash', description: 'x' } });
    expect(again).toMatchObject({ name: 'Settled', rerun: 'never', description: 'x' });
    const refused = await refusalOf(rest.call('runbooks:put', { ...one, body: { kind: 'Python3' } }));
    expect(refused).toMatchObject({ status: 409, code: provokes('resource-exists') });
  });

  it('is listed by name, a page at a time', async () => {
    const { rest } = fixture;
    for (const name of ['List-C', 'list-a', 'List-B']) await publish(fixture, name, 'Bash', 'echo 1\n');
    const names: string[] = [];
    let after: string | undefined;
    do {
      const page = await rest.call('runbooks:list', { params: { accountName }, query: { limit: 2, ...(after && { after }) } });
      expect(page.value.length).toBeLessThanOrEqual(2);
      names.push(...page.value.map(({ name }) => name));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(names.filter((name) => name.toLowerCase().startsWith('list-'))).toEqual(['list-a', 'List-B', 'List-C']);
    expect(new Set(names).size).toBe(names.length);
  });

  it('that was removed leaves its jobs', async () => {
    const { rest } = fixture;
    await publish(fixture, 'Short-Lived', 'Bash', 'echo 1\n');
    const jobName = await startJob(fixture, 'Short-Lived');
    await rest.call('runbooks:delete', named('Short-Lived'));
    expect((await refusalOf(rest.call('runbooks:get', named('Short-Lived')))).code).toBe('resource-unknown');
    expect(await rest.call('jobs:runbook-content', { params: { accountName, jobName } })).toBe('echo 1\n');
    await rest.call('jobs:stop', { params: { accountName, jobName }, body: {} });
  });

  it('needs a name that can be one, and bytes that are text', async () => {
    const { rest } = fixture;
    const odd = await refusalOf(rest.call('runbooks:put', { ...named('a b'), body: { kind: 'Bash' } }));
    expect(odd).toMatchObject({ code: 'request-invalid', details: { where: 'runbookName' } });
    await rest.call('runbooks:put', { ...named('Bytes'), body: { kind: 'Bash' } });
    const latin1 = Buffer.from('echo größer', 'latin1');
    const refused = await refusalOf(rest.call('runbooks:put-draft', { ...named('Bytes'), body: latin1 }));
    expect(refused).toMatchObject({ code: 'request-invalid', details: { reason: 'it is not UTF-8' } });
  });
});
