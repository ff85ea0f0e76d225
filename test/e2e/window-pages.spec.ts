/** The pages of the window: what each says, and what its buttons do. The engine is a fake, all else is real. */
import { expect } from '@playwright/test';
import { describeProblem } from '../../src-contract/problems.ts';
import { ago, endedJobs, sampleEvents, sampleId, sampleJob } from '../fakes/window/samples.ts';
import { test } from './support/fake-app.ts';

const job = `jobs/${sampleId(1)}`;

test.describe('overview', () => {
  test('says first whether the worker can take a job, on every page the same', async ({ start }) => {
    const { page, open, worker } = await start({ scenario: 'filled' });
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('This worker can take a job now');
    await open('settings');
    await worker('change', { status: 'full', sentence: 'All 4 slots of this worker are taken' });
    await expect(page.getByTestId('standing')).toContainText('All 4 slots of this worker are taken');
    await expect(page).toHaveTitle('Hybrid Runbook Worker: All 4 slots of this worker are taken');
  });

  test('names a runtime once, whatever it can run, and keeps within the page', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'filled', size: { width: 1120, height: 760 } });
    const label = `PowerShell 7.6.5-0-g${'7acb2927'.repeat(12)}`;
    const one = { label, executable: '/usr/bin/pwsh' };
    await worker('change', {
      kinds: [
        { ...one, kind: 'PowerShell7' },
        { ...one, kind: 'PowerShell' },
      ],
    });
    await expect(page.getByText(label)).toHaveCount(1);
    expect(await page.locator('main').evaluate((main) => main.scrollWidth - main.clientWidth)).toBe(0);
  });

  test('says that runtimes are being looked for until it is known whether there are any', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'empty' });
    await worker('change', { kinds: null });
    await expect(page.getByText('being looked for', { exact: true })).toBeVisible();
    await worker('change', { kinds: [] });
    await expect(page.getByText('Nothing: no PowerShell, Python or Bash was found')).toBeVisible();
  });

  test('shows an administrator of a new machine what to press first', async ({ start }) => {
    const { page } = await start({ scenario: 'empty' });
    await page.getByRole('button', { name: 'Connect to a workspace' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('This machine is not connected to a workspace');
  });

  test('pauses and resumes', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'filled' });
    await page.getByRole('button', { name: 'Pause taking jobs' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('This worker is paused');
    await page.getByRole('button', { name: 'Resume taking jobs' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('This worker can take a job now');
    expect(await calls('worker:pause')).toEqual([{}]);
  });

  test('says in words why pausing was refused', async ({ start }) => {
    const { page } = await start({ scenario: 'failing' });
    await page.getByRole('button', { name: 'Pause taking jobs' }).click();
    await expect(page.getByRole('alert', { name: 'This needs the role operator' })).toBeVisible();
  });

  test('lists each problem with what repairs it', async ({ start }) => {
    const { page } = await start({ scenario: 'offline' });
    const card = page.getByRole('group', { name: /wants a user name and password/ });
    await expect(card).toContainText('23 times');
    await card.getByRole('button', { name: 'Open Connection' }).click();
    await expect(page.getByRole('link', { name: 'Connection' })).toHaveAttribute('aria-current', 'page');
  });

  test('says of a worker that can start no sandbox why, since when, and what ends it', async ({ start }) => {
    const { page, open, trayLabels, worker } = await start({ scenario: 'unable' });
    const sentence = 'This worker takes no job for now: no sandbox can be made on this machine; it looks again by itself';
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(sentence);
    const card = page.getByRole('group', { name: 'No sandbox can be made on this machine' });
    await expect(card).toContainText('no space left on device');
    await expect(card).toContainText('6 times');
    await expect(card).toContainText('It looks again by itself.');
    await card.getByRole('button', { name: 'Open Diagnostics' }).click();
    await expect(page.getByRole('list', { name: 'Findings' })).toBeVisible();
    await open('history');
    await expect(page.getByTestId('standing')).toContainText(sentence);
    // Once, as the sentence says what the problem's title says.
    expect((await trayLabels()).filter((label) => label.includes('o sandbox can be made'))).toEqual([sentence]);
    await worker('change', { status: 'ready', sentence: 'This worker can take a job now', problems: [] });
    await open('overview');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('This worker can take a job now');
    await expect(card).toHaveCount(0);
  });

  test('moves a job from running to the last ones when it ends', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'filled' });
    await expect(page.getByText('2 of 4 slots')).toBeVisible();
    await worker('changeJob', sampleId(2), { phase: 'ended', outcome: 'interrupted', endedAt: ago(0), pickedUpAt: ago(10) });
    await expect(page.getByText('1 of 4 slots')).toBeVisible();
    await expect(page.getByRole('table', { name: 'Last jobs' })).toContainText('Interrupted');
  });

  test('draws the last 24 hours, tells them as a table, and says how busy the machine is', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'filled' });
    await expect(
      page.getByRole('img', { name: /^Ended jobs by hour: 1\d\d jobs in 24 hours, 1\d of them not completed/ }),
    ).toBeVisible();
    await page.getByText('Show as a table').click();
    const table = page.getByRole('table', { name: 'The last 24 hours' });
    await expect(table.getByRole('columnheader')).toContainText(['Hour', 'Completed', 'Failed']);
    await expect(page.getByText('Processor 23 % · memory 9.2 GB of 16.0 GB free')).toBeVisible();
    await worker('changeJob', sampleId(2), { phase: 'ended', outcome: 'suspended', endedAt: ago(0) });
    await expect(page.getByRole('listitem').filter({ hasText: /^Suspended, interrupted or never started \d/ })).toBeVisible();
    await expect(table).toContainText('Suspended');
  });

  test('does not pretend to know a worker that does not answer', async ({ start }) => {
    const { page, app, open } = await start({ scenario: 'filled' });
    const problem = describeProblem('engine-not-running', { dataFolder: '/srv/worker' });
    await app.evaluate(
      ({ BrowserWindow }, payload) => {
        BrowserWindow.getAllWindows()[0]?.webContents.send('hrw:event', { event: 'engine-contact-changed', payload });
      },
      { problem },
    );
    await expect(page.getByTestId('standing')).toContainText(problem.title);
    await expect(page.getByRole('alert', { name: problem.title })).toContainText('hrw run');
    await open('history');
    await expect(page.getByRole('alert', { name: problem.title })).toBeVisible();
  });
});

