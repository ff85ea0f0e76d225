import { defineConfig } from '@playwright/test';
import type { EngineMode } from './e2e/support/engine-mode.ts';

const summaryFile = process.env['HRW_TEST_SUMMARY'];

/**
 * Whose subject is how the renderer draws what it has been given, which cannot depend on where the engine is: how fast a hundred thousand
 * rows scroll, and the contrast of the dark theme on pages that the light one has shown already. These run in one mode.
 */
const drawing = { files: ['**/window-large.spec.ts'], titles: /, dark$/ };
const attachedAlone = ['**/window-attached*.spec.ts'];

export default defineConfig<object, { engine: EngineMode }>({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  outputDir: '../test-results',
  // Each test starts a service, a worker and a window: two at once would only make both slow.
  workers: 1,
  // As for the other tests: machines of CI are shared, and `npm test` lists what needed another try.
  retries: process.env['CI'] === 'true' ? 2 : 0,
  timeout: 90_000,
  forbidOnly: process.env['CI'] === 'true',
  reporter: [['list'], ...(summaryFile === undefined ? [] : [['json', { outputFile: summaryFile }] as const])],
  // Everything that reaches a worker runs with the engine in the application, and attached to one in another process.
  projects: [
    { name: 'engine in the application', use: { engine: 'own' }, testIgnore: attachedAlone },
    { name: 'attached', use: { engine: 'attached' }, testIgnore: drawing.files, grepInvert: drawing.titles },
  ],
  use: {
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    locale: 'en-GB',
    timezoneId: 'UTC',
  },
});
