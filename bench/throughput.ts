/**
 * Records and MB per second from a runtime into the service's store, from the first record to the job's end; beside the bare interpreter writing
 * the same into a pipe, from its first byte to its end.
 */
import type { Service } from '../test/harness/stack.ts';
import { runBare, type BenchKind } from './interpreters.ts';
import { runQuietJob } from './jobs.ts';
import { spreadOf, type Figure } from './statistics.ts';

export interface ThroughputOptions {
  service: Service;
  groupName: string;
  kind: BenchKind;
  quick: boolean;
  publish: (name: string, kind: BenchKind, script: string, settings: { logVerbose: boolean; logDebug: boolean }) => Promise<void>;
  say: (text: string) => void;
}

/** Short lines stress what a record costs, long ones what a byte costs. `lines` is far more than every buffer on the way holds. */
interface Shape {
  name: string;
  lines: number;
  characters: number;
  /** Of PowerShell, with $line in it; the line itself unless given. */
  statement?: string;
}

/** Of each the middle one counts. */
const rounds = 3;

/** An error takes PowerShell fifty milliseconds where it is alone: fewer of those. Of progress nothing is written to a pipe. */
const powerShellStreams = [
  ['warnings', 'Write-Warning $line', 70_000],
  ['verbose lines', 'Write-Verbose $line', 70_000],
  ['debug lines', 'Write-Debug $line', 70_000],
  ['host lines', 'Write-Host $line', 70_000],
  ['information', 'Write-Information $line -InformationAction Continue', 70_000],
  ['errors', 'Write-Error $line', 150],
] as const;
/** As the host of a runbook sets them where its settings switch the streams on. */
const allStreams = "$VerbosePreference = $DebugPreference = 'Continue'\n";

export async function measureThroughput({ service, groupName, kind, quick, publish, say }: ThroughputOptions): Promise<Figure[]> {
  const share = quick ? 0.05 : 1;
  const shapes: Shape[] =
    kind === 'PowerShell7'
      ? [
          { name: 'short lines', lines: Math.round(70_000 * share), characters: 20 },
          ...powerShellStreams.map(([name, statement, lines]) => ({
            name,
            lines: Math.round(lines * share),
            characters: 20,
            statement,
          })),
        ]
      : [
          { name: 'short lines', lines: Math.round(400_000 * share), characters: 20 },
          { name: 'long lines', lines: Math.round(20_000 * share), characters: 4000 },
        ];
  const figures: Figure[] = [];
  for (const shape of shapes) {
    const script = write(kind, shape);
    const name = `bench-${kind}-${shape.name.replace(' ', '-')}`;
    await publish(name, kind, script, { logVerbose: true, logDebug: true });
    say(`  ${shape.name}, ${String(shape.lines)} of them …`);
    const ours: number[] = [];
    const alone: number[] = [];
    // In turn, so that a slow moment of the machine meets both.
    for (let round = 0; round < rounds; round += 1) {
      const { endMs, firstByteMs } = await runBare(kind, script);
      alone.push(endMs - firstByteMs);
      const { job, ms } = await runQuietJob(service, name, groupName);
      if (job.recordCount !== shape.lines || job.verified !== true)
        throw new Error(`${name}: ${String(job.recordCount)} records, verified ${String(job.verified)}`);
      ours.push(ms);
    }
    const ms = spreadOf(ours).p50;
    const aloneMs = spreadOf(alone).p50;
    const bytes = shape.lines * (shape.characters + 1);
    const beside = (amount: number) => ({ what: 'bare: into a pipe that is read', value: (amount * 1000) / aloneMs });
    figures.push(
      {
        what: `${kind}: records, ${shape.name}`,
        value: (shape.lines * 1000) / ms,
        unit: 'records/s',
        beside: beside(shape.lines),
      },
      { what: `${kind}: text, ${shape.name}`, value: (bytes * 1000) / ms / 1e6, unit: 'MB/s', beside: beside(bytes / 1e6) },
    );
  }
  return figures;
}

function write(kind: BenchKind, { lines, characters, statement = '$line' }: Shape): string {
  switch (kind) {
    case 'PowerShell7':
      return `${allStreams}$line = 'x' * ${String(characters)}\nfor ($i = 0; $i -lt ${String(lines)}; $i++) { ${statement} }\n`;
    case 'Python3':
      // Buffered, as a program that writes much would: otherwise Python's own write call is all that is measured.
      return `import sys\nout = open(1, 'w', buffering=1 << 16)\nline = 'x' * ${String(characters)} + '\\n'\nfor _ in range(${String(lines)}):\n    out.write(line)\nout.flush()\n`;
    case 'Bash':
      return `yes ${'x'.repeat(characters)} | head -n ${String(lines)}\n`;
  }
}