test.describe('history', () => {
  test('answers what ran here and what went wrong, and sorts', async ({ start }) => {
    const { page } = await start({ scenario: 'filled', place: 'history' });
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('154 jobs ran here, 11 of them went wrong');
    const pickedUp = page.getByRole('columnheader', { name: 'Picked up' });
    await expect(pickedUp).toHaveAttribute('aria-sort', 'descending');
    await pickedUp.getByRole('button').click();
    await expect(pickedUp).toHaveAttribute('aria-sort', 'ascending');
    const oldest = endedJobs(154).at(-1);
    await expect(page.getByRole('row').nth(1)).toContainText(oldest?.runbookName ?? '');
    await page.getByRole('columnheader', { name: 'Runbook' }).getByRole('button').click();
    await expect(page.getByRole('row').nth(1)).toContainText('Backup-SqlDatabases');
  });

  test('shows one outcome alone', async ({ start }) => {
    const { page } = await start({ scenario: 'filled', place: 'history' });
    await page.getByRole('combobox', { name: 'Outcome' }).click();
    await page.getByRole('option', { name: /Sandbox crashed/ }).click();
    await expect(page.getByRole('grid')).toHaveAttribute('aria-rowcount', '3');
    await expect(page.getByRole('gridcell', { name: 'Completed', exact: true })).toHaveCount(0);
  });

  test('says what is wrong when it cannot be read', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'failing', place: 'history' });
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('The history cannot be read');
    const before = (await calls('jobs:list')).length;
    await page.getByRole('button', { name: 'Try again' }).click();
    await expect.poll(async () => (await calls('jobs:list')).length).toBeGreaterThan(before);
  });
});

