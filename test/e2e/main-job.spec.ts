/**
 * The main job as a person does it: connect, wait for the pack, join a group, all in the window; then jobs that are started over REST run
 * here, are seen while they run, can be stopped, and outlive the application; and what a person looks up and settles afterwards, to leaving
 * the group. Real Electron, real service, real sandboxes; the engine in the application, and then a worker that runs without a window.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from '@playwright/test';
import { accountName, makeAccount, publishRunbook, startService, waitFor, type Account, type Service } from '../harness/stack.ts';
import { findRuntime } from '../harness/runtimes.ts';
import { test } from './support/engine-mode.ts';
import { keepPicture, startRealApp, type RealApp } from './support/real-app.ts';

test.describe.configure({ mode: 'serial' });

const groupName = 'OnPremLabRBWG1';
let folder: string;
let dataFolder: string;
let service: Service;
let account: Account;
let token: string;
let running: RealApp;

test.beforeAll(async ({ engine }) => {
  folder = await mkdtemp(path.join(tmpdir(), 'hrw-main-job-'));
  dataFolder = path.join(folder, 'worker');
  service = await startService(path.join(folder, 'service'));
  account = await makeAccount(service);
  // It tells what it does, and goes on when its gate opens: nothing here has to sleep.
  const script =
    'echo "Copy from $1"; echo "The folder exists already" >&2; while [ ! -e "$1" ]; do sleep 0.1; done; echo "Execution finished"\n';
  await publishRunbook(service, 'Copy-LocalFiles', 'Bash', script);
  const counting = [
    '# .PARAMETER Gate string mandatory',
    '# .PARAMETER Times int default=3',
    '# .PARAMETER Since datetime',
    'echo "Counting $2 times"; while [ ! -e "$1" ]; do sleep 0.1; done; echo Counted',
  ];
  await publishRunbook(service, 'Count-Files', 'Bash', `${counting.join('\n')}\n`);
  token = (await service.rest.call('tokens:create', { body: { name: 'anna', role: 'operator' } })).token;
  const console =
    "[Console]::WriteLine('this stands in the console'); while (-not (Test-Path $env:GATE)) { Start-Sleep -Milliseconds 100 }";
  await publishRunbook(
    service,
    'Show-Console',
    'PowerShell7',
    console.replace('$env:GATE', `'${path.join(folder, 'console gate')}'`),
  );
  running = await startRealApp(dataFolder, engine);
});

test.afterAll(async () => {
  await running.quit();
  await service.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

const startJob = (gate: string) => startRunbook('Copy-LocalFiles', { Gate: gate });

async function startRunbook(name: string, parameters: Record<string, string>): Promise<string> {
  const jobName = randomUUID();
  await service.rest.call('jobs:start', {
    params: { accountName, jobName },
    body: { runbook: { name }, parameters, runOn: groupName },
  });
  return jobName;
}

const whenEnded = (jobName: string) =>
  waitFor(`the end of ${jobName}`, 60, async () => {
    const job = await service.rest.call('jobs:get', { params: { accountName, jobName } });
    return job.endTime === null ? undefined : job;
  });

test('a new worker says what is still to do', async ({}, testInfo) => {
  const { page } = running;
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/not connected/i);
  await keepPicture(page, testInfo, '1-new');
});

test('a wrong workspace key is refused in words, and nothing is connected', async ({}, testInfo) => {
  const { page } = running;
  await page.getByRole('link', { name: 'Connection' }).click();
  await page.getByLabel('Workspace ID').fill(account.workspaceId);
  await page.getByLabel('Workspace key', { exact: true }).fill('not-the-key');
  await page.getByLabel('Service URL').fill(service.ready.agentUrl);
  await page.getByLabel('One certificate, by its fingerprint').check();
  await page.getByLabel('SHA-256 fingerprint').fill(service.ready.caFingerprint);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByText('The workspace did not accept the key', { exact: true })).toBeVisible();
  await keepPicture(page, testInfo, '2-wrong-key');
});

test('connects through the window, and receives the pack', async ({}, testInfo) => {
  const { page } = running;
  await page.getByLabel('Workspace key', { exact: true }).fill(account.workspaceKey);
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Connected to contoso-workspace');
  await expect(page.getByText('AzureAutomation', { exact: true })).toBeVisible();
  await keepPicture(page, testInfo, '3-connected');
});

test('joins the group from the block that the article shows', async ({}, testInfo) => {
  const { page } = running;
  await page.getByRole('link', { name: 'Worker group' }).click();
  const checks = page.getByRole('list', { name: 'Checks of this machine' });
  for (const rule of ['service-reachable', 'certificate-chain', 'clock', 'pack-integrity'])
    await expect(checks.locator(`[data-rule="${rule}"]`)).toHaveAttribute('data-result', 'good', { timeout: 20_000 });
  await keepPicture(page, testInfo, '4-check');
  const block = `Import-Module HybridRegistration $settings = @{ Name = "${groupName}" EndPoint = "${account.endpoint}" Token = "${account.accountKey}" } Add-HybridRunbookWorker @settings`;
  await page.evaluate((text) => {
    const clipboard = new DataTransfer();
    clipboard.setData('text/plain', text);
    document.activeElement?.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: clipboard, bubbles: true, cancelable: true }),
    );
  }, block);
  await expect(page.getByText('Filled in from what you pasted: Worker group, Endpoint, Account key.')).toBeVisible();
  for (const step of ['account', 'group', 'review']) {
    await page.getByRole('button', { name: /^Continue/ }).click();
    await expect(page.locator('form[data-step]')).toHaveAttribute('data-step', step);
  }
  await keepPicture(page, testInfo, '4-join');
  await page.getByRole('button', { name: 'Join the group' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`This machine is in group ${groupName}`);
});

test('runs a test job right there', async ({}, testInfo) => {
  const { page } = running;
  await page.getByRole('button', { name: 'Run a test job' }).click();
  await expect(page.getByTestId('job-badge')).toHaveText('Completed', { timeout: 60_000 });
  await expect(page.getByRole('group', { name: 'What the test job wrote' })).not.toBeEmpty();
  await keepPicture(page, testInfo, '4b-test-job');
  await page.getByRole('button', { name: 'Finish' }).click();
  await expect(page.getByRole('button', { name: 'Leave the group' })).toBeVisible();
  await page.getByRole('link', { name: 'Overview' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This worker can take a job now');
  await keepPicture(page, testInfo, '5-ready');
});

test('the worker looks at itself, and nothing keeps it from working', async ({}, testInfo) => {
  const { page } = running;
  await page.getByRole('link', { name: 'Diagnostics' }).click();
  const findings = page.getByRole('list', { name: 'Findings' }).getByRole('listitem');
  await expect(findings).toHaveCount(11, { timeout: 20_000 });
  for (const rule of ['service-reachable', 'certificate-chain', 'clock', 'registration', 'pack-integrity'])
    await expect(page.locator(`[data-rule="${rule}"]`)).toHaveAttribute('data-result', 'good');
  await keepPicture(page, testInfo, '5b-diagnostics');
});

test('a job that is started over REST is seen while it runs, with its records, to its verified end', async ({}, testInfo) => {
  const { page } = running;
  const gate = path.join(folder, 'first gate');
  const job = await startJob(gate);
  await page.getByRole('link', { name: /Running/ }).click();
  await page.getByRole('link', { name: 'Copy-LocalFiles' }).click();
  await expect(page.getByText(`Copy from ${gate}`)).toBeVisible();
  await expect(page.getByText('The folder exists already')).toBeVisible();
  await keepPicture(page, testInfo, '6-running');
  await writeFile(gate, '');
  await expect(page.getByText('Execution finished')).toBeVisible();
  await expect(page.getByText('Complete, verified: the service has all 3 records')).toBeVisible();
  await keepPicture(page, testInfo, '7-ended');
  expect(await whenEnded(job)).toMatchObject({ status: 'Completed', verified: true });
  await page.getByRole('link', { name: 'Event log' }).click();
  await expect(page.getByText('15007').first()).toBeVisible();
  await keepPicture(page, testInfo, '8-events');
});

test('another is stopped from the window', async ({}, testInfo) => {
  const { page } = running;
  const job = await startJob(path.join(folder, 'never'));
  await page.getByRole('link', { name: /Running/ }).click();
  await page.getByRole('link', { name: 'Copy-LocalFiles' }).click();
  await page.getByRole('button', { name: 'Stop job' }).click();
  const question = page.getByRole('alertdialog');
  await expect(question.getByRole('button', { name: 'Let it run' })).toBeFocused();
  await question.getByRole('button', { name: 'Stop job' }).click();
  expect(await whenEnded(job)).toMatchObject({ status: 'Stopped' });
  await keepPicture(page, testInfo, '9-stopped');
});

test('one is started from the window with the person’s own token, and opens live', async ({}, testInfo) => {
  const { page } = running;
  const gate = path.join(folder, 'window gate');
  await page.getByRole('link', { name: 'Start a job' }).click();
  await page.getByRole('textbox', { name: 'Token' }).fill(`${token}x`);
  await page.getByRole('button', { name: 'Check and keep the token' }).click();
  await expect(page.getByRole('alert', { name: 'The service did not accept the token' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Token' }).fill(token);
  await page.getByRole('button', { name: 'Check and keep the token' }).click();
  await page.getByRole('combobox', { name: 'Runbook' }).pressSequentially('count');
  await page.getByRole('option', { name: 'Count-Files' }).click();
  await page.getByLabel('Times').fill('99');
  await page.getByLabel('Gate').fill(gate);
  await page.getByLabel('Since').fill('yesterday or so');
  await page.getByRole('button', { name: 'Start job' }).click();
  await expect(page.getByText('That is no date; write it like 2026-11-23T09:30:00Z.')).toBeVisible();
  await page.getByLabel('Since').fill('');
  // Beyond what an int holds: that is the service's to say.
  await page.getByLabel('Times').fill('99999999999');
  await page.getByRole('button', { name: 'Start job' }).click();
  const refusal = page.getByRole('alert', { name: 'The value of Times has the wrong type' });
  await expect(refusal).toContainText('is not between');
  await keepPicture(page, testInfo, '9b-start-refused');
  await page.getByRole('textbox', { name: 'Times' }).fill('');
  await page.getByRole('button', { name: 'Start job' }).click();
  await expect(page.getByTestId('job-badge')).toContainText('Running', { timeout: 60_000 });
  await expect(page.getByText('Counting 3 times')).toBeVisible({ timeout: 60_000 });
  expect(await page.evaluate(() => location.hash)).toMatch(/^#\/jobs\//);
  await keepPicture(page, testInfo, '9c-started');
  await writeFile(gate, '');
  await expect(page.getByText(/^Complete, verified/)).toBeVisible();
});

test('the event log tells of each of them, and each event leads to its job', async ({}, testInfo) => {
  const { page } = running;
  await page.getByRole('link', { name: 'Event log' }).click();
  await page.getByRole('searchbox', { name: 'Search events' }).fill('Count-Files');
  // What is chosen before the search is there would be gone with the rows that it is of.
  await expect(page.getByRole('row').filter({ hasText: 'Copy-LocalFiles' })).toHaveCount(0);
  const row = page.getByRole('row').filter({ hasText: 'Count-Files' }).first();
  await row.click();
  const details = page.getByRole('region', { name: 'The chosen event' });
  await expect(details).toContainText('Microsoft-SMA/Operational');
  await expect(details).toContainText('Count-Files');
  await keepPicture(page, testInfo, '9d-event');
  await details.getByRole('button', { name: 'Open job' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Count-Files');
  await expect(page.getByText('Counting 3 times')).toBeVisible();
});

test('the history knows how each ended, and finds them', async ({}, testInfo) => {
  const { page } = running;
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'History' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('4 jobs ran here, and none went wrong');
  await page.getByRole('combobox', { name: 'Outcome' }).click();
  await page.getByRole('option', { name: 'Stopped' }).click();
  await expect(page.getByRole('grid')).toHaveAttribute('aria-rowcount', '2');
  await keepPicture(page, testInfo, '9e-history');
  await page.getByRole('row').filter({ hasText: 'Copy-LocalFiles' }).dblclick();
  await expect(page.getByTestId('job-badge')).toHaveText('Stopped');
  await page.getByRole('tab', { name: /^Parameters/ }).click();
  await expect(page.getByText(path.join(folder, 'never'))).toBeVisible();
});

test('settings are changed while it runs, and say where the engine is', async ({ engine }, testInfo) => {
  const { page } = running;
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByLabel('Jobs at once').fill('3');
  await page.getByRole('button', { name: 'Save changes' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Up to 3 jobs at once on this machine');
  const where =
    engine === 'own' ? /^Runs in this application, process \d+$/ : /^Runs elsewhere, process \d+; this window is attached/;
  await expect(page.getByText(where)).toBeVisible();
  await expect(page.getByText('Administrator: may change everything')).toBeVisible();
  await keepPicture(page, testInfo, '9f-settings');
});

test('a rule of this machine refuses a runbook with its name, and another asks a person first', async ({}, testInfo) => {
  const { page } = running;
  const rule = (name: string) => page.locator(`[data-rule="${name}"]`);
  await rule('runbooks').getByRole('checkbox').check();
  await rule('runbooks').getByLabel('Names').fill('Copy-*');
  await rule('askSeconds').getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Save rules' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Saved' }).first()).toBeVisible();
  const refused = await startRunbook('Count-Files', { Gate: path.join(folder, 'never') });
  expect(await whenEnded(refused)).toMatchObject({
    status: 'Failed',
    exception: expect.stringContaining('Runbooks by name'),
  });
  const gate = path.join(folder, 'asked gate');
  await writeFile(gate, '');
  const asked = await startJob(gate);
  await page.getByRole('link', { name: /Running/ }).click();
  await page.getByRole('link', { name: 'Copy-LocalFiles' }).click();
  await expect(page.getByRole('group', { name: 'The script' })).toContainText('echo "Copy from $1"');
  await keepPicture(page, testInfo, '9g-asked');
  await page.getByRole('button', { name: 'Let it run' }).click();
  expect(await whenEnded(asked)).toMatchObject({ status: 'Completed' });
  await page.getByRole('link', { name: 'Settings' }).click();
  for (const name of ['runbooks', 'askSeconds']) await rule(name).getByRole('checkbox').first().uncheck();
  await page.getByRole('button', { name: 'Save rules' }).click();
  await expect(page.getByRole('button', { name: 'Save rules' })).toBeDisabled();
});

test('the console of a running job is watched live', async ({}, testInfo) => {
  test.skip(findRuntime('pwsh') === undefined, 'there is no pwsh on this machine');
  const { page } = running;
  const job = await startRunbook('Show-Console', {});
  await page.getByRole('link', { name: /Running/ }).click();
  await page.getByRole('link', { name: 'Show-Console' }).click();
  await page.getByRole('tab', { name: 'Console' }).click({ timeout: 60_000 });
  await expect(page.getByTestId('console')).toContainText('this stands in the console', { timeout: 30_000 });
  await keepPicture(page, testInfo, '9h-console');
  await writeFile(path.join(folder, 'console gate'), '');
  await expect(page.getByText('The job has ended: this is the last that its console showed.')).toBeVisible({ timeout: 30_000 });
  expect(await whenEnded(job)).toMatchObject({ status: 'Completed' });
});

for (const [how, end] of [
  ['that is quit', (app: RealApp) => app.quit()],
  ['whose process is killed', (app: RealApp) => app.kill()],
] as const)
  test(`a job outlives an application ${how}, and the next start shows it whole`, async ({ engine }, testInfo) => {
    const gate = path.join(folder, `gate ${how}`);
    const job = await startJob(gate);
    await running.page.getByRole('link', { name: /Running/ }).click();
    await running.page.getByRole('link', { name: 'Copy-LocalFiles' }).click();
    await expect(running.page.getByText(`Copy from ${gate}`)).toBeVisible();
    await end(running);
    running = await startRealApp(dataFolder, engine);
    const { page } = running;
    await page.getByRole('link', { name: /Running/ }).click();
    await page.getByRole('link', { name: 'Copy-LocalFiles' }).click();
    await expect(page.getByText(`Copy from ${gate}`)).toBeVisible();
    await writeFile(gate, '');
    await expect(page.getByText('Complete, verified: the service has all 3 records')).toBeVisible();
    await keepPicture(page, testInfo, `10-after-${how.replaceAll(' ', '-')}`);
    expect(await whenEnded(job)).toMatchObject({ status: 'Completed', verified: true, attempts: [{ outcome: 'completed' }] });
  });

test('leaves the group, at the account too', async ({}, testInfo) => {
  const { page } = running;
  await page.getByRole('link', { name: 'Worker group' }).click();
  await page.getByRole('button', { name: 'Leave the group' }).click();
  await page.getByRole('textbox', { name: 'Account key' }).fill(account.accountKey);
  await page.getByRole('button', { name: 'Continue' }).click();
  await keepPicture(page, testInfo, '11-leave');
  await page.getByRole('button', { name: 'Leave the group' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(`This machine has left group ${groupName}`);
  await keepPicture(page, testInfo, '12-left');
  const { value } = await service.rest.call('workers:list', { params: { accountName, groupName } });
  expect(value).toEqual([]);
  await page.getByRole('button', { name: 'Join another group' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This machine can join a worker group');
});
