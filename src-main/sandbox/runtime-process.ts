/** The process of a runtime, and who gets what it writes: whoever started it, and later perhaps the run of the job that it waited for. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { RunbookUser } from '../../src-contract/sandbox.ts';
import type { ProcessTree } from '../platform/process-tree.ts';
import { startAs } from '../platform/start-as.ts';
import type { RuntimeEnd } from './outcome.ts';
import type { Runtime, RuntimeCommand } from './ports.ts';
import type { PseudoTerminal } from './pseudo-terminal.ts';
import type { PipeListeners, RuntimePipes } from './runtime-pipes.ts';

export interface ProcessOptions {
  command: RuntimeCommand;
  environment: Record<string, string>;
  workFolder: string;
  runAs: RunbookUser;
  tree: ProcessTree;
  pipes: RuntimePipes;
  /** The console of a runtime with a host, where one can be had; else its standard output and error are pipes. */
  terminal: PseudoTerminal | undefined;
  /** Before there is a job, whose use of the machine counts from its beginning. */
  isAhead?: boolean;
}

/** One that was started before its job is known and waits for it, once. */
export interface WarmRuntime {
  runtime: Runtime;
  executable: string;
  runAs: RunbookUser;
  command: RuntimeCommand;
  process: RuntimeProcess;
  terminal: PseudoTerminal | undefined;
}

export class RuntimeProcess {
  readonly #child: ChildProcess;
  #listeners: PipeListeners;
  readonly ended: Promise<RuntimeEnd>;

  /** Throws when the system refuses. What it writes to a terminal counts as output. */
  constructor(options: ProcessOptions, listeners: PipeListeners) {
    const { command, environment, workFolder, runAs, tree, pipes, terminal, isAhead = false } = options;
    this.#listeners = listeners;
    const { file, arguments: given, ...as } = startAs(runAs, command);
    const start = (): ChildProcess =>
      spawn(file, given, {
        ...as,
        cwd: workFolder,
        env: environment,
        stdio: terminal?.stdio ?? pipes.stdio,
        // A session of its own: no terminal, and nothing that is sent to ours reaches it.
        detached: process.platform !== 'win32',
        windowsHide: true,
      });
    const child = tree.spawn(start, isAhead);
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve({ kind: 'not-started', reason: error.message }));
      child.once('exit', (exitCode, signal) => {
        resolve({ kind: 'ended', exitCode, signal, host: undefined, errorTail: '' });
      });
    });
    if (child.pid === undefined) return;
    terminal?.attach((chunk) => this.#listeners.output(chunk));
    pipes.attach(child, {
      output: (chunk) => this.#listeners.output(chunk),
      error: (chunk) => this.#listeners.error(chunk),
      report: (chunk) => this.#listeners.report(chunk),
    });
  }

  /** undefined: it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get hasExited(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Whatever it writes from now on. */
  handTo(listeners: PipeListeners): void {
    this.#listeners = listeners;
  }
}