test.describe('a job', () => {
  test('is asked about before it is stopped, and the safe answer has the focus', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'filled', place: job });
    await page.getByRole('button', { name: 'Stop job' }).click();
    await expect(page.getByRole('button', { name: 'Let it run' })).toBeFocused();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('alertdialog')).toHaveCount(0);
    expect(await calls('jobs:stop')).toEqual([]);
    await page.getByRole('button', { name: 'Stop job' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Stop job' }).click();
    await expect(page.getByTestId('job-badge')).toContainText('Stopping');
    expect(await calls('jobs:stop')).toEqual([{ sandboxId: sampleId(1) }]);
  });

  test('shows its records with their streams, and says which are off', async ({ start }) => {
    const { page } = await start({ scenario: 'filled', place: job });
    const records = page.getByTestId('records');
    await expect(records).toContainText('The folder 2026-11 exists already');
    await expect(records).not.toContainText('212 of 512');
    await page.getByRole('button', { name: 'Progress off (1)' }).click();
    await expect(records).toContainText('212 of 512');
    await page.getByRole('button', { name: 'Warning 2' }).click();
    await expect(records).not.toContainText('The folder 2026-11 exists already');
    await expect(page.getByRole('button', { name: 'Warning off (2)' })).toHaveAttribute('aria-pressed', 'false');
  });

  test('finds records, and says how many', async ({ start }) => {
    const { page } = await start({ scenario: 'filled', place: job });
    await page.getByPlaceholder('Search records').fill('COPIED');
    await expect(page.getByText('8 records found')).toBeVisible();
    await expect(page.getByTestId('records').locator('mark').first()).toHaveText('copied');
    await page.getByPlaceholder('Search records').fill('nothing like it');
    await expect(page.getByTestId('records')).toContainText('No record fits');
  });

  test('follows what is written until the reader scrolls up, and offers the way back', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'large', place: job });
    const records = page.getByTestId('records');
    await expect(records).toContainText('0099999', { timeout: 60_000 });
    const write = (text: string) => worker('write', sampleId(1), [{ time: ago(0), stream: 'Output', text }]);
    await write('followed line');
    await expect(records).toContainText('followed line');
    await records.hover();
    await page.mouse.wheel(0, -3000);
    await expect(page.getByText('Not following')).toBeVisible();
    const top = () => records.evaluate((element) => element.scrollTop);
    const before = await top();
    await write('unseen line');
    await expect(page.getByRole('tab', { name: /100,002/ })).toBeVisible();
    expect(await top()).toBe(before);
    await page.getByRole('button', { name: /Follow the newest/ }).click();
    await expect(records).toContainText('unseen line');
    await expect(page.getByText('Following', { exact: true })).toBeVisible();
  });

  test('joins the parts of a long line', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'filled', place: job });
    await worker('write', sampleId(1), [
      { time: ago(0), stream: 'Output', text: 'beginning-', part: { index: 0, last: false } },
      { time: ago(0), stream: 'Output', text: 'end', part: { index: 1, last: true } },
    ]);
    await expect(page.getByTestId('records').getByText('beginning-end', { exact: true })).toBeVisible();
  });

  test('shows what a script wrote as text, whatever it is', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'filled', place: job });
    const text = '<img src=x onerror=alert(1)>\u001b[31m\u202egpj.exe';
    await worker('write', sampleId(1), [{ time: ago(0), stream: 'Output', text }]);
    await expect(page.getByTestId('records')).toContainText('<img src=x onerror=alert(1)>␛[31m<U+202E>gpj.exe');
    await expect(page.getByTestId('records').locator('img')).toHaveCount(0);
  });

  test('says how it ended and that every record is at the service', async ({ start }) => {
    const { page, open } = await start({ scenario: 'filled' });
    await open(`jobs/${sampleId(1003)}`);
    await expect(page.getByTestId('job-badge')).toHaveText('Failed');
    await expect(page.getByText('The runbook ended with exit code 1')).toBeVisible();
    await expect(page.getByTestId('upload')).toHaveText('Complete, verified: the service has all 111 records');
    await expect(page.getByRole('button', { name: 'Stop job' })).toHaveCount(0);
    await page.getByRole('tab', { name: /Parameters/ }).click();
    await expect(page.getByRole('tabpanel')).toContainText('/srv/exports/2026-11');
  });

  test('is followed to its end while its page is open', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'filled', place: job });
    const end = { phase: 'ended', outcome: 'completed', verified: true, acknowledgedCount: 19, endedAt: ago(0) } as const;
    await worker('changeJob', sampleId(1), end);
    await expect(page.getByTestId('job-badge')).toHaveText('Completed');
    await expect(page.getByTestId('upload')).toContainText('Complete, verified');
    await expect(page.getByRole('link', { name: 'History' }).first()).toBeVisible();
  });
});

