/**
 * `npm test`: prepares and builds, runs every test, and ends with one line that sums up the runners.
 *
 *   npm test -- [--only unit,service,process,interop,windows,e2e] [--yes] [part of a file's name …]
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { readJsonIfAny } from './files.mjs';
import { outFolder, root, toolScript } from './paths.mjs';
import { findProgram } from './prepare/commands.mjs';
import { exitWhenStopped, prepare, prepareIfAllowed } from './prepare/index.mjs';

/**
 * @typedef {{ name: string, reason: string }} Named
 * @typedef {{ passed: number, failed: Named[], secondTry: Named[], skipped: Named[] }} Summary
 */

const vitestSuites = ['unit', 'service', 'process', 'interop', 'windows'];
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
const agreement = { yes: values.yes, again: ['npm test -- --yes', ...process.argv.slice(2)].join(' ') };
const { node, electron } = await prepare(inBrowser ? 'test' : 'headless', agreement).catch(exitWhenStopped);
// Without wine nothing could be done with an installer.
if (wanted.includes('windows') && findProgram('wine') !== undefined) await prepareIfAllowed(['installer'], agreement);
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
 * @property {PlaywrightSpec[]} [specs]
 * @typedef {{ projectName: string, status: string, annotations: { type: string, description?: string }[], results: { error?: PlaywrightError }[] }} PlaywrightTest
 * @typedef {{ title: string, file: string, line: number, tests: PlaywrightTest[] }} PlaywrightSpec
 * @typedef {{ message?: string }} PlaywrightError
 * @typedef {{ suites: PlaywrightSuite[], errors: PlaywrightError[] }} PlaywrightReport
 */

/**
 * @param {PlaywrightReport} given
 * @returns {Summary}
 */
function summaryOf(given) {
  /** @type {Summary} */
  const summary = { passed: 0, failed: [], secondTry: [], skipped: [] };
  for (const error of given.errors) summary.failed.push({ name: 'outside of a test', reason: firstLine(error) });
  /** @param {PlaywrightSuite} suite */
  const count = (suite) => {
    for (const { title, file, line, tests } of suite.specs ?? []) {
      for (const test of tests) {
        const reason = firstLine(test.results.find(({ error }) => error !== undefined)?.error);
        const name = `${file}:${line} > ${title} [${test.projectName}]`;
        if (test.status === 'expected' || test.status === 'flaky') summary.passed += 1;
        if (test.status === 'flaky') summary.secondTry.push({ name, reason });
        if (test.status === 'unexpected') summary.failed.push({ name, reason });
        if (test.status !== 'skipped') continue;
        summary.skipped.push({
          name: `${title} [${test.projectName}]`,
          reason: test.annotations.map((one) => one.description ?? '').join(' '),
        });
      }
    }
    for (const inner of suite.suites ?? []) count(inner);
  };
  for (const suite of given.suites) count(suite);
  return summary;
}

/** @param {PlaywrightError} [error] */
function firstLine({ message = '' } = {}) {
  return stripVTControlCharacters(message).split('\n', 1)[0] ?? '';
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
    return {
      passed: 0,
      failed: [{ name: runner, reason: `ended with code ${status} and left no report` }],
      secondTry: [],
      skipped: [],
    };
  }
  if (status === 0 || summary.failed.length > 0) return summary;
  return { ...summary, failed: [{ name: runner, reason: `ended with code ${status} although no test failed` }] };
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
  const failed = all.flatMap((one) => one.failed);
  const skipped = all.flatMap((one) => one.skipped);
  console.log('');
  list('skipped', skipped);
  list(
    'passed at the second try',
    all.flatMap((one) => one.secondTry),
  );
  list('failed', failed);
  if (passed + failed.length === 0) console.log('No test ran.');
  console.log(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped`);
  process.exitCode = failed.length > 0 || passed === 0 ? 1 : 0;
}

/**
 * @param {string} what @param {Named[]} all
 */
function list(what, all) {
  for (const { name, reason } of all) console.log(`${what}: ${name} (${reason === '' ? 'no reason given' : reason})`);
}
