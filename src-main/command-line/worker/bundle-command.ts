/** hrw diagnose --bundle: what would be in it first, then the zip. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { collectBundle } from '../../support-bundle/contents.ts';
import { writeBundle } from '../../support-bundle/write-bundle.ts';
import type { CommandIo } from '../command-io.ts';
import { WrongUse } from '../failures.ts';
import { formatTable, plainText } from '../terminal-text.ts';
import type { WorkerRun } from './worker-options.ts';

export interface BundleOptions {
  bundle?: string;
  list?: boolean;
}

export function addBundleOptions(command: Command): Command {
  return command
    .option('--bundle <file>', 'instead: a zip for whoever is asked for help, without secrets; what is in it is said first')
    .option('--list', 'with --bundle: only say what would be in it');
}

export async function makeBundle(
  { worker, options, print }: WorkerRun<BundleOptions>,
  given: string,
  io: CommandIo,
): Promise<void> {
  const file = path.resolve(given);
  if (options.list !== true && existsSync(file)) throw new WrongUse(`${file} is there already. Name another file.`);
  const now = new Date();
  const files = await collectBundle((name, callArguments) => worker.call(name, callArguments), now);
  const contents = files.map(({ name, about, content }) => ({ name, bytes: content.length, about }));
  const rows = contents.map(({ name, bytes, about }) => [name, String(bytes), about]);
  const shown = formatTable(['FILE', 'BYTES', 'WHAT IT IS'], rows);
  if (options.list === true) {
    print({ file: null, bytes: 0, contents }, shown);
    return;
  }
  if (options.json !== true) io.stdout.write(shown);
  const bytes = await writeBundle(file, files, now);
  print(
    { file, bytes, contents },
    plainText(`\nWritten to ${file}, ${String(bytes)} bytes. Look at it before you hand it on.\n`),
  );
}
