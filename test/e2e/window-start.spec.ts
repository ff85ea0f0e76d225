/** The page that starts a job: the token, the form that a runbook's parameters make, refusals, and what becomes of the job. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, type Page } from '@playwright/test';
import { ago, registration, sampleId, sampleJob } from '../fakes/window/samples.ts';
import { test, type FakeApp } from './support/fake-app.ts';

const heading = (page: Page) => page.getByRole('heading', { level: 1 });

async function giveToken(page: Page, token = 'token-of-an-operator'): Promise<void> {
  await page.getByRole('textbox', { name: 'Token' }).fill(token);
  await page.getByRole('button', { name: 'Check and keep the token' }).click();
}

async function choose(page: Page, runbook: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Runbook' }).pressSequentially(runbook.slice(0, 5));
  await page.getByRole('option', { name: runbook }).click();
}

/** Started and waiting; answers the job's name. */
async function startOne({ page }: FakeApp): Promise<string> {
  await giveToken(page);
  await choose(page, 'Test-Certificates');
  await page.getByRole('button', { name: 'Start job' }).click();
  await expect(page.getByText('It waits: both ready workers are full.')).toBeVisible();
  return page.evaluate(() => location.hash.replace('#/started/', ''));
}

function attemptOf(machineId: string, workerName: string) {
  return {
    attempt: 1,
    sandboxId: sampleId(77),
    machineId,
    workerName,
    handedOutTime: ago(1),
    startTime: ago(1),
    endTime: null,
    outcome: null,
    reason: null,
    exitCode: null,
    runtime: null,
    wallMs: null,
    cpuMs: null,
    peakMemoryBytes: null,
    processesLeft: null,
    recordCount: 0,
    recordBytes: 0,
    verified: null,
    reportedCount: null,
    missingRecords: null,
  };
}

test.describe('the token', () => {
  test('is asked for once, tried, kept for this user alone, and the page says how', async ({ start }) => {
    const { page, app, dataFolder } = await start({ scenario: 'filled', place: 'start' });
    await expect(heading(page)).toHaveText('Starting a job takes a token of the service');
    const isEncrypted = await page.getByText('encrypted by the operating system').isVisible();
    await page.getByRole('button', { name: 'Check and keep the token' }).click();
    await expect(page.getByText('Enter a token.')).toBeVisible();
    await giveToken(page);
    await expect(
      page.getByText(
        isEncrypted ? /: encrypted by the operating system, for you alone/ : /: unencrypted, in .*, which only you may read/,
      ),
    ).toBeVisible();
    const file = path.join(dataFolder, 'service-token.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const kept = JSON.parse(await readFile(file, 'utf8')) as { how: string; value: string; restApiUri: string };
    expect(kept).toMatchObject({
      how: isEncrypted ? 'encrypted' : 'file',
      restApiUri: 'https://automation.contoso.example:8444',
    });
    if (isEncrypted) expect(kept.value).not.toContain('token-of-an-operator');
    // The window never gets it back.
    expect(await page.evaluate(async () => JSON.stringify(await window.hrw.shell('service:access', {})))).not.toContain(
      'token-of',
    );
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.reload());
    await expect(page.getByRole('combobox', { name: 'Runbook' })).toBeVisible();
    await page.getByRole('button', { name: 'Forget the token' }).click();
    await expect(heading(page)).toHaveText('Starting a job takes a token of the service');
    await expect(stat(file)).rejects.toThrow('ENOENT');
  });

  test('that the service refuses is not kept', async ({ start }) => {
    const { page, dataFolder } = await start({ scenario: 'filled', place: 'start' });
    await giveToken(page, 'nonsense');
    await expect(page.getByRole('alert', { name: 'The service did not accept the token' })).toBeVisible();
    await expect(stat(path.join(dataFolder, 'service-token.json'))).rejects.toThrow('ENOENT');
  });

  test('that allows too little leads to entering another', async ({ start }) => {
    const { page } = await start({ scenario: 'filled', place: 'start' });
    await giveToken(page, 'token-of-a-reader');
    await choose(page, 'Test-Certificates');
    await page.getByRole('button', { name: 'Start job' }).click();
    const refusal = page.getByRole('alert', { name: 'This needs the role operator' });
    await expect(refusal).toContainText('The token’s role is reader');
    await refusal.getByRole('button', { name: 'Enter another token' }).click();
    await giveToken(page);
    await expect(page.getByRole('combobox', { name: 'Runbook' })).toBeVisible();
  });

  test('is kept for one service, and given to no other', async ({ start }) => {
    const { page, worker } = await start({ scenario: 'filled', place: 'start' });
    await giveToken(page);
    await expect(page.getByRole('combobox', { name: 'Runbook' })).toBeVisible();
    await worker('set', { restApiUri: 'https://elsewhere.example' });
    await page.evaluate(() => (location.hash = '#/overview'));
    await page.evaluate(() => (location.hash = '#/start'));
    await expect(heading(page)).toHaveText('Starting a job takes a token of the service');
  });
});

