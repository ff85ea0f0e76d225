/**
 * Every page, in both themes and at both scales, as an administrator may find it: into test-results/pictures, for looking at. The few that
 * the README shows go into docs/pictures and are committed.
 */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from '@playwright/test';
import { root } from '../../scripts/paths.mjs';
import { test } from '../e2e/support/fake-app.ts';
import { openJoinStep } from '../e2e/support/join-wizard.ts';
import { sampleId } from '../fakes/window/samples.ts';
import type { ScenarioName } from '../fakes/window/scenarios.ts';

interface Picture {
  name: string;
  scenario: ScenarioName;
  place: string;
  /** The tab of the page to look at. */
  tab?: RegExp;
  /** How far the wizard is gone through. */
  joinStep?: 'review';
  /** Its name in docs/pictures, where the README shows it. */
  shown?: { light?: string; dark?: string };
}

const job = `jobs/${sampleId(1)}`;

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
  { name: 'diagnostics', scenario: 'filled', place: 'diagnostics' },
  { name: 'diagnostics-failing', scenario: 'failing', place: 'diagnostics' },
  { name: 'settings', scenario: 'filled', place: 'settings' },
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
        for (const { name, place, tab, joinStep, shown } of pictures.filter((picture) => picture.scenario === scenario)) {
          // Anew, also where the last picture was taken on the same page.
          await open('settings');
          await open(place);
          if (joinStep !== undefined) await openJoinStep(page, joinStep);
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
