/** Installing, removing or trying a connection as an installer asks for it: with a log of its own, which is there also when everything else fails. */
import { randomBytes } from 'node:crypto';
import { appendFileSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AppError } from '../../src-contract/app-error.ts';
import { exitCodeOf, setupExitCodes } from './exit-codes.ts';
import { check, describeFailure, install, type SetupOutcome } from './install.ts';
import { readInstallParameters, readLogFile } from './parameters.ts';
import { remove } from './remove.ts';
import { readInstallSecrets } from './secrets.ts';
import type { SetupWorld } from './world.ts';

/** `check`: whether anything speaks against installing. `test`: whether the service is reached. Neither changes anything. */
export type SetupKind = 'check' | 'install' | 'remove' | 'test';

export interface SetupRun {
  kind: SetupKind;
  /** The parameters of the installer's command line: names of files and no secrets. */
  given: readonly string[];
  version: string;
  makeWorld: (say: (line: string) => void) => SetupWorld;
  /** For whoever looks on. */
  show: (line: string) => void;
}

export async function runSetup({ kind, given, version, makeWorld, show }: SetupRun): Promise<SetupOutcome> {
  if (kind === 'test') return await testConnection(makeWorld(show), given);
  if (kind === 'check') return await check(makeWorld(show), given);
  const log = openLog(readLogFile(given));
  if (!log.isAsAsked) show(`The log cannot be written where /LOG= says; it is ${log.file}.`);
  const say = (line: string): void => {
    log.write(line);
    show(line);
  };
  log.write(`${kind === 'install' ? 'Installing' : 'Removing'}, by version ${version}: ${given.join(' ')}`);
  const world = makeWorld(say);
  const outcome = kind === 'install' ? await install(world, given) : await remove(world, given);
  log.write(outcome.code === setupExitCodes.done ? `Done. ${outcome.words}` : `Ended with code ${String(outcome.code)}.`);
  show(`The log is ${log.file}.`);
  return outcome;
}

async function testConnection(world: SetupWorld, given: readonly string[]): Promise<SetupOutcome> {
  try {
    const parameters = readInstallParameters(given);
    const { way } = readInstallSecrets(parameters);
    if (parameters.connection === null || way === null)
      throw new AppError('setup-parameter-wrong', { reason: 'There is no service to try: /SERVICEURL= is not given.' });
    const { serviceUrl } = parameters.connection;
    const { problem, certificate } = await world.tryWay({ serviceUrl, ...way });
    if (problem !== null)
      return { code: setupExitCodes.notConnected, words: `${problem.title}. ${problem.text} ${problem.nextStep}` };
    const shown = certificate === null ? '' : ` Its certificate was issued by ${certificate.issuer}.`;
    return { code: setupExitCodes.done, words: `${serviceUrl} answers.${shown} The key is tried when the machine connects.` };
  } catch (error) {
    return { code: exitCodeOf(error, 'connect'), words: describeFailure(error) };
  }
}

interface SetupLog {
  file: string;
  isAsAsked: boolean;
  write: (line: string) => void;
}

function openLog(asked: string | null): SetupLog {
  const file = asked === null ? undefined : path.resolve(asked);
  if (file !== undefined && canAppend(file)) return { file, isAsAsked: true, write: writerTo(file) };
  // A name that nobody can have made before us: everybody may write to the folder for temporary files of some accounts.
  const stamp = new Date().toISOString().replaceAll(/[-:]/g, '').slice(0, 15);
  const own = path.join(tmpdir(), `hybrid-runbook-worker-setup-${stamp}-${randomBytes(4).toString('hex')}.log`);
  closeSync(openSync(own, 'wx', 0o600));
  return { file: own, isAsAsked: file === undefined, write: writerTo(own) };
}

function canAppend(file: string): boolean {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    closeSync(openSync(file, 'a', 0o600));
    return true;
  } catch {
    return false;
  }
}

/** Each line at once: what is written last before an end that nobody expected says the most. */
function writerTo(file: string): (line: string) => void {
  return (line) => {
    appendFileSync(file, `${new Date().toISOString()}  ${line.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  };
}
