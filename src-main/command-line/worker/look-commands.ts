/** hrw status, diagnose, events */
import { Option, type Command } from 'commander';
import type { EngineArguments } from '../../../src-contract/engine-calls.ts';
import { eventChannel, type EventChannel, type LogEvent } from '../../../src-contract/events.ts';
import { exitCodes, type CommandIo } from '../command-io.ts';
import { WrongUse } from '../failures.ts';
import { addBundleOptions, makeBundle, type BundleOptions } from './bundle-command.ts';
import { describeDiagnosis, describePathTest } from './describe-diagnosis.ts';
import { describeEvent, describeState } from './describe-worker.ts';
import { readTime } from './event-times.ts';
import { wholeNumber } from './job-commands.ts';
import type { WorkerAccess } from './worker-access.ts';
import { addWorkerOptions, workerAction, type WorkerRun } from './worker-options.ts';

interface EventOptions {
  channel?: EventChannel;
  since?: string;
  until?: string;
  limit: number;
  follow?: boolean;
}

type WantedEvents = Pick<EngineArguments<'events:list'>, 'channel' | 'since' | 'until' | 'limit' | 'before'>;

/** For whoever watches many machines: 0 is well, everything else wants somebody to look. */
const statusCodes = [
  '  0  it can take a job, or is busy with as many as it may',
  '  3  no worker runs for the data folder',
  '  4  it runs, but can take none: not connected, in no group, out of contact, paused, or about to end',
].join('\n');

const diagnoseCodes = [
  '  0  nothing is wrong, though something may want attention (with --path: the folder was listed; with --bundle: it was written)',
  '  1  with --path or --bundle: it was not',
  '  3  no worker runs for the data folder',
  '  4  something is wrong: see what is marked WRONG',
].join('\n');

export function addLookCommands(program: Command, io: CommandIo, access: WorkerAccess): void {
  addWorkerOptions(program.command('status'))
    .description('can this worker take a job now, and if not, why?')
    .addHelpText('after', `\nExample:\n  hrw status --json\n\nExit codes:\n${statusCodes}\n`)
    .action(
      workerAction(io, access, async ({ ask, print }) => {
        const state = await ask('worker:state', {});
        print(state, describeState(state));
        if (state.status !== 'ready' && state.status !== 'full') io.setExitCode(exitCodes.takesNoJob);
      }),
    );

  addBundleOptions(addWorkerOptions(program.command('diagnose')))
    .description('what keeps this worker from being well, and what to do about it')
    .option('--path <folder>', 'instead: can runbooks list this folder (a UNC path too), with the rights that they have here?')
    .addHelpText(
      'after',
      `\nExamples:\n  hrw diagnose\n  hrw diagnose --path //server/share\n  hrw diagnose --bundle support.zip --list\n  hrw diagnose --bundle support.zip\n\nExit codes:\n${diagnoseCodes}\n`,
    )
    .action(
      workerAction<BundleOptions & { path?: string }>(io, access, async (run) => {
        const { options, ask, print } = run;
        if (options.bundle !== undefined) {
          await makeBundle(run, options.bundle, io);
          return;
        }
        if (options.path === undefined) {
          const found = await ask('diagnostics:run', {});
          print(found, describeDiagnosis(found, io.stdout));
          if (found.findings.some(({ result }) => result === 'failed')) io.setExitCode(exitCodes.takesNoJob);
          return;
        }
        const tried = await ask('diagnostics:test-path', { path: options.path });
        print(tried, describePathTest(tried));
        if (!tried.reached) io.setExitCode(exitCodes.refused);
      }),
    );

  addWorkerOptions(program.command('events'))
    .description('the event log, oldest of the chosen first')
    .addOption(new Option('--channel <channel>', 'only this channel').choices(eventChannel.options))
    .option('--since <time>', 'only from then on: 30m, 24h or 7d ago, a day, a time')
    .option('--until <time>', 'only before then; written likewise')
    .option('--limit <number>', 'the latest so many', wholeNumber(1, 1000), 20)
    .option('--follow', 'go on with what happens, until Ctrl+C')
    .addHelpText(
      'after',
      '\nExamples:\n  hrw events --channel "Operations Manager"\n  hrw events --since 24h --limit 1000\n  hrw events --since 2026-11-27T22:00 --until 2026-11-28T06:00\n  hrw events --follow --json\n\nA time without a zone is this machine’s own.\n',
    )
    .action(
      workerAction<EventOptions>(io, access, async (run) => {
        const { options, asJson, ask } = run;
        const wanted = wantedEvents(options, new Date());
        const show = (event: LogEvent): void => {
          io.stdout.write(`${asJson ? JSON.stringify(event) : describeEvent(event)}\n`);
        };
        if (options.follow !== true) {
          const { events } = await ask('events:list', wanted);
          const inOrder = events.reverse();
          if (asJson) run.print(inOrder, '');
          else inOrder.forEach(show);
          return;
        }
        await follow(run, io, show, wanted);
      }),
    );
}

function wantedEvents({ channel, since, until, limit, follow = false }: EventOptions, now: Date): WantedEvents {
  if (follow && until !== undefined) throw new WrongUse('--follow shows what comes, --until what came before: give one of them.');
  const wanted = {
    channel: channel ?? null,
    limit,
    before: null,
    since: since === undefined ? null : readTime('--since', since, now),
    until: until === undefined ? null : readTime('--until', until, now),
  };
  if (wanted.since !== null && wanted.until !== null && wanted.since >= wanted.until) {
    throw new WrongUse('--since has to be earlier than --until.');
  }
  return wanted;
}

/** What is there, then what comes: heard from before the first page on, so that nothing falls between. */
async function follow(
  { worker, ask }: WorkerRun<object>,
  io: CommandIo,
  show: (event: LogEvent) => void,
  wanted: WantedEvents,
): Promise<void> {
  const { channel } = wanted;
  let shown = 0;
  const early: LogEvent[] = [];
  let showNow = (event: LogEvent): void => void early.push(event);
  const take = (event: LogEvent): void => {
    if (event.number <= shown || (channel !== null && event.channel !== channel)) return;
    shown = event.number;
    show(event);
  };
  const unsubscribe = worker.subscribe((event) => {
    if (event.event === 'event-logged') showNow(event.payload);
  });
  let interrupt: () => void = () => undefined;
  const interrupted = new Promise<'interrupted'>((resolve) => {
    interrupt = () => {
      resolve('interrupted');
    };
  });
  const giveBack = io.onInterrupt(interrupt);
  try {
    const { events } = await ask('events:list', wanted);
    for (const event of [...events.reverse(), ...early]) take(event);
    showNow = take;
    const why = await Promise.race([interrupted, worker.ended.then(() => 'ended' as const)]);
    if (why === 'ended') io.stderr.write('The worker ended.\n');
  } finally {
    giveBack();
    unsubscribe();
  }
}
