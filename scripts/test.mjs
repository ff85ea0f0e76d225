/**
 * `npm test`: prepares and builds, runs every test, and ends with one line that sums up the runners.
 *
 *   npm test -- [--only unit,service,process,interop,e2e] [--yes] [part of a file's name …]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readJsonIfAny } from './files.mjs';
import { outFolder, root, toolScript } from './paths.mjs';
import { exitWhenStopped, prepare } from './prepare/index.mjs';

/** @typedef {{ passed: number, failed: number, skipped: { name: string, reason: string }[] }} Summary */

const vitestSuites = ['unit', 'service', 'process', 'interop'];
const suites = [...vitestSuites, 'e2e'];

const { values, positionals: filters } = parseArgs({
  options: { only: { type: 'string' }, yes: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const wanted = values.only === undefined ? suites : values.only.split(',');
const unknown = wanted.filter((suite) => !suites.includes(suite));
if (unknown.length > 0) {
  console.error(`No such suite: ${unknown.join(', ')}. There are: ${suites.join(', ')}`);
  process.exit(2);
}

const inBrowser = wanted.includes('e2e');
const { node, electron } = await prepare(inBrowser ? 'test' : 'headless', {
  yes: values.yes,
  again: ['npm test -- --yes', ...process.argv.slice(2)].join(' '),
}).catch(exitWhenStopped);
// Unit tests run from the sources; all others start programs.
if (wanted.some((suite) => suite !== 'unit')) {
  const { buildOrExit } = await import('./build.mjs');
  await buildOrExit();
}

const temporary = mkdtempSync(join(tmpdir(), 'hrw-tests-'));
/** @type {Summary[]} */
const summaries = [];
try {
  const inNode = wanted.filter((suite) => vitestSuites.includes(suite));
  if (inNode.length > 0) summaries.push(await runVitest(inNode));
  if (inBrowser) summaries.push(await runPlaywright());
} finally {
  rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
}
report(summaries);

/**
 * @param {string[]} projects
 * @returns {Promise<Summary>}
 */
async function runVitest(projects) {
  const summaryFile = join(temporary, 'vitest.json');
  const args = [
    'run',
    '--config',
    'test/vitest.config.ts',
    '--passWithNoTests',
    ...projects.flatMap((name) => ['--project', name]),
  ];
  const status = await runRunner(toolScript('vitest/vitest.mjs'), [...args, ...filters], { HRW_TEST_SUMMARY: summaryFile });
  return checked(/** @type {Summary | undefined} */ (readJsonIfAny(summaryFile)), status, 'vitest');
}

/** @returns {Promise<Summary>} */
async function runPlaywright() {
  const summaryFile = join(temporary, 'playwright.json');
  // On Linux always a display of our own: its size is known, and no window pops up on somebody's desk.
  const { startVirtualDisplay } = await import('./virtual-display.mjs');
  const virtual = process.platform === 'linux' ? await startVirtualDisplay() : undefined;
  try {
    const args = ['test', '--config', 'test/playwright.config.ts', '--pass-with-no-tests', ...filters];
    const status = await runRunner(toolScript('@playwright/test/cli.js'), args, {
      HRW_TEST_SUMMARY: summaryFile,
      ...(virtual === undefined ? {} : { DISPLAY: virtual.display }),
      ...(electron === undefined ? {} : { HRW_TEST_ELECTRON: electron.executable, ELECTRON_OVERRIDE_DIST_PATH: electron.folder }),
    });
    const summary = /** @type {PlaywrightReport | undefined} */ (readJsonIfAny(summaryFile));
    return checked(summary === undefined ? undefined : summaryOf(summary), status, 'Playwright');
  } finally {
    await virtual?.stop();
  }
}

/**
 * @typedef {object} PlaywrightSuite
 * @property {string} title
 * @property {PlaywrightSuite[]} [suites]
 * @property {{ title: string, tests: { status: string, annotations: { type: string, description?: string }[] }[] }[]} [specs]
 * @typedef {{ suites: PlaywrightSuite[], errors: unknown[] }} PlaywrightReport
 */

/**
 * @param {PlaywrightReport} given
 * @returns {Summary}
 */
function summaryOf(given) {
  /** @type {Summary} */
  const summary = { passed: 0, failed: given.errors.length, skipped: [] };
  /** @param {PlaywrightSuite} suite */
  const count = (suite) => {
    for (const spec of suite.specs ?? []) {
      for (const test of spec.tests) {
        if (test.status === 'expected') summary.passed += 1;
        else if (test.status !== 'skipped') summary.failed += 1;
        else summary.skipped.push({ name: spec.title, reason: test.annotations.map((one) => one.description ?? '').join(' ') });
      }
    }
    for (const inner of suite.suites ?? []) count(inner);
  };
  for (const suite of given.suites) count(suite);
  return summary;
}

/**
 * A runner that ended badly without a failed test to show for it counts as one.
 * @param {Summary | undefined} summary
 * @param {number} status
 * @param {string} runner
 * @returns {Summary}
 */
function checked(summary, status, runner) {
  if (summary === undefined) {
    console.error(`${runner} ended with code ${status} and left no report.`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  if (status === 0 || summary.failed > 0) return summary;
  console.error(`${runner} ended with code ${status} although no test failed.`);
  return { ...summary, failed: 1 };
}

/**
 * @param {string} script
 * @param {string[]} args
 * @param {Record<string, string>} environment
 * @returns {Promise<number>}
 */
function runRunner(script, args, environment) {
  const temporaryFiles = join(temporary, 'files');
  mkdirSync(temporaryFiles, { recursive: true });
  const child = spawn(node, [script, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      ...environment,
      PATH: `${dirname(node)}:${process.env['PATH'] ?? ''}`,
      HRW_TEST_TEMP: temporaryFiles,
      HRW_TEST_OUT: outFolder,
    },
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.once(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** @param {Summary[]} all */
function report(all) {
  const passed = all.reduce((sum, one) => sum + one.passed, 0);
  const failed = all.reduce((sum, one) => sum + one.failed, 0);
  const skipped = all.flatMap((one) => one.skipped);
  console.log('');
  for (const { name, reason } of skipped) console.log(`skipped: ${name} (${reason === '' ? 'no reason given' : reason})`);
  if (passed + failed === 0) console.log('No test ran.');
  console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}
