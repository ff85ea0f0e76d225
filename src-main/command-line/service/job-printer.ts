/** A followed job on a terminal, or as a JSON object a line. */
import { once } from 'node:events';
import type { JobStatus, StreamName } from '../../../src-contract/kinds.ts';
import type { CommandIo } from '../command-io.ts';
import { paint, plainText, type Colour } from '../terminal-text.ts';
import type { JobWatcher, LiveRecord, LiveStatus } from './follow-job.ts';
import { describeMissing } from './record-words.ts';

const streamColours: Partial<Record<StreamName, Colour>> = {
  Error: 'red',
  Warning: 'yellow',
  Verbose: 'grey',
  Debug: 'grey',
  Progress: 'blue',
};
const streamWidth = 'Information'.length;

export interface JobPrinter extends JobWatcher {
  /** What there is to say at the end; the last status told it all in JSON. */
  onEnd: (status: JobStatus) => void;
}

export function createJobPrinter(io: CommandIo, asJson: boolean): JobPrinter {
  return asJson ? jsonPrinter(io) : wordsPrinter(io);
}

function jsonPrinter(io: CommandIo): JobPrinter {
  const line = (value: object): string => `${JSON.stringify(value)}\n`;
  return {
    onRecords: (records) =>
      write(
        io,
        records
          .map(({ time, streamType, streamText, attempt, sequence, part }) =>
            line({ event: 'record', time, stream: streamType, text: streamText, attempt, sequence, ...(part && { part }) }),
          )
          .join(''),
      ),
    onStatus: (status) => void io.stdout.write(line({ event: 'status', ...status })),
    onBroken: (reason, waitMs) => void io.stdout.write(line({ event: 'connection-lost', reason, retryMs: Math.round(waitMs) })),
    onEnd: (status) => void io.stdout.write(line({ event: 'end', status })),
  };
}

function wordsPrinter(io: CommandIo): JobPrinter {
  const { stdout } = io;
  let last: LiveStatus | undefined;
  let isBroken = false;
  let errors = 0;
  return {
    onRecords: (records) => {
      isBroken = false;
      errors += records.filter(({ streamType, part }) => streamType === 'Error' && (part?.index ?? 0) === 0).length;
      return write(io, records.map((record) => formatRecord(stdout, record)).join(''));
    },
    onStatus: (status) => {
      isBroken = false;
      const words = describeStatus(status, last);
      if (words !== undefined) stdout.write(paint(stdout, 'grey', `— ${plainText(words)}`) + '\n');
      last = status;
    },
    onBroken: (reason) => {
      // Once a break, not once a try.
      if (!isBroken)
        io.stderr.write(`The connection to the service broke (${plainText(reason)}). The job goes on; trying again.\n`);
      isBroken = true;
    },
    onEnd: () => {
      for (const words of last === undefined ? [] : describeEnd(last, errors)) stdout.write(`${plainText(words)}\n`);
    },
  };
}

/** `09:30:00.123  Warning      text`, further lines of a text below its first. Parts of one entry follow each other on the same line. */
function formatRecord(stdout: CommandIo['stdout'], { time, streamType, streamText, part }: LiveRecord): string {
  const text = plainText(streamText);
  const label = `${time.slice(11, 23)}  ${streamType.padEnd(streamWidth)}  `;
  const isContinued = part !== undefined && part.index > 0;
  const indented = text.replace(/\n$/, '').replaceAll('\n', `\n${' '.repeat(label.length)}`);
  const colour = streamColours[streamType];
  const body = colour === undefined ? indented : paint(stdout, colour, indented);
  const end = part === undefined || part.last ? '\n' : '';
  return `${isContinued ? '' : paint(stdout, 'grey', label)}${body}${end}`;
}

function describeStatus(now: LiveStatus, before: LiveStatus | undefined): string | undefined {
  const worker = now.attempts.at(-1)?.workerName;
  if (now.status === 'New') return `New for group ${now.runOn}${now.waitingReason === null ? '' : `: ${now.waitingReason}`}`;
  if (now.status === before?.status && now.attempts.length === before.attempts.length) return undefined;
  const attempt = now.attempts.length > 1 ? `, attempt ${now.attempts.length}` : '';
  return worker === undefined ? now.status : `${now.status} on ${worker}${attempt}`;
}

function describeEnd({ status, exception, statusDetails, attempts, verified }: LiveStatus, errors: number): string[] {
  const attempt = attempts.at(-1);
  const { wallMs, exitCode } = attempt ?? { wallMs: null, exitCode: null };
  const seconds =
    wallMs === null ? '' : ` after ${wallMs < 1000 ? `${Math.round(wallMs)} ms` : `${(wallMs / 1000).toFixed(1)} s`}`;
  const exit = exitCode === null ? '' : `, exit code ${exitCode}`;
  const lacking = attempt === undefined ? '' : describeMissing(attempt);
  const missing = lacking === '' ? '' : ` (${lacking})`;
  const records =
    attempt === undefined
      ? ''
      : `, ${attempt.recordCount} ${attempt.recordCount === 1 ? 'record' : 'records'}${verified === true ? ' (all there)' : missing}`;
  const told = errors === 0 ? '' : `, ${errors} ${errors === 1 ? 'error' : 'errors'}`;
  const reason = exception ?? statusDetails;
  return [
    `${status}${seconds}${exit}${records}${told}.`,
    ...(reason === null || reason === '' ? [] : [`  ${reason.replaceAll('\n', '\n  ')}`]),
  ];
}

async function write(io: CommandIo, text: string): Promise<void> {
  if (text !== '' && !io.stdout.write(text)) await once(io.stdout, 'drain');
}
