import { defineConfig } from '@playwright/test';

const summaryFile = process.env['HRW_TEST_SUMMARY'];

export default defineConfig({
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
  use: {
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    locale: 'en-GB',
    timezoneId: 'UTC',
  },
});