test.describe('connection', () => {
  test('names what is missing before it asks anybody, and goes there', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'empty', place: 'connection' });
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await expect(page.getByText('Enter the workspace’s ID.')).toBeVisible();
    await expect(page.getByLabel('Workspace ID')).toBeFocused();
    expect(await calls('connection:connect')).toEqual([]);
  });

  test('leads from an untrusted certificate to pinning it', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'unreachable', place: 'connection' });
    await page.getByLabel('Workspace ID').fill('9f6a2c58');
    await page.getByRole('textbox', { name: 'Workspace key' }).fill('secret');
    await page.getByLabel('Service URL').fill('automation.contoso.example:8443');
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    const refusal = page.getByRole('alert', { name: /is not trusted here/ });
    await expect(refusal).toBeVisible();
    await expect(page.getByTestId('steps').getByRole('listitem').nth(1)).toHaveAttribute('data-status', 'failed');
    await refusal.getByRole('button', { name: /pin it and connect/ }).click();
    await expect(page.getByLabel('SHA-256 fingerprint')).toHaveValue(/^3b7d/);
    await expect.poll(async () => (await calls('connection:connect')).length).toBe(2);
    expect((await calls('connection:connect')).at(-1)).toMatchObject({
      serviceUrl: 'https://automation.contoso.example:8443',
      trust: { kind: 'fingerprint' },
    });
  });

  test('covers the key, and uncovers it only when asked', async ({ start }) => {
    const { page } = await start({ scenario: 'empty', place: 'connection' });
    const key = page.getByRole('textbox', { name: 'Workspace key' });
    await expect(key).toHaveAttribute('type', 'password');
    await page.getByRole('button', { name: 'Show workspace key' }).click();
    await expect(key).toHaveAttribute('type', 'text');
  });

  test('changes the proxy without the key, and shows before what will change', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'filled', place: 'connection' });
    await page.getByRole('button', { name: 'Change connection' }).click();
    await page.getByText('The system’s', { exact: true }).click();
    await page.getByRole('button', { name: 'Show what will change' }).click();
    const changes = page.getByRole('table', { name: 'What will change' });
    await expect(changes).toBeFocused();
    await expect(changes.getByRole('row')).toHaveCount(2);
    await expect(changes.getByRole('row').nth(1)).toContainText('as svc-workerWhat this system is set to');
    expect(await calls('connection:change')).toEqual([]);
    await page.getByRole('button', { name: 'Back to the form' }).click();
    await expect(page.getByLabel('Workspace ID')).toBeVisible();
    await page.getByRole('button', { name: 'Show what will change' }).click();
    await page.getByRole('button', { name: 'Change it' }).click();
    await expect(page.getByText('What this system is set to')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Change connection' })).toBeVisible();
    expect(await calls('connection:change')).toMatchObject([{ proxy: { kind: 'system' } }]);
    expect(await calls('connection:connect')).toEqual([]);
  });

  test('asks for the key where another workspace is meant, and for nothing where nothing changes', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'filled', place: 'connection' });
    await page.getByRole('button', { name: 'Change connection' }).click();
    await page.getByRole('button', { name: 'Show what will change' }).click();
    await expect(page.getByText('Nothing would change: the form says what already holds.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Change it' })).toBeDisabled();
    await page.getByRole('button', { name: 'Back to the form' }).click();
    await page.getByLabel('Service URL').fill('https://elsewhere.contoso.example:8443');
    await page.getByRole('button', { name: 'Show what will change' }).click();
    await expect(page.getByText('Enter one of the workspace’s keys.')).toBeVisible();
    await expect(page.getByRole('textbox', { name: 'Workspace key' })).toBeFocused();
    expect(await calls('connection:change')).toEqual([]);
  });

  test('tries a way before it is taken, and says each stage', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'filled', place: 'connection' });
    await page.getByRole('button', { name: 'Change connection' }).click();
    await page.getByText('The system’s', { exact: true }).click();
    await page.getByRole('button', { name: 'Test this way' }).click();
    const stages = page.getByRole('list', { name: 'Stages of the way to the service' });
    await expect(stages.getByRole('listitem')).toHaveCount(4);
    await expect(stages.locator('[data-status="done"]')).toHaveCount(4);
    await expect(page.getByText('http://proxy.contoso.example:3128')).toBeVisible();
    expect(await calls('connection:test')).toMatchObject([{ proxy: { kind: 'system' } }]);
    // What was found is about what was tried.
    await page.getByText('This one', { exact: true }).click();
    await expect(stages).toHaveCount(0);
    expect(await calls('connection:change')).toEqual([]);
  });

  test('says what disconnecting loses', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'joinable', place: 'connection' });
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await expect(page.getByRole('button', { name: 'Stay connected' })).toBeFocused();
    await expect(page.locator('#root')).toHaveAttribute('aria-hidden', 'true');
    await page.keyboard.press('Escape');
    await expect(page.locator('#root')).not.toHaveAttribute('aria-hidden');
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Disconnect' }).click();
    await expect.poll(() => calls('connection:disconnect')).toEqual([{}]);
  });

  test('of a member leads to the group, which has to be left first', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'filled', place: 'connection' });
    await page.getByRole('button', { name: 'Disconnect' }).click();
    const question = page.getByRole('alertdialog', { name: 'This machine has to leave group datacenter-east first' });
    await question.getByRole('button', { name: 'Open Worker group' }).click();
    await expect(page.getByRole('button', { name: 'Leave the group' })).toBeVisible();
    expect(await calls('connection:disconnect')).toEqual([]);
  });
});

