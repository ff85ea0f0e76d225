/** The page of settings: what is saved and when, and that nothing is lost without a word. The engine is a fake, all else is real. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from '@playwright/test';
import { test } from './support/fake-app.ts';

test.describe('settings', () => {
  test('saves only what was changed, and refuses what is no value', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'filled', place: 'settings' });
    const save = page.getByRole('button', { name: 'Save changes' });
    await expect(save).toBeDisabled();
    await page.getByLabel('Jobs at once').fill('99');
    await expect(page.getByText('Enter a whole number from 1 to 50')).toBeVisible();
    await expect(save).toBeDisabled();
    await page.getByLabel('Jobs at once').fill('');
    await save.click();
    await expect(page.getByText('Saved', { exact: true })).toBeVisible();
    expect(await calls('settings:change')).toEqual([{ limit: null }]);
  });

  test('asks before what is not saved is lost, wherever the person wants to go', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'filled', place: 'history' });
    const heading = page.getByRole('heading', { level: 1 });
    const onPage = page.getByRole('navigation', { name: 'Pages' });
    const dialog = page.getByRole('alertdialog', { name: 'Leave without saving?' });
    await onPage.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('checkbox', { name: 'Only these kinds of runbook' }).check();
    await page.getByLabel('Jobs at once').fill('9');
    await onPage.getByRole('link', { name: 'Overview' }).click();
    await expect(dialog).toContainText('Not saved: Jobs, Local policy.');
    await expect(dialog.getByRole('button', { name: 'Stay here' })).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await expect(page.getByLabel('Jobs at once')).toHaveValue('9');
    await page.getByRole('checkbox', { name: 'Only these kinds of runbook' }).uncheck();
    await page.goBack();
    await expect(dialog).toContainText('Not saved: Jobs.');
    await dialog.getByRole('button', { name: 'Leave, and lose the changes' }).click();
    await expect(heading).toContainText('jobs ran here');
    expect(await calls('settings:change')).toEqual([]);
    // What is saved, or was put back, is nothing to ask about.
    await onPage.getByRole('link', { name: 'Settings' }).click();
    await page.getByLabel('Jobs at once').fill('9');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await expect(page.getByText('Saved', { exact: true })).toBeVisible();
    await onPage.getByRole('link', { name: 'Overview' }).click();
    await expect(heading).toHaveText('This worker can take a job now');
  });

  test('has each of its sections a press away', async ({ start }) => {
    const { page } = await start({ scenario: 'filled', place: 'settings', size: { width: 900, height: 600 } });
    const about = page.getByRole('heading', { name: 'About' });
    await expect(about).not.toBeInViewport();
    await page.getByRole('navigation', { name: 'On this page' }).getByRole('link', { name: 'About' }).click();
    await expect(about).toBeInViewport();
  });

  test('says what the event log keeps, and saves that at once', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'filled', place: 'settings' });
    await page.getByLabel('Keep', { exact: true }).selectOption('Warnings and errors');
    await expect.poll(() => calls('settings:change')).toEqual([{ logLevel: 'Warning' }]);
  });

  test('starts at logon, is light or dark, and shows the licences', async ({ start }) => {
    const { page, app, dataFolder } = await start({ scenario: 'filled', place: 'settings' });
    const entry = path.join(dataFolder, 'autostart', 'hybrid-runbook-worker.desktop');
    const atLogon = page.getByRole('checkbox', { name: 'Start in the tray when you log on' });
    await expect(atLogon).not.toBeChecked();
    await atLogon.check();
    await expect.poll(() => readFile(entry, 'utf8').catch(() => '')).toMatch(/^Exec=.*--data .*--hidden$/m);
    await atLogon.uncheck();
    await expect.poll(() => existsSync(entry)).toBe(false);
    await page.getByRole('radio', { name: 'Dark' }).check();
    await expect.poll(() => app.evaluate(({ nativeTheme }) => nativeTheme.themeSource)).toBe('dark');
    expect(JSON.parse(await readFile(path.join(dataFolder, 'preferences.json'), 'utf8'))).toMatchObject({ appearance: 'dark' });
    await page.getByRole('radio', { name: 'As the system' }).check();
    await expect.poll(() => app.evaluate(({ nativeTheme }) => nativeTheme.themeSource)).toBe('system');
    await page.getByRole('button', { name: 'Licences of what is inside' }).click();
    await expect(page.getByRole('dialog')).toContainText('@fluentui/react-components');
    await page.getByRole('button', { name: 'Close' }).click();
    await expect(page.getByRole('dialog')).toBeHidden();
  });

  test('has the machine’s own rules switched on one by one', async ({ start }) => {
    const { page, calls } = await start({ scenario: 'filled', place: 'settings' });
    const save = page.getByRole('button', { name: 'Save rules' });
    await expect(save).toBeDisabled();
    await page.getByRole('checkbox', { name: 'Only these kinds of runbook' }).check();
    await expect(page.getByText('Choose one kind at least.')).toBeVisible();
    await page.getByRole('checkbox', { name: 'Bash' }).check();
    await page.getByRole('checkbox', { name: 'Only within working hours' }).check();
    await page.getByRole('checkbox', { name: 'Friday' }).uncheck();
    await page.getByRole('checkbox', { name: 'Ask me first' }).check();
    await page.getByLabel('Time for an answer').fill('10m');
    await save.click();
    await expect(page.getByRole('status').filter({ hasText: 'Saved' })).toBeVisible();
    await page.getByRole('checkbox', { name: 'Ask me first' }).uncheck();
    await save.click();
    await expect
      .poll(() => calls('policy:change'))
      .toEqual([
        {
          kinds: ['Bash'],
          hours: { days: ['Mon', 'Tue', 'Wed', 'Thu'], from: '08:00', to: '18:00' },
          askSeconds: 600,
        },
        { askSeconds: null },
      ]);
  });
});
