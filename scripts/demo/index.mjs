/**
 * `npm run demo`: the main job on this machine, through every layer and with nothing pretended. It starts the automation service,
 * makes this machine a worker of it, copies one real folder into another with a runbook, and proves the copy.
 *
 *   --yes    agree beforehand to what has to be installed
 *   --keep   leave service and worker running, and say how to reach them
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readJsonIfAny } from '../files.mjs';
import { outFolder, root } from '../paths.mjs';
import { exitWhenStopped, hasDisplay, prepare } from '../prepare/index.mjs';
import { compareFolders, makeSource } from './folders.mjs';
import { command, done, fact, failed, record, step, title } from './narration.mjs';
import { Programs, run, startDisplay, waitFor } from './processes.mjs';

const accountName = 'demo';
const workspaceName = 'demo-workspace';
const groupName = 'demo-workers';
/** The workflow that the first look at hybrid workers copies files with, as its author wrote it. */
const firstLookWorkflow = join('test', 'fixtures', 'workflows', 'Copy-LocalFiles.ps1');
const workflowName = 'Copy-LocalFiles-Workflow';
const packName = 'AzureAutomation';

/** @typedef {{ agentUrl: string, restUrl: string, caFile: string, caFingerprint: string, administratorToken: string }} ServiceReady */
/** @typedef {{ status: string, sentence: string, packs: { name: string, version: string, folder: string }[], kinds: { kind: string, label: string }[] }} WorkerState */

