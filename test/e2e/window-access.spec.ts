/** Every page, in both themes, filled, empty, waiting and failing: what axe finds, and what a keyboard reaches. */
import { expect } from '@playwright/test';
import { sampleId } from '../fakes/window/samples.ts';
import type { ScenarioName } from '../fakes/window/scenarios.ts';
import { axeSource, violationsOn } from './support/axe.ts';
import { test } from './support/fake-app.ts';
import { openJoinStep } from './support/join-wizard.ts';
import { places } from './support/places.ts';

const scenarios: ScenarioName[] = ['filled', 'empty', 'joinable', 'waiting', 'offline', 'failing', 'silent'];

for (const colorScheme of ['light', 'dark'] as const) {
  for (const scenario of scenarios) {
    test(`axe finds nothing on any page, ${scenario}, ${colorScheme}`, async ({ start }) => {
      const { page, open } = await start({ scenario, colorScheme });
      await page.evaluate(axeSource);
      for (const place of places) {
        await open(place);
        expect.soft(await violationsOn(page), place).toEqual([]);
      }
    });
  }
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in forms that were refused, dialogs and details, ${colorScheme}`, async ({ start }) => {
    const { page, open } = await start({ scenario: 'refusing', place: 'group', colorScheme });
    await page.evaluate(axeSource);
    await openJoinStep(page, 'account');
    await page.getByRole('button', { name: 'Continue' }).click();
    expect.soft(await violationsOn(page), 'missing fields').toEqual([]);
    await page.getByRole('textbox', { name: 'Account key' }).fill('wrong');
    await page.getByRole('button', { name: 'Continue' }).click();
    expect.soft(await violationsOn(page), 'group').toEqual([]);
    await page.getByLabel('Worker group', { exact: true }).fill('datacenter-east');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('The same as a command').click();
    expect.soft(await violationsOn(page), 'review').toEqual([]);
    await page.getByRole('button', { name: 'Join the group' }).click();
    await page.getByRole('alert').first().waitFor();
    await page.getByRole('button', { name: 'Show details' }).click();
    expect.soft(await violationsOn(page), 'refused').toEqual([]);
    await open('connection');
    await page.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByRole('alertdialog').waitFor();
    expect.soft(await violationsOn(page), 'dialog').toEqual([]);
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the steps of leaving a group, nor where a job is started, ${colorScheme}`, async ({ start }) => {
    const { page, open } = await start({ scenario: 'refusing-to-leave', place: 'group', colorScheme });
    await page.evaluate(axeSource);
    const look = async (what: string): Promise<void> => expect.soft(await violationsOn(page), what).toEqual([]);
    await page.getByRole('button', { name: 'Leave the group' }).click();
    await look('how');
    await page.getByRole('textbox', { name: 'Account key' }).fill('a-key-of-the-account');
    await page.getByRole('button', { name: 'Continue' }).click();
    await look('review');
    await page.getByRole('button', { name: 'Leave the group' }).click();
    await page.getByRole('alert').first().waitFor();
    await look('refused');
    await open('start');
    await page.getByRole('textbox', { name: 'Token' }).fill('nonsense');
    await page.getByRole('button', { name: 'Check and keep the token' }).click();
    await page.getByRole('alert').first().waitFor();
    await look('token refused');
    await page.getByRole('textbox', { name: 'Token' }).fill('token-of-an-operator');
    await page.getByRole('button', { name: 'Check and keep the token' }).click();
    await page.getByRole('combobox', { name: 'Runbook' }).pressSequentially('copy');
    await page.getByRole('option', { name: 'Copy-LocalFiles' }).click();
    await page.getByRole('button', { name: 'Start job' }).click();
    await look('missing parameters');
    await page.getByLabel('SourcePath').fill('/srv/in');
    await page.getByLabel('DestinationPath').fill('/srv/out');
    await page.getByLabel('Retries').fill('999');
    await page.getByRole('button', { name: 'Start job' }).click();
    await page.getByRole('alert').first().waitFor();
    await look('parameter refused');
    await page.getByRole('textbox', { name: 'Retries' }).fill('');
    await page.getByRole('button', { name: 'Start job' }).click();
    await page.getByText(/^It waits/).waitFor();
    await look('started');
  });

  test(`axe finds nothing on any tab of a job, nor while it is stopped, ${colorScheme}`, async ({ start }) => {
    const { page } = await start({ scenario: 'stopping', place: `jobs/${sampleId(1)}`, colorScheme });
    await page.evaluate(axeSource);
    for (const tab of [/^Records/, /^Console/, /^Parameters/, /^Attempts/, /^Resources/]) {
      await page.getByRole('tab', { name: tab }).click();
      if (String(tab).includes('Console')) await expect(page.getByTestId('console')).toContainText('212 of 512');
      expect.soft(await violationsOn(page), String(tab)).toEqual([]);
    }
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in a question for permission, nor in rules that are switched on, ${colorScheme}`, async ({ start }) => {
    const { page, open } = await start({ scenario: 'asking', place: `jobs/${sampleId(7)}`, colorScheme });
    await page.evaluate(axeSource);
    await page.getByRole('button', { name: 'Let it run' }).waitFor();
    expect.soft(await violationsOn(page), 'question').toEqual([]);
    await open('settings');
    for (const rule of await page.locator('[data-rule]').all()) await rule.getByRole('checkbox').first().check();
    await expect(page.getByText('Enter a name at least')).toBeVisible();
    expect.soft(await violationsOn(page), 'rules').toEqual([]);
  });
}

test('the keyboard reaches every page and the button that matters on it', async ({ start }) => {
  const { page } = await start({ scenario: 'filled' });
  const reached: string[] = [];
  for (let press = 0; press < 12; press += 1) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => (document.activeElement as HTMLElement | null)?.innerText.split('\n')[0] ?? ''));
  }
  expect(reached.slice(0, 10)).toEqual([
    'Overview',
    'Running',
    'History',
    'Start a job',
    'Connection',
    'Worker group',
    'Event log',
    'Diagnostics',
    'Settings',
    'Pause taking jobs',
  ]);
  await page.getByRole('link', { name: 'History', exact: true }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('jobs ran here');
});

test('nothing leaves the page sideways at 900 × 600, nor at twice the size', async ({ start }) => {
  const { page, app, open } = await start({ scenario: 'filled', size: { width: 900, height: 600 } });
  const sideways = (within = 'html, main') =>
    page.evaluate(
      (selector) => [...document.querySelectorAll(selector)].some((element) => element.scrollWidth > element.clientWidth),
      within,
    );
  for (const place of places) {
    await open(place);
    expect.soft(await sideways(), place).toBe(false);
  }
  // Where tables begin to show more columns.
  for (const width of [985, 1245]) {
    await app.evaluate(({ BrowserWindow }, wide) => BrowserWindow.getAllWindows()[0]?.setContentSize(wide, 600), width);
    for (const place of ['running', 'history', 'events']) {
      await open(place);
      const shown = { running: 'Last record', history: 'Started by', events: 'Time' }[place] ?? '';
      await expect(page.getByRole('columnheader', { name: shown })).toBeVisible();
      expect.soft(await sideways('main, [role="table"], [role="grid"]'), `${place}, ${width}`).toBe(false);
    }
  }
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.setContentSize(900, 600));
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.setZoomFactor(2));
  await expect(page.getByRole('link', { name: 'History', exact: true })).toBeVisible();
  for (const place of places) {
    await open(place);
    expect.soft(await sideways(), `${place} at 200 %`).toBe(false);
  }
});

test('at twice the size every page can be reached by its picture, and lists keep the time', async ({ start }) => {
  const { page, app, open } = await start({ scenario: 'filled', size: { width: 900, height: 600 } });
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.setZoomFactor(2));
  await expect.poll(() => page.evaluate(() => innerWidth)).toBeLessThan(500);
  const links = page.getByRole('navigation').getByRole('link');
  await expect(links).toHaveCount(9);
  for (const link of await links.all()) {
    await expect(link).toBeInViewport({ ratio: 1 });
    expect((await link.locator('svg').boundingBox())?.width).toBe(20);
    expect((await link.boundingBox())?.height).toBeGreaterThanOrEqual(24);
  }
  for (const [place, name] of [
    ['events', 'Time'],
    ['history', 'Picked up'],
  ] as const) {
    await open(place);
    await expect(page.getByRole('columnheader', { name })).toBeVisible();
    const row = page.getByRole('grid').getByRole('row').nth(1);
    const inside = await row
      .getByRole('gridcell')
      .evaluateAll((cells) => cells.map((cell) => cell.scrollWidth <= cell.clientWidth));
    // The times are whole.
    expect(inside[place === 'events' ? 1 : 2], place).toBe(true);
  }
});

test('what a job last said, and what an event says, get the room of a row', async ({ start }) => {
  const { page, open } = await start({ scenario: 'filled', size: { width: 1240, height: 800 } });
  const widthOf = async (place: string, header: string): Promise<number> => {
    await open(place);
    return (await page.getByRole('columnheader', { name: header }).boundingBox())?.width ?? 0;
  };
  expect(await widthOf('running', 'Last record')).toBeGreaterThan(250);
  expect(await widthOf('events', 'Message')).toBeGreaterThan(550);
});

test('neither does a step of the wizard, nor the form that starts a job', async ({ start }) => {
  const { page, app, open, worker } = await start({ scenario: 'refusing', place: 'group', size: { width: 900, height: 600 } });
  const look = async (what: string): Promise<void> => {
    for (const zoom of [1, 2]) {
      await app.evaluate(
        ({ BrowserWindow }, factor) => BrowserWindow.getAllWindows()[0]?.webContents.setZoomFactor(factor),
        zoom,
      );
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      const isWider = await page.evaluate(() =>
        [...document.querySelectorAll('html, main')].some((element) => element.scrollWidth > element.clientWidth),
      );
      expect.soft(isWider, `${what}, ${String(zoom * 100)} %`).toBe(false);
    }
  };
  for (const step of ['account', 'group', 'review']) {
    await page.getByRole('button', { name: /^Continue/ }).click();
    await expect(page.locator('form[data-step]')).toHaveAttribute('data-step', step);
    if (step === 'account') await page.getByRole('textbox', { name: 'Account key' }).fill('a-key-of-the-account');
    if (step === 'group')
      await page.getByLabel('Worker group', { exact: true }).fill('a-name-of-a-group-that-is-as-long-as-names-get'.repeat(2));
    await look(step);
  }
  await page.getByRole('button', { name: 'Join the group' }).click();
  await page.getByRole('alert').first().waitFor();
  await look('refused');
  await worker('set', { refusals: {} });
  await page
    .getByRole('navigation', { name: 'Steps' })
    .getByRole('button', { name: /^Review/ })
    .click();
  await page.getByRole('button', { name: 'Join the group' }).click();
  await expect(page.locator('form[data-step]')).toHaveAttribute('data-step', 'done');
  await look('done');
  await open('start');
  await look('token');
  await page.getByRole('textbox', { name: 'Token' }).fill('token-of-an-operator');
  await page.getByRole('button', { name: 'Check and keep the token' }).click();
  await page.getByRole('combobox', { name: 'Runbook' }).pressSequentially('copy');
  await page.getByRole('option', { name: 'Copy-LocalFiles' }).click();
  await look('form');
});
