import { defineConfig } from '@playwright/test';
import type { EngineMode } from './e2e/support/engine-mode.ts';

const summaryFile = process.env['HRW_TEST_SUMMARY'];

/** What a window draws of what it has: how fast, and where on the page. It cannot tell where the engine is, and one mode shows all there is. */
const drawing = ['**/window-large.spec.ts'];
const attachedAlone = ['**/window-attached.spec.ts'];

export default defineConfig<object, { engine: EngineMode }>({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  outputDir: '../test-results',
  // Each test starts a service, a worker and a window: two at once would only make both slow.
  workers: 1,
  // As for the other tests: machines of CI are shared, and `npm test` lists what needed the second try.
  retries: process.env['CI'] === 'true' ? 1 : 0,
  timeout: 90_000,
  forbidOnly: process.env['CI'] === 'true',
  reporter: [['list'], ...(summaryFile === undefined ? [] : [['json', { outputFile: summaryFile }] as const])],
  // Everything that reaches a worker runs with the engine in the application, and attached to one in another process.
  projects: [
    { name: 'engine in the application', use: { engine: 'own' }, testIgnore: attachedAlone },
    { name: 'attached', use: { engine: 'attached' }, testIgnore: drawing },
  ],
  use: {
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    locale: 'en-GB',
    timezoneId: 'UTC',
  },
});