async function main() {
  const keep = process.argv.includes('--keep');
  const { node, electron } = await prepare('demo', {
    yes: process.argv.includes('--yes'),
    again: `npm run demo -- --yes${keep ? ' --keep' : ''}`,
  }).catch(exitWhenStopped);
  if (electron === undefined) throw new Error('prepare("demo") gives Electron or stops');
  // Only now: it needs packages that preparing has just installed.
  const { buildOrExit } = await import('../build.mjs');
  await buildOrExit();

  const started = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'hrw-demo-'));
  const programs = new Programs();
  const state = { interrupted: false };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.once(signal, () => {
      state.interrupted = true;
      void programs.stopAll().then(() => process.exit(130));
    });
  }
  try {
    title('Hybrid Runbook Worker: a job started in the automation account runs on this machine');
    // Beside each other: a service and a tray application start for a second each.
    const [service, worker] = await Promise.all([
      startService(programs, node, folder, keep),
      startWorker(programs, electron, folder, keep),
    ]);
    describeWorker(worker);
    const hrw = commandLine(node, folder, service);
    await makeAccount(hrw);
    const [keys] = await Promise.all([askForKeys(hrw), publishRunbooks(hrw)]);
    const { kinds } = await becomeWorker(hrw, service, worker, keys);
    const job = await copyFolders(hrw, folder, chooseRunbook(kinds));
    fact('');
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    fact(`${seconds} s from starting the service to here, everything on this machine. Installing and building came before that.`);
    if (keep) tellHowToReach(service, folder, worker, programs);
    else if (hasDisplay()) await leaveOpen(electron, worker, job);
  } catch (error) {
    if (!state.interrupted) {
      failed(error instanceof Error ? error.message : String(error));
      fact(`Logs: ${folder}/service.log, ${folder}/worker.log`);
      process.exitCode = 1;
    }
  } finally {
    await programs.stopAll();
    if (!keep && process.exitCode === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {Programs} programs @param {string} node @param {string} folder @param {boolean} keep
 * @returns {Promise<ServiceReady>}
 */
async function startService(programs, node, folder, keep) {
  step('Start the automation service');
  const readyFile = join(folder, 'service-ready.json');
  const serviceArguments = [
    '--data',
    join(folder, 'service'),
    '--agent-port',
    '0',
    '--rest-port',
    '0',
    '--ready-file',
    readyFile,
  ];
  command('npm run service');
  const program = programs.start('The service', node, [join(outFolder, 'service.cjs'), ...serviceArguments], {
    logFile: join(folder, 'service.log'),
    keep,
  });
  const ready = await waitFor('The automation service', 20, () => {
    if (program.hasEnded()) throw new Error(`The service ended at once:\n${readFileSync(join(folder, 'service.log'), 'utf8')}`);
    return /** @type {ServiceReady | undefined} */ (readJsonIfAny(readyFile));
  });
  done(`agents connect to ${ready.agentUrl}, REST is at ${ready.restUrl}`);
  done(`its certificate authority has SHA-256 ${ready.caFingerprint}`);
  return ready;
}

/** @param {Programs} programs @param {{ executable: string, switches: string[] }} electron @param {string} folder @param {boolean} keep */
async function startWorker(programs, electron, folder, keep) {
  const data = join(folder, 'worker');
  // The demo's own, where the machine has none.
  const display = hasDisplay() ? undefined : await startDisplay(programs, folder, keep);
  const env = display === undefined ? process.env : { ...process.env, DISPLAY: display };
  // In the tray: the window comes when there is a job to look at.
  const program = programs.start('The worker', electron.executable, [...electron.switches, root, '--data', data, '--hidden'], {
    env,
    logFile: join(folder, 'worker.log'),
    keep,
  });
  return { data, env, program, display };
}

/** @param {Worker} worker */
function describeWorker({ display }) {
  step('Start the worker: the tray application, its engine in the Electron main process');
  if (display !== undefined) fact(`There is no display here: the tray is on a virtual one (${display}).`);
  command('npm start -- --hidden');
}

/**
 * `hrw` as a person would type it; the service's address and the token come from the environment and a file.
 * @param {string} node @param {string} folder @param {ServiceReady} service
 */
function commandLine(node, folder, service) {
  const tokenFile = join(folder, 'administrator.token');
  writeFileSync(tokenFile, service.administratorToken, { mode: 0o600 });
  const env = { ...process.env, HRW_API: service.restUrl, HRW_TOKEN_FILE: tokenFile, HRW_CA: service.caFile };

  /**
   * @param {string[]} words
   * @param {{ input?: string, quiet?: boolean, onLine?: (line: string) => void }} [options]
   */
  async function hrw(words, { input = '', quiet = false, onLine } = {}) {
    if (!quiet) command(`hrw ${words.map((word) => (/^[\w@%+=:,./{}-]+$/.test(word) ? word : `'${word}'`)).join(' ')}`);
    const { code, output, errors } = await run(node, [join(outFolder, 'hrw.cjs'), ...words, '--json'], {
      env,
      input,
      ...(onLine === undefined ? {} : { onLine }),
    });
    return { code, output, errors };
  }

  return {
    ...service,
    /**
     * @template T
     * @param {string[]} words @param {{ input?: string, quiet?: boolean }} [options]
     * @returns {Promise<T>} what it answered as JSON
     */
    async ask(words, options = {}) {
      const { code, output, errors } = await hrw(words, options);
      if (code !== 0) throw new Error(`hrw ${words.join(' ')} ended with ${String(code)}: ${errors || output}`);
      return /** @type {(text: string) => T} */ (JSON.parse)(output);
    },
    hrw,
  };
}

/** @typedef {ReturnType<typeof commandLine>} CommandLine */
/** @typedef {Awaited<ReturnType<typeof startWorker>>} Worker */

/** @param {CommandLine} hrw */
async function makeAccount(hrw) {
  step('Make an automation account, and a workspace linked to it');
  await hrw.ask(['account', 'create', '--name', accountName]);
  await hrw.ask(['workspace', 'create', '--name', workspaceName, '--account', accountName, '--pack', packName]);
  done(`the workspace hands out the pack ${packName}`);
}

/** @param {CommandLine} hrw */
async function publishRunbooks(hrw) {
  step('Publish the sample runbooks');
  const samples = ['Copy-LocalFiles.ps1', 'Test-Folders.ps1', 'copy_local_files.py', 'hello-worker.sh'];
  const publish = ['runbook', 'publish', '--account', accountName];
  await hrw.ask([...publish, ...samples.map((file) => join('assets', 'runbooks', file))]);
  await hrw.ask([...publish, '--name', workflowName, firstLookWorkflow]);
}

/** @param {CommandLine} hrw */
async function askForKeys(hrw) {
  const [workspace, account] = await Promise.all([
    /** @type {Promise<{ workspaceId: string, primary: string }>} */ (
      hrw.ask(['workspace', 'keys', '--workspace', workspaceName], { quiet: true })
    ),
    /** @type {Promise<{ endpoint: string, primary: string }>} */ (
      hrw.ask(['account', 'keys', '--account', accountName], { quiet: true })
    ),
  ]);
  return { workspace, account };
}

/**
 * @param {CommandLine} hrw @param {ServiceReady} service @param {Worker} worker @param {Awaited<ReturnType<typeof askForKeys>>} keys
 * @returns {Promise<WorkerState>}
 */
async function becomeWorker(hrw, service, worker, { workspace, account }) {
  step('Connect this machine to the workspace, and register it as a worker');
  const { data } = worker;
  await waitFor('The worker', 30, () => {
    if (worker.program.hasEnded()) throw new Error('The worker ended at once.');
    return existsSync(join(data, 'control', 'address.json')) || undefined;
  });
  const address = ['--service-url', service.agentUrl, '--ca', service.caFile, '--workspace-id', workspace.workspaceId];
  const connect = ['connect', '--data', data, ...address, '--workspace-key-file', '-'];
  const connected = /** @type {WorkerState} */ (await hrw.ask(connect, { input: workspace.primary }));
  const pack = connected.packs.find((one) => one.name === packName);
  if (pack === undefined) throw new Error(`The pack ${packName} did not come`);
  done(`connected; received the pack ${pack.name} ${pack.version}`);
  const register = ['register', '--data', data, '--group', groupName, '--endpoint', account.endpoint, '--token-file', '-'];
  const state = /** @type {WorkerState} */ (await hrw.ask(register, { input: account.primary }));
  if (state.status !== 'ready') throw new Error(state.sentence);
  done(`${state.sentence}. It can run ${[...new Set(state.kinds.map((kind) => kind.label))].join(', ')}.`);
  return state;
}

/** @param {WorkerState['kinds']} kinds what this machine can run */
function chooseRunbook(kinds) {
  if (kinds.some(({ kind }) => kind === 'PowerShellWorkflow')) return workflowName;
  fact('This machine has no PowerShell, so the Python twin of Copy-LocalFiles runs.');
  return 'copy_local_files';
}

/**
 * @param {CommandLine} hrw @param {string} folder @param {string} runbook
 * @returns {Promise<string>} the job's id
 */
async function copyFolders(hrw, folder, runbook) {
  step(`Start ${runbook} on the worker group, with two real folders`);
  const source = join(folder, 'source');
  const destination = join(folder, 'destination');
  mkdirSync(destination);
  const isWorkflow = runbook === workflowName;
  // It hands its path to Copy-Item as it is: files, not what lies in folders among them.
  makeSource(source, { withFolders: !isWorkflow });
  const words = ['job', 'start', '--account', accountName, '--runbook', runbook, '--on', groupName, '--watch'];
  const watched = new WatchedJob();
  const parameters = [
    '--param',
    `SourcePath=${isWorkflow ? join(source, '*') : source}`,
    '--param',
    `DestinationPath=${destination}`,
  ];
  const { code, errors } = await hrw.hrw([...words, ...parameters], { onLine: (line) => watched.take(line) });
  if (code !== 0) throw new Error(`the job did not complete (exit code ${String(code)}) ${errors}`);

  step('Prove it');
  const { same, different } = compareFolders(source, destination);
  if (different.length > 0 || same === 0) throw new Error(`not copied: ${different.join(', ')}`);
  done(`${String(same)} files in ${destination} have the SHA-256 of those in ${source}`);
  return watched.jobId;
}

/**
 * What `hrw job start --watch --json` writes, a line an event: records as they come, the job at each change, its end.
 * @typedef {{ event: 'record', time: string, stream: string, text: string }} RecordLine
 * @typedef {{ event: 'status', jobId: string, status: string, waitingReason: string | null, recordCount: number, verified: boolean | null }} StatusLine
 */
class WatchedJob {
  jobId = '';
  #said = '';

  /** @param {string} line */
  take(line) {
    if (line.trim() === '') return;
    const event = /** @type {(text: string) => RecordLine | StatusLine | { event: 'other' }} */ (JSON.parse)(line);
    if (event.event === 'record') record(event);
    if (event.event === 'status') this.#takeStatus(event);
  }

  /** @param {StatusLine} job */
  #takeStatus({ jobId, status, waitingReason, recordCount, verified }) {
    this.jobId = jobId;
    const complete = verified === true ? `, ${String(recordCount)} records, complete and verified` : '';
    const sentence = `— ${status}${complete}${waitingReason === null ? '' : ` (${waitingReason})`}`;
    if (sentence !== this.#said) fact(sentence);
    this.#said = sentence;
  }
}

/** @param {ServiceReady} service @param {string} folder @param {{ data: string }} worker @param {Programs} programs */
function tellHowToReach(service, folder, worker, programs) {
  step('Left running');
  fact(`REST API               ${service.restUrl}  (OpenAPI: ${service.restUrl}/openapi.json)`);
  fact(`administrator token    ${service.administratorToken}`);
  fact(`certificate authority  ${service.caFile}`);
  fact(`worker                 data folder ${worker.data}`);
  fact('');
  fact(`running                ${programs.kept.map(({ name, pid }) => `${name} (process ${String(pid)})`).join(', ')}`);
  fact(`to end it all          kill ${programs.kept.map(({ pid }) => String(pid)).join(' ')}`);
  fact(`and then               rm -r ${folder}`);
  fact('');
  fact(`export HRW_API=${service.restUrl} HRW_CA=${service.caFile} HRW_TOKEN_FILE=${join(folder, 'administrator.token')}`);
}

/** @param {{ executable: string, switches: string[] }} electron @param {{ data: string, env: NodeJS.ProcessEnv, program: import('./processes.mjs').Program }} worker @param {string} job */
async function leaveOpen(electron, worker, job) {
  // A second start hands its place to the first and ends.
  await run(electron.executable, [...electron.switches, root, '--data', worker.data, `jobs/${job}`], { env: worker.env });
  fact('The control panel shows the job. Quit it from the tray (or press Ctrl+C here), and the service ends too.');
  await worker.program.ended;
}

if (!existsSync(join(root, 'package.json'))) throw new Error('scripts/demo must stay two folders below the repository');
await main();
