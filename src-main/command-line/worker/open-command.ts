/** hrw open */
import { Option, type Command } from 'commander';
import { isPlace, placeWords } from '../../../src-contract/places.ts';
import type { CommandIo } from '../command-io.ts';
import { reportFailure, WrongUse } from '../failures.ts';
import { plainText } from '../terminal-text.ts';
import type { WorkerAccess } from './worker-access.ts';
import { dataFolderOf, refusalOf, type WorkerOptions } from './worker-options.ts';

/** It needs no worker that runs: the application starts one where none does. */
export function addOpenCommand(program: Command, io: CommandIo, access: WorkerAccess): void {
  program
    .command('open')
    .description('open the control panel, there where the matter is; one that is open goes there')
    .argument('[place]', placeWords)
    .addOption(
      new Option('--data <folder>', 'the worker’s data folder (default: this machine’s, else this user’s)').env('HRW_DATA'),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  hrw open\n  hrw open diagnostics\n  hrw open jobs/5f0c1d2e-7a41-4c3b-9d10-000000000001\n\nIt needs a display; without one `hrw status`, `hrw diagnose`, `hrw events` and `hrw jobs` say the same.\n',
    )
    .action(async (place: string | undefined, _options: unknown, command: Command) => {
      try {
        if (place !== undefined && !isPlace(place))
          throw new WrongUse(`The control panel has no place ${place}. There are: ${placeWords}.`);
        await access.openControlPanel({
          dataFolder: dataFolderOf(command.optsWithGlobals<WorkerOptions>(), access),
          place: place ?? '',
        });
        io.stdout.write(plainText(`The control panel opens${place === undefined ? '' : ` at ${place}`}.\n`));
      } catch (error) {
        reportFailure(refusalOf(error), io, false);
      }
    });
}
