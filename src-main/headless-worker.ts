/** `hrw run`: a worker without a window, until it is asked to end. A composition root, and a bundle beside that of the command line. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { outlastOutput } from '../src-contract/node/outlast-output.ts';
import { exitCodes } from './command-line/command-io.ts';
import type { RunOptions } from './command-line/worker/worker-access.ts';
import { TerminalTransport } from './logging/terminal-transport.ts';
import { resolveExecutables, thisInstallation } from './platform/executables.ts';
import { machineEventLog } from './platform/machine-event-log.ts';
import { secureDataFolder } from './platform/machine-service.ts';
import { createWorkerHost } from './worker-host.ts';

/**
 * Ctrl+C reaches us from the terminal and again from whoever started us, and the module that conf writes files with sends every signal on
 * to its own process (when-exit): what comes so close together was meant once.
 */
const sameSignalMs = 1000;
/** Below the three minutes for which Windows waits for a service before it shuts down (windows/service-control.ts). */
const systemDrainMs = 150_000;

export async function runHeadlessWorker({ dataFolder, drainOnSignal, onEvent, say, steering }: RunOptions): Promise<void> {
  outlastOutput();
  const putRight = steering === undefined ? undefined : secureDataFolder(dataFolder);
  if (putRight !== undefined) say(putRight);
  const host = await createWorkerHost({
    dataFolder,
    mode: 'headless',
    executables: resolveExecutables(thisInstallation(path.dirname(fileURLToPath(import.meta.url)))),
    transports: [new TerminalTransport(onEvent), ...(steering === undefined ? [] : machineEventLog())],
  });
  let tellSignal: () => void = () => undefined;
  const signalled = new Promise<'signal'>((resolve) => {
    tellSignal = () => {
      resolve('signal');
    };
  });
  let signals = 0;
  let lastSignalMs = -sameSignalMs;
  const onSignal = (): void => {
    const isSame = performance.now() - lastSignalMs < sameSignalMs;
    lastSignalMs = performance.now();
    if (isSame) return;
    signals += 1;
    if (signals === 1 && drainOnSignal) {
      say('Taking no new job; ending when what runs has ended. A second signal ends at once, and jobs go on without the worker.');
      host.drainForThisRun();
    } else if (signals <= (drainOnSignal ? 2 : 1)) {
      tellSignal();
    } else {
      process.exit(exitCodes.refused); // asked again while closing: something hangs
    }
  };
  // What is a mistake of ours ends the worker, for whoever starts it again: sandboxes go on, and the next worker finds them.
  const onFault = (error: unknown): void => {
    host.reportFault(error, 'not caught');
    say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    // A service would never end by itself: its dispatcher waits.
    steering?.fail(error);
    process.exit(exitCodes.refused);
  };
  steering?.stop.addEventListener('abort', tellSignal, { once: true });
  steering?.drain.addEventListener(
    'abort',
    () => {
      host.drainForThisRun();
      // The machine waits no longer; what still runs is lost with it, and told so at the next start.
      setTimeout(tellSignal, systemDrainMs).unref();
    },
    { once: true },
  );
  if (steering?.stop.aborted === true) tellSignal();
  steering?.started();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('uncaughtException', onFault).on('unhandledRejection', onFault);
  try {
    const why = await Promise.race([signalled, host.ended]);
    const state = await host.call('administrator', 'worker:state', {});
    const count = state.ok ? state.value.running : 0;
    const goOn =
      count === 0
        ? ''
        : ` ${count === 1 ? 'One job goes' : `${String(count)} jobs go`} on without it and will be found at the next start.`;
    say(`${why === 'drained' ? 'Everything that ran has ended. ' : ''}The worker ends.${goOn}`);
    await host.close();
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('uncaughtException', onFault).off('unhandledRejection', onFault);
  }
}
