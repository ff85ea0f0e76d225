/** What goes into a support bundle: each file with what it is, made from the worker's own answers. */
import type { Answer } from '../../src-contract/app-error.ts';
import { diagnosticTitles, type Diagnosis } from '../../src-contract/diagnostics.ts';
import type { EngineArguments, EngineCallName, EngineValue, JobView } from '../../src-contract/engine-calls.ts';
import { eventIds, type LogEvent } from '../../src-contract/events.ts';
import { attemptOutcome, outcomeLabels } from '../../src-contract/kinds.ts';
import { redactText, redactValue } from './redact.ts';

export interface BundleFile {
  name: string;
  /** What it is, in a sentence. */
  about: string;
  content: Buffer;
}

export type AskWorker = <Name extends EngineCallName>(
  name: Name,
  given: EngineArguments<Name>,
) => Promise<Answer<EngineValue<Name>>>;

const eventsPerPage = 1000;
const maxEvents = 10_000;
const jobsPerPage = 500;

interface Part {
  name: string;
  about: string;
  make: () => Promise<string>;
}

/** What the worker refuses stands in the bundle as what it is: not there, and why. */
class RefusedPart extends Error {}

export async function collectBundle(ask: AskWorker, now: Date): Promise<BundleFile[]> {
  const value = async <Name extends EngineCallName>(name: Name, given: EngineArguments<Name>): Promise<EngineValue<Name>> => {
    const answer = await ask(name, given);
    if (!answer.ok) throw new RefusedPart(`${answer.problem.title}. ${answer.problem.text}`);
    return answer.value;
  };
  const parts: Part[] = [
    {
      name: 'diagnosis.txt',
      about: 'Every rule of Diagnostics with what was seen: names of hosts, folders and users among it',
      make: async () => describeDiagnosis(await value('diagnostics:run', {})),
    },
    {
      name: 'worker.json',
      about: 'Status, connection, group, packs, runtimes and current problems',
      make: async () => json(await value('worker:state', {})),
    },
    {
      name: 'settings.json',
      about: 'Every setting and the local policy; passwords never stand there',
      make: async () => json(await value('settings:get', {})),
    },
    {
      name: 'machine.json',
      about: 'Load of the processor, memory and disk',
      make: async () => json(await value('worker:load', {})),
    },
    {
      name: 'events.ndjson',
      about: 'The event log, the newest 10,000 events at most; without what runbooks said',
      make: () => readEvents(value),
    },
    {
      name: 'jobs.json',
      about: `The last ${String(jobsPerPage)} jobs: names, times, outcomes and counts; without records, exceptions and values of parameters`,
      make: async () => {
        const { jobs } = await value('jobs:list', { limit: jobsPerPage, before: null, outcome: null, runbookName: null });
        return json(jobs.map(withoutContent));
      },
    },
    {
      name: 'waiting.json',
      about: 'Jobs of the group that wait, and why',
      make: async () => json(await value('jobs:waiting', {})),
    },
  ];
  const files: BundleFile[] = [];
  // One after the other: a worker that is asked for everything at once answers slower to those who use it.
  for (const { name, about, make } of parts) files.push(await makeFile(name, about, make));
  return [{ name: 'README.txt', about: 'What this bundle is', content: Buffer.from(readme(files, now)) }, ...files];
}

async function makeFile(name: string, about: string, make: () => Promise<string>): Promise<BundleFile> {
  try {
    return { name, about, content: Buffer.from(await make()) };
  } catch (error) {
    if (!(error instanceof RefusedPart)) throw error;
    const why = redactText(error.message);
    return { name, about: `Not there: ${why}`, content: Buffer.from(`${why}\n`) };
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(redactValue(value), null, 2)}\n`;
}

function describeDiagnosis({ at, tookMs, findings }: Diagnosis): string {
  const lines = findings.flatMap(({ rule, result, sentence, evidence, repair }) => [
    `${diagnosticTitles[rule]}: ${result}. ${sentence}`,
    ...evidence.map(({ name, value }) => `    ${name}: ${value}`),
    ...(repair === null ? [] : [`    repair: ${repair}`]),
  ]);
  return redactText(`${[`Looked at ${at}, for ${String(tookMs)} ms`, '', ...lines].join('\n')}\n`);
}

/** Oldest first, as a log is read. */
async function readEvents(
  value: <Name extends EngineCallName>(name: Name, given: EngineArguments<Name>) => Promise<EngineValue<Name>>,
): Promise<string> {
  const events: LogEvent[] = [];
  for (let before: number | null = null; events.length < maxEvents;) {
    const page: EngineValue<'events:list'> = await value('events:list', { channel: null, limit: eventsPerPage, before });
    events.push(...page.events);
    before = page.events.at(-1)?.number ?? null;
    if (!page.more || before === null) break;
  }
  const lines = events.reverse().map((event) => JSON.stringify(redactValue({ ...event, message: withoutReason(event) })));
  return lines.map((line) => `${line}\n`).join('');
}

/** Ends of jobs: what the runbook threw or wrote last stands between how it ended and the job's id. */
const ends: ReadonlySet<number> = new Set(
  [eventIds.jobEnded, eventIds.jobFailed, eventIds.jobStopped, eventIds.jobSuspended].map(({ id }) => id),
);

/** What is kept stands in the event's fields: nothing of the runbook's own words can be mistaken for it. */
function withoutReason({ id, message, jobId = '', fields }: LogEvent): string {
  if (!ends.has(id)) return message;
  const outcome = attemptOutcome.safeParse(fields['outcome']).data;
  const { runbookName, exitCode } = fields;
  if (outcome === undefined || typeof runbookName !== 'string') return '[left out]';
  const exit = exitCode === undefined ? '' : `, exit code ${String(exitCode)}`;
  const head = `${runbookName}: ${outcomeLabels[outcome]}${exit}`;
  const bare = `${head}. (job ${jobId})`;
  return message === bare ? bare : `${head}. [reason left out] (job ${jobId})`;
}

function withoutContent(job: JobView) {
  const { parameters, lastRecord: _lastRecord, outcomeReason, stop, ...facts } = job;
  return {
    ...facts,
    parameterNames: Object.keys(parameters),
    hasReason: outcomeReason !== null && outcomeReason !== '',
    stop: stop === null ? null : { ...stop, reason: undefined },
  };
}

function readme(files: readonly BundleFile[], now: Date): string {
  const width = Math.max(...files.map(({ name }) => name.length));
  return [
    'Support bundle of a hybrid runbook worker',
    `made ${now.toISOString()}`,
    '',
    ...files.map(({ name, about }) => `${name.padEnd(width)}  ${about}`),
    '',
    'Keys, passwords, tokens and certificates with their keys are not in it. Neither is what runbooks wrote or threw, nor',
    'the values of their parameters. Names of machines, users, folders, groups and runbooks are: look before you hand it on.',
    '',
  ].join('\n');
}
