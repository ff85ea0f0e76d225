/** What is opened on a page, and every page in a contrast theme of the operating system: what axe finds. */
import { expect, type Page } from '@playwright/test';
import { sampleId } from '../fakes/window/samples.ts';
import { axeSource, violationsOn } from './support/axe.ts';
import { test } from './support/fake-app.ts';
import { places } from './support/places.ts';

/** Axe looks at a page for seconds where a machine does other work, and these look at many. */
test.describe.configure({ timeout: 240_000 });

const looks = ['light', 'dark', 'contrast'] as const;

async function prepare(page: Page, look: (typeof looks)[number]): Promise<void> {
  if (look === 'contrast') await page.emulateMedia({ forcedColors: 'active' });
  await page.evaluate(axeSource);
}

for (const scenario of ['filled', 'failing', 'empty'] as const) {
  test(`axe finds nothing on any page in a contrast theme, ${scenario}`, async ({ start }) => {
    const { page, open } = await start({ scenario, colorScheme: 'dark' });
    await prepare(page, 'contrast');
    for (const place of places) {
      await open(place);
      expect.soft(await violationsOn(page), place).toEqual([]);
    }
    // The theme follows: what is drawn are the system's colours.
    expect(await page.evaluate(() => matchMedia('(forced-colors: active)').matches)).toBe(true);
  });
}

test('the chart of the last day is seen in a contrast theme, each outcome in a colour of its own', async ({ start }) => {
  const { page, worker } = await start({ scenario: 'filled', size: { width: 1240, height: 1000 } });
  await worker('changeJob', sampleId(2), { phase: 'ended', outcome: 'suspended', endedAt: new Date().toISOString() });
  await expect(page.getByRole('listitem').filter({ hasText: /^Suspended, interrupted/ })).toBeVisible();
  const drawn = (selector: string, property: 'fill' | 'stroke') =>
    page.locator(selector).evaluateAll((all, name) => [...new Set(all.map((one) => getComputedStyle(one)[name]))], property);
  const chart = 'svg[aria-label^="Ended jobs by hour"]';
  for (const forcedColors of ['none', 'active'] as const) {
    await page.emulateMedia({ forcedColors });
    const canvas = await page.evaluate(() => {
      const probe = document.body.appendChild(document.createElement('div'));
      probe.style.cssText = 'color: Canvas; forced-color-adjust: none';
      const { color } = getComputedStyle(probe);
      probe.remove();
      return color;
    });
    const fills = await Promise.all(
      ['good', 'quiet', 'warning', 'danger'].map((group) => drawn(`${chart} [data-group="${group}"]`, 'fill')),
    );
    const seen = fills.flat();
    expect(seen.length, forcedColors).toBeGreaterThanOrEqual(3);
    expect(new Set(seen).size, forcedColors).toBe(seen.length);
    expect(seen, forcedColors).not.toContain(canvas);
    expect(await drawn(`${chart} line`, 'stroke'), forcedColors).not.toContain(canvas);
    // The legend shows the same.
    expect((await drawn('li svg rect', 'fill')).sort(), forcedColors).toEqual([...seen].sort());
  }
});

for (const look of looks) {
  test(`axe finds nothing in what is opened on a page, ${look}`, async ({ start }) => {
    const { page, open } = await start({
      scenario: 'filled',
      place: 'events',
      colorScheme: look === 'light' ? 'light' : 'dark',
      size: { width: 1120, height: 900 },
    });
    await prepare(page, look);
    const check = async (what: string): Promise<void> => expect.soft(await violationsOn(page), what).toEqual([]);
    await page.getByRole('row').nth(2).click();
    await page.getByRole('button', { name: 'Close' }).waitFor();
    await check('an event');
    await page.getByRole('button', { name: 'Export' }).click();
    await page.getByRole('menuitem', { name: 'As CSV' }).waitFor();
    await check('the menu of exports');
    await page.keyboard.press('Escape');
    await open('diagnostics');
    await page
      .getByRole('button', { name: /^What was seen/ })
      .first()
      .click();
    await page.getByRole('button', { name: /^Hide what was seen/ }).waitFor();
    await check('a finding');
    await page.getByRole('button', { name: 'Show what would be in it' }).click();
    await page.getByRole('button', { name: 'Save bundle' }).waitFor();
    await check('the contents of a bundle');
    await open('settings');
    await page.getByRole('button', { name: 'Licences of what is inside' }).click();
    await page.getByRole('dialog').waitFor();
    await check('licences');
    await page.keyboard.press('Escape');
    await open('connection');
    await page.getByRole('button', { name: 'Change connection' }).click();
    await page.getByText('The system’s', { exact: true }).click();
    await page.getByRole('button', { name: 'Test this way' }).click();
    await page.getByRole('list', { name: 'Stages of the way to the service' }).waitFor();
    await check('a tried way');
    await page.getByRole('button', { name: 'Show what will change' }).click();
    await page.getByRole('button', { name: 'Change it' }).waitFor();
    await check('what will change');
  });
}

test('a page that waits says for what, by a sign that is read out', async ({ start }) => {
  const { page, open } = await start({ scenario: 'silent' });
  await page.evaluate(axeSource);
  for (const place of ['history', `jobs/${sampleId(1)}`, 'events', 'diagnostics', 'settings']) {
    await open(place);
    await expect(page.getByRole('progressbar').first(), place).toBeVisible();
    expect.soft(await violationsOn(page), place).toEqual([]);
  }
});

test('axe finds nothing where a job that was started is not known, or is looked for', async ({ start }) => {
  const { page, open } = await start({ scenario: 'filled', place: 'start' });
  await page.evaluate(axeSource);
  await open('started/5f0c1d2e-7a41-4c3b-9d10-00000000000f');
  expect.soft(await violationsOn(page), 'without a token').toEqual([]);
  await open('start');
  await page.getByRole('textbox', { name: 'Token' }).fill('token-of-an-operator');
  await page.getByRole('button', { name: 'Check and keep the token' }).click();
  await page.getByRole('combobox', { name: 'Runbook' }).waitFor();
  await open('started/5f0c1d2e-7a41-4c3b-9d10-00000000000f');
  await page.getByRole('alert').first().waitFor();
  expect.soft(await violationsOn(page), 'refused').toEqual([]);
});
