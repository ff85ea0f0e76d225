/**
 * Every page, in both themes and at both scales, as an administrator may find it: into test-results/pictures, for looking at. The few that
 * the README shows go into docs/pictures and are committed.
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, type Page } from '@playwright/test';
import { root } from '../../scripts/paths.mjs';
import { trayView } from '../../src-main/shell/tray-view.ts';
import { test } from '../e2e/support/fake-app.ts';
import { openJoinStep } from '../e2e/support/join-wizard.ts';
import { sampleId } from '../fakes/window/samples.ts';
import { scenarios, type ScenarioName } from '../fakes/window/scenarios.ts';

interface Picture {
  name: string;
  scenario: ScenarioName;
  place: string;
  /** The tab of the page to look at. */
  tab?: RegExp;
  /** What is done on the page before it is looked at. */
  prepare?: (page: Page) => Promise<void>;
  /** How far the wizard is gone through. */
  joinStep?: 'review';
  /** Its name in docs/pictures, where the README shows it. */
  shown?: { light?: string; dark?: string };
}

const job = `jobs/${sampleId(1)}`;

async function narrowEvents(page: Page): Promise<void> {
  await page.getByRole('combobox', { name: 'Time' }).click();
  await page.getByRole('option', { name: 'From and to' }).click();
  await page.getByRole('row').nth(3).click();
}

async function chooseRecords(page: Page): Promise<void> {
  await page.getByTestId('records').getByRole('option').nth(2).click();
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
}

const pictures: Picture[] = [
  { name: 'overview', scenario: 'filled', place: 'overview', shown: { light: 'overview', dark: 'overview-dark' } },
  { name: 'overview-new', scenario: 'empty', place: 'overview' },
  { name: 'overview-offline', scenario: 'offline', place: 'overview' },
  { name: 'overview-unable', scenario: 'unable', place: 'overview' },
  { name: 'history-unable', scenario: 'unable', place: 'history' },
  { name: 'running', scenario: 'filled', place: 'running' },
  { name: 'running-empty', scenario: 'empty', place: 'running' },
  { name: 'job', scenario: 'filled', place: job, shown: { light: 'job' } },
  { name: 'job-console', scenario: 'filled', place: job, tab: /^Console/ },
  { name: 'job-resources', scenario: 'filled', place: job, tab: /^Resources/ },
  { name: 'job-lacking', scenario: 'filled', place: `jobs/${sampleId(1047)}` },
  { name: 'job-stopping', scenario: 'stopping', place: job },
  { name: 'history', scenario: 'filled', place: 'history', shown: { light: 'history' } },
  { name: 'history-empty', scenario: 'empty', place: 'history' },
  { name: 'history-failing', scenario: 'failing', place: 'history' },
  { name: 'connection', scenario: 'filled', place: 'connection' },
  { name: 'connection-new', scenario: 'empty', place: 'connection' },
  { name: 'group', scenario: 'filled', place: 'group' },
  { name: 'group-join', scenario: 'joinable', place: 'group' },
  { name: 'group-review', scenario: 'joinable', place: 'group', joinStep: 'review', shown: { light: 'join' } },
  { name: 'start-token', scenario: 'filled', place: 'start' },
  { name: 'events', scenario: 'filled', place: 'events' },
  { name: 'events-range', scenario: 'filled', place: 'events', prepare: narrowEvents },
  { name: 'job-chosen', scenario: 'filled', place: job, prepare: chooseRecords },
  { name: 'diagnostics', scenario: 'filled', place: 'diagnostics' },
  { name: 'diagnostics-failing', scenario: 'failing', place: 'diagnostics' },
  { name: 'settings', scenario: 'filled', place: 'settings' },
  { name: 'job-asking', scenario: 'asking', place: `jobs/${sampleId(7)}` },
];

/** What stands in the tray: icon, tooltip and menu, as the application would hand them to the system. */
const trays: { name: string; scenario: ScenarioName }[] = [
  { name: 'ready', scenario: 'filled' },
  { name: 'paused', scenario: 'paused' },
  { name: 'unable', scenario: 'unable' },
  { name: 'asking', scenario: 'asking' },
  { name: 'offline', scenario: 'offline' },
  { name: 'empty', scenario: 'empty' },
];

const size = { width: 1240, height: 800 };
const folder = path.join(root, 'test-results', 'pictures');
const committed = path.join(root, 'docs', 'pictures');