test.describe('event log', () => {
  test('shows what happens as it happens, of the channel and levels that are wanted', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'filled', place: 'events' });
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('33 errors among 1,300 events');
    const [sample] = sampleEvents(1);
    if (sample === undefined) throw new Error('no sample');
    await worker('log', { ...sample, number: 5_000, level: 'Warning', message: 'Something new', channel: 'Application' });
    await expect(page.getByRole('row').nth(1)).toContainText('Something new');
    await page.getByRole('button', { name: 'Warning 1' }).click();
    await expect(page.getByText('Something new')).toHaveCount(0);
    await page.getByRole('combobox', { name: 'Channel' }).click();
    await page.getByRole('option', { name: 'Operations Manager' }).click();
    await expect(page.getByRole('row').nth(1)).toContainText('1201');
  });

  test('is walked with the arrow keys, and shows the chosen event whole', async ({ start }) => {
    const { page } = await start({ scenario: 'filled', place: 'events' });
    await page.getByRole('grid').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const details = page.getByRole('region', { name: 'The chosen event' });
    await expect(details).toContainText('Job Copy-LocalFiles is running.');
    await expect(details).toContainText('correlationId');
    await page.keyboard.press('End');
    await expect(page.getByRole('row', { selected: true })).toBeVisible();
    await details.getByRole('button', { name: 'Close the details' }).click();
    await expect(details).toHaveCount(0);
  });

  test('leads to the job that an event is about', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'filled', place: 'events' });
    const [sample] = sampleEvents(1);
    if (sample === undefined) throw new Error('no sample');
    await worker('log', { ...sample, number: 5_000, message: 'About a job', jobId: sampleJob(1).jobId });
    await page.getByText('About a job').click();
    await page.getByRole('button', { name: 'Open job' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Copy-LocalFiles');
  });
});
