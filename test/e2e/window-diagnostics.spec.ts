/** The page that says what is wrong: order, evidence, the test of a folder, and what is refused. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { expect } from '@playwright/test';
import { test } from './support/fake-app.ts';

test('what is wrong stands first, with what was seen and what to do', async ({ start }) => {
  const { page } = await start({ scenario: 'filled', place: 'diagnostics' });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('One thing is wrong');
  const findings = page.getByRole('list', { name: 'Findings' }).getByRole('listitem');
  await expect(findings).toHaveCount(11);
  await expect(findings.nth(0)).toContainText('PowerShell execution policy');
  await expect(findings.nth(0)).toContainText('Ask whoever owns the Group Policy');
  await expect(findings.nth(1)).toContainText('Proxy');
  const seen = page.getByRole('button', { name: 'What was seen: PowerShell execution policy' });
  await seen.focus();
  await page.keyboard.press('Enter');
  await expect(findings.nth(0)).toContainText('MachinePolicy Restricted');
  await page.getByRole('button', { name: 'Look again' }).click();
  await expect(page.getByRole('button', { name: 'Look again' })).toBeEnabled();
});

test('a folder is tried with the rights of runbooks', async ({ start }) => {
  const { page } = await start({ scenario: 'filled', place: 'diagnostics' });
  const field = page.getByLabel('Folder or share');
  await field.fill('\\\\fs02\\denied');
  await field.press('Enter');
  await expect(page.getByText('cannot list \\\\fs02\\denied: access is denied')).toBeVisible();
  await field.fill('\\\\fs02\\data');
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await expect(page.getByText('NT AUTHORITY\\SYSTEM can list \\\\fs02\\data')).toBeVisible();
});

test('a worker that cannot be asked says why, and can be asked again', async ({ start }) => {
  const { page } = await start({ scenario: 'failing', place: 'diagnostics' });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This worker could not be looked at');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
});

test('a support bundle is shown before it is saved, and saved as it was shown', async ({ start }) => {
  const { page, app, dataFolder } = await start({ scenario: 'filled', place: 'diagnostics' });
  const file = path.join(dataFolder, 'support.zip');
  await app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
  }, file);
  await page.getByRole('button', { name: 'Show what would be in it' }).click();
  const contents = page.getByRole('table', { name: 'Contents of the bundle' });
  await expect(contents.getByRole('row')).toHaveCount(9);
  await expect(contents.getByRole('row', { name: /events\.ndjson/ })).toContainText('without what runbooks said');
  await page.getByRole('button', { name: 'Save bundle' }).click();
  await expect(page.getByText(`Saved as ${file}`)).toBeVisible();
  expect((await stat(file)).size).toBeGreaterThan(2_000);
  await expect(contents).toBeHidden();
});

test('what would be in a support bundle can be discarded', async ({ start }) => {
  const { page } = await start({ scenario: 'filled', place: 'diagnostics' });
  await page.getByRole('button', { name: 'Show what would be in it' }).click();
  await page.getByRole('button', { name: 'Discard it' }).click();
  await expect(page.getByRole('button', { name: 'Show what would be in it' })).toBeVisible();
});
