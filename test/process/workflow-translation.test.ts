/** What workflow compatibility makes of workflows, run by the machine's own PowerShell 7. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, type TestContext } from 'vitest';
import * as z from 'zod';
import { requireRuntime } from '../harness/runtimes.ts';
import { tempFolder } from '../harness/temp-folder.ts';

const fixtures = path.join(import.meta.dirname, '../fixtures/workflows');
const hostFolder = path.join(import.meta.dirname, '../../src-main/runtimes/powershell');
const timeout = 300_000;

const answers = z.array(
  z.object({
    name: z.string(),
    line: z.int(),
    reason: z.string().nullable(),
    records: z.array(z.string()),
    thrown: z.string().nullable(),
  }),
);

interface Case {
  name: string;
  script: string;
  run?: boolean;
}

async function translate(context: TestContext, cases: readonly Case[]): Promise<z.infer<typeof answers>> {
  const pwsh = requireRuntime(context, 'pwsh');
  const folder = await tempFolder();
  const casesFile = path.join(folder, 'cases.json');
  await writeFile(casesFile, JSON.stringify(cases));
  const words = [
    '-NoProfile',
    '-NonInteractive',
    '-File',
    path.join(fixtures, 'run-workflows.ps1'),
    hostFolder,
    casesFile,
    folder,
  ];
  const { stdout } = await promisify(execFile)(pwsh, words, { maxBuffer: 10_000_000 });
  return answers.parse(JSON.parse(stdout));
}

const workflow = (...lines: string[]): string => ['workflow Test-Runbook {', ...lines, '}'].join('\n');

/** Name, lines, what it writes, what it throws. */
const runs: [string, string, string[], (string | null)?][] = [
  [
    'parallel statements run side by side, sequence within them in order',
    workflow('parallel {', '  sequence { Start-Sleep -Milliseconds 800; "late" }', '  "early"', '}', '"after"'),
    ['early', 'late', 'after'],
  ],
  [
    'every turn of a parallel loop has its variables, and shared ones lose no count',
    workflow(
      '$workflow:sum = 0; $step = 2',
      'foreach -parallel -throttlelimit 4 ($i in 1..8) { $mine = $i * $step; $workflow:sum += $mine; $workflow:turns++ }',
      '"$sum $turns [$mine] [$i]"',
    ),
    ['72 8 [] []'],
  ],
  [
    'what parallel work writes can be assigned',
    workflow(
      '$all = foreach -parallel ($i in 1..3) { $i * 10 }',
      '$one = parallel { "x" }',
      '"$(($all | Sort-Object) -join ",") $one"',
    ),
    ['10,20,30 x'],
  ],
  [
    'InlineScript sees what it is handed by $using:, has its own errors, and leaves nothing behind',
    workflow(
      '$a = @{ b = "deep" }; $plain = 1',
      '$r = InlineScript { $plain = 7; "$($using:a.b) [$using:missing]"; Write-Error "only said"; Write-Warning "beware"; "on" }',
      '"$($r -join "|") $plain"',
    ),
    ['Error 4 only said', 'Warning beware', 'deep []|on 1'],
  ],
  [
    'an error that ends a statement goes to the catch that fits, and finally is always run',
    workflow(
      'try { try { sequence { 1/0 } } catch [System.IO.IOException] { "wrong" } catch [System.DivideByZeroException] { "right"; throw } finally { "finally" } } catch { "outer $_" }',
      'try { InlineScript { throw "inline" }; sequence { "not here" } } catch { "caught $_" }',
    ),
    ['right', 'finally', 'outer Attempted to divide by zero.', 'caught inline'],
  ],
  [
    'loops that hold a checkpoint keep to break, continue, labels and return',
    workflow(
      ':outer foreach ($i in 1..9) { foreach ($j in 1..9) { if ($j -eq 2) { continue outer }; if ($i -eq 3) { break outer }; Checkpoint-Workflow; "$i$j" } }',
      '$n = 0; do { $n++; if ($n -eq 2) { continue }; Checkpoint-Workflow; "n$n" } while ($n -lt 3)',
      'for ($k = 0; $k -lt 2; $k++) { Checkpoint-Workflow; "k$k" }',
      'try { while ($true) { Checkpoint-Workflow; return "value" } } finally { "left" }',
      '"never"',
    ),
    ['11', '21', 'n1', 'n3', 'k0', 'k1', 'value', 'left'],
  ],
  [
    'a switch that holds a checkpoint meets every clause that fits',
    workflow('switch -Wildcard ("abc", "b") { "a*" { "a $_"; Checkpoint-Workflow } "*b*" { "b $_" } default { "d" } }'),
    ['a abc', 'b abc', 'b b'],
  ],
  [
    'functions and other workflows of the file are there, in branches too',
    `function Get-Twice($n) { $n * 2 }\n${workflow('parallel { Get-Twice 4 }', 'Sub-Flow -Name x')}\nworkflow Sub-Flow { param($Name) $workflow:own = 1; parallel { $workflow:own = 5 }; "$Name $own" }`,
    ['8', 'x 5'],
  ],
  ['what a branch throws ends the workflow', workflow('"before"', 'parallel { throw "branch" }', '"never"'), [], 'branch'],
  [
    'a checkpoint that would be too large says how large',
    workflow('$text = "x" * 200000', 'Checkpoint-Workflow'),
    [],
    'The checkpoint at line 3 would be',
  ],
  [
    'passwords are not kept in a checkpoint, and the workflow is told',
    workflow('$secret = ConvertTo-SecureString "p" -AsPlainText -Force', 'Checkpoint-Workflow', '"on"'),
    ['Warning The checkpoint at line 3 leaves $secret out: passwords are not kept. Read it again after the checkpoint.', 'on'],
  ],
];

describe('workflow compatibility', { timeout }, () => {
  it('keeps to the words and lines of the rules that publishing goes by', async (context) => {
    const text = await readFile(path.join(fixtures, 'verdicts.json'), 'utf8');
    const cases = z
      .array(z.object({ name: z.string(), script: z.string(), line: z.int().nullable(), reason: z.string().nullable() }))
      .parse(JSON.parse(text));
    const found = await translate(context, cases);
    expect(found.map(({ name, line, reason }) => ({ name, line: reason === null ? null : line, reason }))).toEqual(
      cases.map(({ name, line, reason }) => ({ name, line, reason })),
    );
  });

  it('runs them as their author meant it', async (context) => {
    const found = await translate(
      context,
      runs.map(([name, script]) => ({ name, script, run: true })),
    );
    for (const [index, [name, , records, thrown = null]] of runs.entries()) {
      const answer = found[index];
      expect({ name, reason: answer?.reason }).toEqual({ name, reason: null });
      if (thrown === null) expect({ name, records: answer?.records, thrown: answer?.thrown }).toEqual({ name, records, thrown });
      else expect({ name, thrown: answer?.thrown?.slice(0, thrown.length) }).toEqual({ name, thrown });
    }
  });
});