for (const colorScheme of ['light', 'dark'] as const) {
  for (const scenario of new Set(pictures.map((picture) => picture.scenario))) {
    test(`${scenario}, ${colorScheme}`, async ({ start }) => {
      await Promise.all([folder, committed].map((each) => mkdir(each, { recursive: true })));
      const { page, app, open } = await start({ scenario, colorScheme, size });
      for (const zoom of [1, 2]) {
        await app.evaluate(({ BrowserWindow }, factor) => {
          BrowserWindow.getAllWindows()[0]?.webContents.setZoomFactor(factor);
        }, zoom);
        for (const { name, place, tab, prepare, joinStep, shown } of pictures.filter(
          (picture) => picture.scenario === scenario,
        )) {
          // Anew, also where the last picture was taken on the same page.
          await open('settings');
          await open(place);
          if (joinStep !== undefined) await openJoinStep(page, joinStep);
          if (prepare !== undefined) {
            // As the person finds it the first time.
            await page.evaluate(() => localStorage.clear());
            await page.reload();
            await page.getByRole('heading', { level: 1 }).waitFor();
            await prepare(page);
          }
          if (tab !== undefined) await page.getByRole('tab', { name: tab }).click();
          if (name === 'job-console') await expect(page.getByTestId('console')).toContainText('212 of 512');
          await expect(page.getByRole('progressbar')).toHaveCount(0);
          // Numbers and marks are drawn a frame after the page is there.
          await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
          const file = path.join(folder, `${name}-${colorScheme}-${zoom * 100}.png`);
          // By Electron itself: Playwright reckons in the page's own pixels, and cuts enlarged pages off.
          const png = await app.evaluate(async ({ BrowserWindow }) => {
            const picture = await BrowserWindow.getAllWindows()[0]?.webContents.capturePage();
            return picture?.toPNG().toString('base64') ?? '';
          });
          await writeFile(file, Buffer.from(png, 'base64'));
          const shownAs = zoom === 1 ? shown?.[colorScheme] : undefined;
          if (shownAs !== undefined) await copyFile(file, path.join(committed, `${shownAs}.png`));
        }
      }
    });
  }
}

test('the tray', async ({ start }) => {
  await mkdir(folder, { recursive: true });
  const { page, app } = await start({ scenario: 'empty', size: { width: 1240, height: 560 } });
  const views = await Promise.all(
    trays.map(async ({ name, scenario }) => {
      const { state, jobs } = scenarios[scenario]();
      const running = jobs.filter(({ phase }) => phase !== 'ended');
      const view = trayView({ worker: state, lost: undefined, running, attachedTo: 'own-engine', role: 'administrator' });
      const icons = [16, 24, 48].map(async (size) => {
        const bytes = await readFile(path.join(root, 'assets', 'icons', `tray-${view.icon}-${String(size)}.png`));
        return { size, bytes: [...bytes] };
      });
      return { name, view, icons: await Promise.all(icons) };
    }),
  );
  // No tray can be seen without a desktop: its parts are drawn side by side.
  await page.evaluate(async (drawn) => {
    const line = (parent: HTMLElement, text: string, bold = false): void => {
      const one = parent.appendChild(document.createElement('div'));
      one.textContent = text;
      one.style.cssText = `padding: 3px 0; font-weight: ${bold ? '600' : '400'}`;
    };
    document.body.textContent = '';
    document.body.style.cssText =
      'display: flex; gap: 12px; padding: 16px; font: 13px "Open Sans"; background: #e8e8e8; color: #1a1a1a';
    for (const { name, view, icons } of drawn) {
      const card = document.body.appendChild(document.createElement('div'));
      card.style.cssText = 'flex: 1; background: #fff; padding: 12px; border-radius: 8px';
      line(card, name, true);
      for (const { size, bytes } of icons) {
        // The page's policy lets no picture in from elsewhere.
        const icon = card.appendChild(document.createElement('canvas'));
        icon.width = size;
        icon.height = size;
        icon.style.cssText = 'margin-right: 12px';
        const picture = await createImageBitmap(new Blob([new Uint8Array(bytes)], { type: 'image/png' }));
        icon.getContext('2d')?.drawImage(picture, 0, 0);
      }
      line(card, view.tooltip);
      for (const group of view.menu) {
        card.appendChild(document.createElement('hr'));
        for (const { label } of group) line(card, label);
      }
    }
    // Painted, before it is looked at.
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  }, views);
  const png = await app.evaluate(async ({ BrowserWindow }) => {
    const picture = await BrowserWindow.getAllWindows()[0]?.webContents.capturePage();
    return picture?.toPNG().toString('base64') ?? '';
  });
  await writeFile(path.join(folder, 'tray.png'), Buffer.from(png, 'base64'));
});
