/**
 * `npm run check`: everything that can be known without running the programs. Shows every failure, not only the first.
 *
 *   node scripts/check.mjs [names of checks]      for instance: npm run check -- eslint types
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, toolScript } from './paths.mjs';
import { exitWhenStopped, prepare } from './prepare/index.mjs';

/** Two at a time: each of the large ones keeps more than one core busy for moments, and machines with two cores are common. */
const checksAtOnce = 2;

const sources = ['src-contract', 'src-main', 'src-renderer', 'src-service', 'test', 'bench', 'scripts'];

/** The slow ones first, so that the quick ones fill the gaps. */
const checks = [
  { name: 'eslint', script: toolScript('eslint/bin/eslint.js'), args: ['.', '--max-warnings', '0'] },
  { name: 'types', script: toolScript('typescript/bin/tsc'), args: ['--build', '--pretty'] },
  { name: 'prettier', script: toolScript('prettier/bin/prettier.cjs'), args: ['--check', '--log-level', 'warn', '.'] },
  {
    name: 'rooms',
    script: toolScript('dependency-cruiser/bin/dependency-cruiser.mjs'),
    args: ['--config', '.dependency-cruiser.mjs', '--output-type', 'err-long', ...sources],
  },
  { name: 'knip', script: toolScript('knip/bin/knip.js'), args: ['--no-progress'] },
  { name: 'notices', script: join(root, 'scripts', 'third-party-notices.mjs'), args: ['--check'] },
  { name: 'problem-codes', script: join(root, 'scripts', 'check-problem-codes.mjs'), args: [] },
];

const { node } = await prepare('check').catch(exitWhenStopped);

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !checks.some((check) => check.name === name));
if (unknown.length > 0) {
  console.error(`No such check: ${unknown.join(', ')}. There are: ${checks.map((check) => check.name).join(', ')}`);
  process.exit(2);
}

const waiting = checks.filter((check) => wanted.length === 0 || wanted.includes(check.name));
/** @type {string[]} */
const failed = [];
await Promise.all(Array.from({ length: checksAtOnce }, work));
console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function work() {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
    const start = performance.now();
    const { status, output } = await runTool(check.script, check.args);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${status === 0 ? 'passed' : 'FAILED'}  ${check.name} (${seconds} s)`);
    if (status === 0) continue;
    failed.push(check.name);
    console.log(output.trimEnd().replaceAll(/^/gm, '    ') + '\n');
  }
}

/**
 * @param {string} script
 * @param {string[]} args
 * @returns {Promise<{ status: number, output: string }>}
 */
function runTool(script, args) {
  const child = spawn(node, [script, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (/** @type {Buffer} */ chunk) => (output += chunk.toString()));
  child.stderr.on('data', (/** @type {Buffer} */ chunk) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status: status ?? 1, output }));
  });
}
