/** The automation service as a program: arguments in, two ports open, a clean end on SIGTERM and SIGINT. */
import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import packageDescription from '../package.json' with { type: 'json' };
import { AppError } from '../src-contract/app-error.ts';
import { outlastOutput } from '../src-contract/node/outlast-output.ts';
import { helpText, parseArguments, type ServiceArguments } from './arguments.ts';
import { runService, type RunningService } from './running-service.ts';

const exitCodes = { ended: 0, failed: 1, misused: 2 } as const;

async function main(): Promise<number> {
  // What it writes is its own: database, keys and logs are for nobody else to read.
  process.umask(0o077);
  const parsed = parseArguments(process.argv.slice(2));
  switch (parsed.kind) {
    case 'help':
      process.stdout.write(helpText);
      return exitCodes.ended;
    case 'version':
      process.stdout.write(`${packageDescription.version}\n`);
      return exitCodes.ended;
    case 'invalid':
      process.stderr.write(`${parsed.message}\nSee --help.\n`);
      return exitCodes.misused;
    case 'run':
      return run(parsed.arguments);
  }
}

async function run(given: ServiceArguments): Promise<number> {
  outlastOutput();
  const asked = endAsked();
  if (given.installersFolder !== undefined && !isFolder(given.installersFolder)) return exitCodes.misused;
  if (given.readyFile !== undefined && !canWrite(given.readyFile)) return exitCodes.misused;
  let service: RunningService;
  try {
    const databaseUrl = process.env['DATABASE_URL'];
    service = await runService({
      ...given,
      version: packageDescription.version,
      databaseUrl: databaseUrl === '' ? undefined : databaseUrl,
      packsFolder: join(import.meta.dirname, 'packs'),
      installersFolder: given.installersFolder ?? join(import.meta.dirname, 'installers'),
      logToConsole: true,
    });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { title, text, nextStep } = error.toProblem();
    process.stderr.write(`${title}\n${text}\n${nextStep}\n`);
    return exitCodes.failed;
  }
  try {
    if (given.readyFile !== undefined) writeReadyFile(given.readyFile, service);
  } catch (error) {
    // A token that was made is shown once: here, then.
    process.stdout.write(describe(service, undefined));
    process.stderr.write(`--ready-file ${given.readyFile ?? ''}: ${(error as Error).message}\n`);
    await service.close();
    return exitCodes.failed;
  }
  process.stdout.write(describe(service, given.readyFile));
  await asked;
  await service.close();
  return exitCodes.ended;
}

/** A second signal while the first is being obeyed ends the process at once. */
function endAsked(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve();
      });
    }
  });
}

function describe({ urls, caFile, caFingerprint, administratorToken }: RunningService, readyFile: string | undefined): string {
  const lines = [
    `agents:      ${urls.agentUrl}`,
    `REST API:    ${urls.restUrl}`,
    `authority:   ${caFile}`,
    `fingerprint: ${caFingerprint} (SHA-256)`,
  ];
  // Where a file has it, this output need not: it may go to a log that others read.
  if (administratorToken !== undefined)
    lines.push(
      readyFile === undefined
        ? `administrator token, shown this once: ${administratorToken}`
        : `administrator token: this once in ${readyFile}`,
    );
  return `${lines.join('\n')}\n`;
}

/** One that is named has to be there; the one beside this program need not. */
function isFolder(installersFolder: string): boolean {
  if (statSync(installersFolder, { throwIfNoEntry: false })?.isDirectory() === true) return true;
  process.stderr.write(
    `--installers ${installersFolder}: there is no such folder\nNothing was started. Name a folder that is there; installers may be put into it later.\n`,
  );
  return false;
}

/** Before anything is made: whoever starts the service waits for that file. */
function canWrite(readyFile: string): boolean {
  try {
    removeUnfinished(readyFile);
    const probe = siblingOf(readyFile);
    writeFileSync(probe, '', { mode: 0o600 });
    rmSync(probe);
    return true;
  } catch (error) {
    process.stderr.write(
      `--ready-file ${readyFile}: ${(error as Error).message}\nNothing was started. Name a file in a folder that is there.\n`,
    );
    return false;
  }
}

/** Of services that were killed as they wrote it: there may be a token in them. */
function removeUnfinished(readyFile: string): void {
  const beginning = `${basename(readyFile)}.`;
  const folder = dirname(readyFile);
  for (const name of readdirSync(folder)) {
    const [, pid] = name.startsWith(beginning) ? (/^(\d+)[.]new$/.exec(name.slice(beginning.length)) ?? []) : [];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}

/** Also true of another program that has been given the number since. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function siblingOf(file: string): string {
  return `${file}.${String(process.pid)}.new`;
}

function writeReadyFile(file: string, { urls, caFile, caFingerprint, administratorToken }: RunningService): void {
  const sibling = siblingOf(file);
  const ready = {
    ...urls,
    caFile,
    caFingerprint,
    pid: process.pid,
    ...(administratorToken === undefined ? {} : { administratorToken }),
  };
  writeFileSync(sibling, `${JSON.stringify(ready)}\n`, { mode: 0o600 });
  renameSync(sibling, file);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(
      `The service ended by a mistake of ours:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    process.exitCode = exitCodes.failed;
  },
);
