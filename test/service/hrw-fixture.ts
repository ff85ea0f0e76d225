/** `hrw`'s service side in this process: real parsing, a real connection, streams that a test reads. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { Command, CommanderError } from 'commander';
import { exitCodes, type CommandIo } from '../../src-main/command-line/command-io.ts';
import { registerServiceCommands } from '../../src-main/command-line/service-commands.ts';
import { createHttpsClient } from '../../src-main/service-link/https-client.ts';
import { tempFolder } from '../harness/temp-folder.ts';
import type { RestFixture } from './rest-fixture.ts';

export interface HrwRun {
  code: number;
  stdout: string;
  stderr: string;
}

export interface HrwOptions {
  stdin?: string;
  /** Hears of everything that is printed. */
  onOutput?: (stdout: string) => void;
  /** Given a function that stands for Ctrl+C. */
  onStart?: (interrupt: () => void) => void;
}

export type Hrw = (words: string[], options?: HrwOptions) => Promise<HrwRun>;

/** With the service's address, authority and administrator token as options. */
export async function createHrw({ service, token }: RestFixture): Promise<{ hrw: Hrw; bare: Hrw }> {
  const tokenFile = join(await tempFolder(), 'token');
  writeFileSync(tokenFile, `${token}\n`);
  const options = ['--api', service.urls.restUrl, '--ca', service.caFile, '--token-file', tokenFile];
  return { hrw: (words, more) => runHrw([...words, ...options], more), bare: runHrw };
}

async function runHrw(words: string[], { stdin = '', onOutput, onStart }: HrwOptions = {}): Promise<HrwRun> {
  const run: HrwRun = { code: exitCodes.done, stdout: '', stderr: '' };
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  stdout.on('data', (piece: Buffer) => {
    run.stdout += piece.toString('utf8');
    onOutput?.(run.stdout);
  });
  stderr.on('data', (piece: Buffer) => (run.stderr += piece.toString('utf8')));
  const interrupts = new Set<() => void>();
  const io: CommandIo = {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout,
    stderr,
    setExitCode: (code) => (run.code = code),
    onInterrupt: (listener) => {
      interrupts.add(listener);
      return () => interrupts.delete(listener);
    },
    openConnection: ({ url, trust, userAgent }) =>
      createHttpsClient({ address: { url, trust, proxy: { kind: 'none' } }, userAgent }),
  };
  onStart?.(() => {
    for (const interrupt of interrupts) interrupt();
  });
  const program = new Command('hrw').exitOverride().configureOutput({
    writeOut: (text) => stdout.write(text),
    writeErr: (text) => stderr.write(text),
  });
  registerServiceCommands(program, io);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    run.code = error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse;
  }
  await new Promise((resolve) => setImmediate(resolve));
  return run;
}
