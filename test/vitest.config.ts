import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { publisherPublicKey } from '../scripts/publisher-public-key.mjs';
import { SummaryReporter } from './harness/summary-reporter.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const summaryFile = process.env['HRW_TEST_SUMMARY'];

function project(name: string, testTimeoutMs: number, globalSetup: string[] = []) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.{ts,tsx}`],
      testTimeout: testTimeoutMs,
      hookTimeout: testTimeoutMs,
      globalSetup,
    },
  };
}

export default defineConfig({
  root,
  // What the build puts in; tests run from the sources.
  define: {
    HRW_PUBLISHER_PUBLIC_KEY: JSON.stringify(publisherPublicKey('checkout')),
    HRW_BUILD_FLAVOUR: JSON.stringify('checkout'),
  },
  test: {
    // A process per file: tests count what keeps their process alive, change its environment, and load native modules.
    pool: 'forks',
    setupFiles: ['test/harness/each-file.ts'],
    // A test that expects nothing cannot fail.
    expect: { requireAssertions: true },
    // Machines of CI are shared and at times stand still; what needed another try is listed at the end.
    retry: process.env['CI'] === 'true' ? 2 : 0,
    allowOnly: process.env['CI'] !== 'true',
    reporters: ['default', ...(summaryFile === undefined ? [] : [new SummaryReporter(summaryFile)])],
    projects: [
      project('unit', 10_000),
      project('service', 60_000, ['test/harness/postgres-server.ts']),
      project('process', 60_000),
      project('interop', 120_000),
      // A start of wine takes seconds, and on a machine under load ten times that.
      project('windows', 180_000, ['test/harness/wine-prefix.ts']),
    ],
  },
});
