/** What every command of the worker side has: the data folder that names the worker, `--json`, and one way to fail. */
import { Option, type Command } from 'commander';
import { AppError, isAppError, type Answer } from '../../../src-contract/app-error.ts';
import type { EngineArguments, EngineCallName, EngineValue } from '../../../src-contract/engine-calls.ts';
import { Refused } from '../../../src-contract/refused.ts';
import type { CommandIo } from '../command-io.ts';
import { reportFailure } from '../failures.ts';
import type { WorkerAccess, WorkerConnection } from './worker-access.ts';

export interface WorkerOptions {
  data?: string;
  json?: boolean;
}

export function addWorkerOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--data <folder>', 'the worker’s data folder (default: this machine’s, else this user’s)').env('HRW_DATA'),
    )
    .option('--json', 'print JSON');
}

export interface WorkerRun<Options> {
  worker: WorkerConnection;
  dataFolder: string;
  options: Options & WorkerOptions;
  args: readonly string[];
  asJson: boolean;
  /** The answer: JSON where asked for, else the words. */
  print: (value: unknown, words: string) => void;
  /** Makes a call; a refusal is thrown. */
  ask: <Name extends EngineCallName>(name: Name, callArguments: EngineArguments<Name>) => Promise<EngineValue<Name>>;
}

/** What a command does, with a worker that runs. Every failure is told in one way, with its exit code. */
export function workerAction<Options extends object>(
  io: CommandIo,
  access: WorkerAccess,
  work: (run: WorkerRun<Options>) => Promise<void>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    // commander hands over the arguments, then the options, then the command.
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<Options & WorkerOptions>();
    const asJson = options.json === true;
    try {
      const dataFolder = dataFolderOf(options, access);
      const worker = await access.connect(dataFolder);
      try {
        await work({
          worker,
          dataFolder,
          options,
          args: command.args,
          asJson,
          print: (value, words) => void io.stdout.write(asJson ? `${JSON.stringify(value, null, 2)}\n` : words),
          ask: async (name, callArguments) => valueOf(await worker.call(name, callArguments), dataFolder),
        });
      } finally {
        await worker.close();
      }
    } catch (error) {
      reportFailure(refusalOf(error), io, asJson);
    }
  };
}

/** An empty variable says as little as an absent one. */
export function dataFolderOf({ data }: WorkerOptions, access: WorkerAccess): string {
  return data === undefined || data === '' ? access.defaultDataFolder() : data;
}

function valueOf<Value>(answer: Answer<Value>, dataFolder: string): Value {
  if (answer.ok) return answer.value;
  // The worker ended while it was asked.
  if (answer.problem.code === 'engine-not-running') throw new AppError('engine-not-running', { dataFolder });
  throw new Refused(answer.problem);
}

/** Only a worker that does not answer is "not reached"; whatever else is wrong was said by somebody. */
export function refusalOf(error: unknown): unknown {
  if (!isAppError(error) || error.code === 'engine-not-running' || error.code === 'control-taken') return error;
  return new Refused(error.toProblem());
}
