/** hrw setup check, install, remove, test: what the installer for Windows calls. Not meant for people, who call the installer. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { CommandIo } from '../command-io.ts';
import { reportFailure, WrongUse } from '../failures.ts';
import { plainText } from '../terminal-text.ts';
import type { SetupKind, WorkerAccess } from './worker-access.ts';
import { refusalOf } from './worker-options.ts';

interface SetupOptions {
  commandLine?: string;
  answers?: string;
  result?: string;
}

const kinds: [SetupKind, string][] = [
  ['check', 'whether anything speaks against installing this version here'],
  ['install', 'make this version the one that runs on this machine'],
  ['remove', 'take the worker off this machine, but for the files of its programs'],
  ['test', 'whether the service is reached in the way that the answers describe'],
];

export function addSetupCommands(program: Command, io: CommandIo, access: WorkerAccess): void {
  const setup = program.command('setup', { hidden: true }).description('what the installer for Windows calls');
  for (const [kind, description] of kinds) {
    setup
      .command(kind)
      .description(description)
      .option('--command-line <file>', 'the installer’s command line, as Windows has it (UTF-16)')
      .option('--answers <file>', 'the same parameters, one a line (UTF-16)')
      .option('--result <file>', 'for the sentence that says what came of it (UTF-16)')
      .action(async (options: SetupOptions) => {
        try {
          const { code, words } = await access.setUp(kind, readGiven(options, access), (line) => {
            io.stdout.write(plainText(`${line}\n`));
          });
          if (options.result !== undefined) writeFileSync(options.result, `\uFEFF${words}`, 'utf16le');
          io.stdout.write(plainText(`${words}\n`));
          io.setExitCode(code);
        } catch (error) {
          reportFailure(refusalOf(error), io, false);
        }
      });
  }
}

function readGiven({ commandLine, answers }: SetupOptions, access: WorkerAccess): string[] {
  if ((commandLine === undefined) === (answers === undefined)) throw new WrongUse('Give one of --command-line and --answers.');
  const text = readFileSync(commandLine ?? answers ?? '', 'utf16le').replace(/^\uFEFF/, '');
  // NSIS tells its uninstaller by this, as a rule without quotes and always last, which folder it belongs to.
  if (commandLine !== undefined) return access.splitCommandLine(text.replace(/\s"?_\?=[^]*$/, ''));
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}