test('a machine that is in no group says what is missing', async ({ start }) => {
  const { page } = await start({ scenario: 'joinable', place: 'start' });
  await expect(heading(page)).toHaveText('Jobs are started here once this machine is in a worker group');
  await page.getByRole('button', { name: 'Open Worker group' }).click();
  await expect(heading(page)).toHaveText('This machine can join a worker group');
});

test('a service that is not there is said so, and asked again', async ({ start }) => {
  const { page, service, open } = await start({ scenario: 'filled', place: 'start' });
  await giveToken(page);
  await expect(page.getByRole('combobox', { name: 'Runbook' })).toBeVisible();
  await service('break', true);
  await open('overview');
  await open('start');
  const refusal = page.getByRole('alert');
  await expect(refusal).toContainText('automation.contoso.example');
  await service('break', false);
  await refusal.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('combobox', { name: 'Runbook' })).toBeVisible();
});

test.describe('the form', () => {
  test('is made from the runbook’s parameters, and sends what was given', async ({ start }) => {
    const { page, service } = await start({ scenario: 'filled', place: 'start' });
    await giveToken(page);
    await page.getByRole('button', { name: 'Start job' }).click();
    await expect(page.getByText('Choose a runbook.')).toBeVisible();
    await expect(page.getByRole('combobox', { name: 'Runbook' })).toBeFocused();
    await choose(page, 'Copy-LocalFiles');
    await expect(page.getByText('Copies a folder of this machine to another one')).toBeVisible();
    await expect(page.getByRole('combobox', { name: 'Run on' })).toHaveText('datacenter-east, this worker’s group');
    await expect(page.getByLabel('SourcePath')).toHaveAttribute('required', '');
    await expect(page.getByLabel('Retries')).not.toHaveAttribute('required');
    await expect(page.getByText('A whole number. Empty: 3.')).toBeVisible();
    await page.getByRole('button', { name: 'Start job' }).click();
    await expect(page.getByText('This runbook cannot run without it.')).toHaveCount(2);
    await expect(page.getByLabel('SourcePath')).toBeFocused();
    await page.getByLabel('SourcePath').fill('/srv/in');
    await page.getByLabel('DestinationPath').fill('/srv/out');
    await page.getByLabel('Retries').fill('many');
    await page.getByRole('button', { name: 'Start job' }).click();
    await expect(page.getByText('That is no whole number.')).toBeVisible();
    await page.getByLabel('Retries').fill('');
    await page.getByLabel('Overwrite').selectOption('True');
    await page.getByLabel('Names').fill('["a","b"]');
    await page.getByRole('button', { name: 'Start job' }).click();
    await expect(heading(page)).toHaveText('Copy-LocalFiles');
    const name = await page.evaluate(() => location.hash.replace('#/started/', ''));
    expect(await service('bodiesOf', name)).toEqual([
      {
        runbook: { name: 'Copy-LocalFiles' },
        runOn: 'datacenter-east',
        parameters: { SourcePath: '/srv/in', DestinationPath: '/srv/out', Overwrite: 'true', Names: '["a","b"]' },
      },
    ]);
  });

  test('leaves out what is not published, and takes arguments where none are declared', async ({ start }) => {
    const { page, service } = await start({ scenario: 'filled', place: 'start' });
    await giveToken(page);
    await page.getByRole('combobox', { name: 'Runbook' }).click();
    await expect(page.getByRole('option')).toHaveText(['Copy-LocalFiles', 'Rotate-Logs', 'Test-Certificates']);
    await page.getByRole('option', { name: 'Rotate-Logs' }).click();
    await page.getByLabel('Arguments').fill('--keep\n7');
    await page.getByRole('combobox', { name: 'Run on' }).click();
    await page.getByRole('option', { name: 'datacenter-west: 0 of 1 worker ready' }).click();
    await page.getByRole('button', { name: 'Start job' }).click();
    await expect(heading(page)).toHaveText('Rotate-Logs');
    const name = await page.evaluate(() => location.hash.replace('#/started/', ''));
    expect(await service('bodiesOf', name)).toEqual([
      { runbook: { name: 'Rotate-Logs' }, runOn: 'datacenter-west', parameters: { Argument1: '--keep', Argument2: '7' } },
    ]);
  });

  test('marks the parameter that the service refuses, and leads to it', async ({ start }) => {
    const { page } = await start({ scenario: 'filled', place: 'start' });
    await giveToken(page);
    await choose(page, 'Copy-LocalFiles');
    await page.getByLabel('SourcePath').fill('/srv/in');
    await page.getByLabel('DestinationPath').fill('/srv/out');
    await page.getByRole('textbox', { name: 'Retries' }).fill('999');
    await page.getByRole('button', { name: 'Start job' }).click();
    const refusal = page.getByRole('alert', { name: 'The value of Retries has the wrong type' });
    await expect(refusal).toContainText('999 is not between 0 and 10');
    await expect(page.getByRole('textbox', { name: 'Retries' })).toHaveAttribute('aria-invalid', 'true');
    await refusal.getByRole('button', { name: 'Change Retries' }).click();
    await expect(page.getByRole('textbox', { name: 'Retries' })).toBeFocused();
  });

  test('that lost its answer starts the same job when it is sent again', async ({ start }) => {
    const { page, service } = await start({ scenario: 'filled', place: 'start' });
    await giveToken(page);
    await choose(page, 'Test-Certificates');
    await service('break', true);
    await page.getByRole('button', { name: 'Start job' }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await service('break', false);
    await page.getByRole('button', { name: 'Start job' }).click();
    await expect(heading(page)).toHaveText('Test-Certificates');
  });
});

test.describe('the job', () => {
  test('opens live on its own page when this machine has taken it', async ({ start }) => {
    const app = await start({ scenario: 'filled', place: 'start' });
    const { page, worker } = app;
    const jobId = await startOne(app);
    await expect(page.getByTestId('job-badge')).toHaveText('Waiting');
    await worker('startJob', sampleJob(77, { jobId, runbookName: 'Test-Certificates' }));
    await expect(page.getByTestId('job-badge')).toContainText('Running');
    await expect(page.getByRole('tab', { name: /^Records/ })).toBeVisible();
    expect(await page.evaluate(() => location.hash)).toBe(`#/jobs/${sampleId(77)}`);
  });

  test('that another member has taken shows its status and records from the service', async ({ start }) => {
    const app = await start({ scenario: 'filled', place: 'start' });
    const { page, service } = app;
    const name = await startOne(app);
    await service('changeJob', name, {
      status: 'Running',
      waitingReason: null,
      attempts: [attemptOf(sampleId(5), 'srv-files-03')],
    });
    await expect(page.getByText('srv-files-03, another member of the group, has taken it.')).toBeVisible();
    await service('write', name, ['first line', 'second line']);
    await expect(page.getByTestId('records')).toContainText('second line');
    await service('write', name, ['third line']);
    await expect(page.getByTestId('records')).toContainText('third line');
    await service('changeJob', name, { status: 'Failed', exception: 'Access is denied.', endTime: ago(0) });
    await expect(page.getByTestId('job-badge')).toHaveText('Failed');
    await expect(page.getByText('Access is denied.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Start another job' })).toBeVisible();
    expect(registration.machineId).not.toBe(sampleId(5));
  });

  test('that waits can be stopped', async ({ start }) => {
    const app = await start({ scenario: 'filled', place: 'start' });
    const { page } = app;
    await startOne(app);
    await page.getByRole('button', { name: 'Stop job' }).click();
    const question = page.getByRole('alertdialog');
    await expect(question.getByRole('button', { name: 'Let it run' })).toBeFocused();
    await question.getByRole('button', { name: 'Stop job' }).click();
    await expect(page.getByTestId('job-badge')).toHaveText('Stopped');
  });
});
