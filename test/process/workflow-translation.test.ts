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
    checkpoints: z.array(z.string()),
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
    // Nothing makes random bytes shorter.
    workflow(
      '$text = [System.Convert]::ToBase64String([System.Security.Cryptography.RandomNumberGenerator]::GetBytes(90000))',
      'Checkpoint-Workflow',
    ),
    [],
    'The checkpoint at line 3 would be',
  ],
  [
    'passwords are not kept in a checkpoint, and the workflow is told',
    workflow('$secret = ConvertTo-SecureString "p" -AsPlainText -Force', 'Checkpoint-Workflow', '"on"'),
    ['Warning The checkpoint at line 3 leaves $secret out: passwords are not kept. Read it again after the checkpoint.', 'on'],
  ],
];

/** Each suspends itself where the name says, goes on in a runspace that has nothing but the checkpoint, and so on until it is done. */
const resumes: [string, string, string[], (string | null)?][] = [
  [
    'at the top level',
    workflow(
      '$n = 1; $list = @(1, "two"); $table = [ordered] @{ z = 1; a = @{ deep = 2 } }',
      'Suspend-Workflow',
      '"$n $($list -join ",") $($list.Count) $($table.Keys) $($table.a.deep)"',
    ),
    ['(resumed)', '1 1,two 2 z a 2'],
  ],
  [
    'in the clauses of if',
    workflow(
      'foreach ($i in 1..3) { if ($i -eq 1) { Suspend-Workflow; "if" } elseif ($i -eq 2) { Suspend-Workflow; "elseif" } else { Suspend-Workflow; "else" } }',
    ),
    ['(resumed)', 'if', '(resumed)', 'elseif', '(resumed)', 'else'],
  ],
  [
    'in the clauses of switch, each item and each clause that fits',
    workflow(
      'switch -Wildcard ("ab", "b", "x") { "a*" { "a $_"; Suspend-Workflow; "after a $_" } "*b" { Suspend-Workflow; "b $_" } default { Suspend-Workflow; "d $_" } }',
      '"end"',
    ),
    ['a ab', '(resumed)', 'after a ab', '(resumed)', 'b ab', '(resumed)', 'b b', '(resumed)', 'd x', 'end'],
  ],
  [
    'in foreach, and in the turn of it',
    workflow('foreach ($i in 1..3) { "in $i"; if ($i -ne 1) { Suspend-Workflow }; "out $i" }'),
    ['in 1', 'out 1', 'in 2', '(resumed)', 'out 2', 'in 3', '(resumed)', 'out 3'],
  ],
  [
    'in for',
    workflow('for ($i = 0; $i -lt 3; $i++) { if ($i -eq 1) { Suspend-Workflow; continue }; "i$i" }'),
    ['i0', '(resumed)', 'i2'],
  ],
  ['in while', workflow('$n = 0', 'while ($n -lt 2) { $n++; Suspend-Workflow; "n$n" }'), ['(resumed)', 'n1', '(resumed)', 'n2']],
  [
    'in do while and in do until',
    workflow(
      '$n = 0',
      'do { $n++; Suspend-Workflow; "n$n" } while ($n -lt 2)',
      'do { $n--; Suspend-Workflow; "n$n" } until ($n -eq 0)',
    ),
    ['(resumed)', 'n1', '(resumed)', 'n2', '(resumed)', 'n1', '(resumed)', 'n0'],
  ],
  [
    'in try: its catch and its finally still stand',
    workflow(
      'try { try { Suspend-Workflow; sequence { 1 / 0 } } catch [System.DivideByZeroException] { "caught" } finally { "inner finally" }',
      'Suspend-Workflow; throw "late" } catch { "outer $_" } finally { "outer finally" }',
    ),
    ['(resumed)', 'caught', 'inner finally', '(resumed)', 'outer late', 'outer finally'],
  ],
  [
    'in catch: the error that it caught is there, and can be thrown on',
    workflow(
      'try { try { throw "first" } catch { "1 $_"; Suspend-Workflow; "2 $_ $($_.Exception.Message)"; throw } } catch { "3 $_" }',
    ),
    ['1 first', '(resumed)', '2 first first', '3 first'],
  ],
  ['in sequence', workflow('sequence { "a"; Suspend-Workflow; "b" }'), ['a', '(resumed)', 'b']],
  [
    'in what is being assigned: what it had written is there',
    workflow(
      '$r = if ($true) { "kept"; Suspend-Workflow; "more" }',
      '$one = foreach ($i in 1..2) { Suspend-Workflow; $i }',
      '"$($r -join ",") $($one -join ",")"',
    ),
    ['(resumed)', '(resumed)', '(resumed)', 'kept,more 1,2'],
  ],
  [
    'in loops within loops, with labels out of them',
    workflow(
      ':outer foreach ($i in 1..3) { $j = 0; while ($true) { $j++; Suspend-Workflow; "$i$j"; if ($j -eq 2) { continue outer }; if ($i -eq 2) { break outer } } }',
      '"end"',
    ),
    ['(resumed)', '11', '(resumed)', '12', '(resumed)', '21', 'end'],
  ],
  [
    'in a loop over living objects, which still have their properties, those of later turns too',
    workflow(
      'foreach ($one in Get-Item -LiteralPath /usr, /etc, /tmp) { Suspend-Workflow; "$one $($one.Name) $($one.PSIsContainer) $($one.LastWriteTime.GetType().Name)" }',
    ),
    ['(resumed)', '/usr usr True DateTime', '(resumed)', '/etc etc True DateTime', '(resumed)', '/tmp tmp True DateTime'],
  ],
  [
    'with living objects deep within what is plain, and with what leads to itself',
    workflow(
      '$table = @{ place = [pscustomobject] @{ item = Get-Item -LiteralPath /usr } }; $round = @{ name = "r" }; $round.self = $round',
      'Suspend-Workflow',
      '"$($table.place.item.FullName) $($round.name)"',
    ),
    ['(resumed)', '/usr r'],
  ],
  [
    'with more than a short text',
    workflow('$text = "é" * 20000 + "end"', 'Suspend-Workflow', '"$($text.Length) $($text.Substring(19999))"'),
    ['(resumed)', '20003 éend'],
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

  it('lets them go on from their checkpoints, wherever these stand', async (context) => {
    const found = await translate(
      context,
      resumes.map(([name, script]) => ({ name, script, run: true })),
    );
    for (const [index, [name, , records]] of resumes.entries()) {
      const { reason, records: written, thrown } = found[index] ?? {};
      expect({ name, reason, records: written, thrown }).toEqual({ name, reason: null, records, thrown: null });
    }
  });

  it('has no password in a checkpoint, wherever the workflow holds it, and says what is missing', async (context) => {
    const script = workflow(
      '$word = ConvertTo-SecureString "hunter2-hunter2" -AsPlainText -Force',
      '$login = [pscredential]::new("u", $word); $table = @{ n = 1; inside = [pscustomobject] @{ c = $login } }; $plain = $login.GetNetworkCredential()',
      'foreach ($one in @($login, "x")) { switch ($login) { default { $r = if ($true) { $word; Suspend-Workflow } } } }',
      '"$($table.n) [$($table.inside.c)] [$plain] [$word] [$r] [$one]"',
    );
    const [answer] = await translate(context, [{ name: 'passwords', script, run: true }]);
    const warnings = answer?.records.filter((record) => record.startsWith('Warning '));
    const left = warnings?.map(
      (warning) => /^Warning The checkpoint at line 4 leaves (.*) out: passwords are not kept\./.exec(warning)?.[1],
    );
    expect(new Set(left)).toEqual(
      new Set([
        '$word',
        '$login',
        '$one',
        'passwords in $table',
        'passwords in $plain',
        'passwords in $_',
        'passwords in what is being assigned',
        'passwords in what a loop goes through',
      ]),
    );
    expect(answer?.records.filter((record) => !record.startsWith('Warning '))).toEqual([
      '(resumed)',
      '(resumed)',
      '1 [] [] [] [] [x]',
    ]);
    expect(answer?.checkpoints).toHaveLength(2);
    const hexadecimal = Buffer.from('hunter2-hunter2', 'utf16le').toString('hex');
    for (const text of answer?.checkpoints ?? [])
      expect(text).not.toMatch(new RegExp(`hunter2|${hexadecimal}|(<|&lt;)SS[ >]|^gzip`, 'i'));
  });

  it('keeps to -ThrottleLimit', async (context) => {
    // Each branch waits for another one to be there, and a little for one too many; without a limit all six are there at once.
    const script = workflow(
      '$here = [System.Collections.Concurrent.ConcurrentDictionary[int, int]]::new(); $most = [int[]] @(0)',
      'foreach -parallel -throttlelimit 2 ($i in 1..6) {',
      '  $null = $here.TryAdd($i, 0)',
      '  for ($turn = 0; $turn -lt 500 -and ($turn -lt 15 -or $most[0] -lt 2); $turn++) { Start-Sleep -Milliseconds 20; if ($here.Count -gt $most[0]) { $most[0] = $here.Count } }',
      '  $gone = 0; $null = $here.TryRemove($i, [ref] $gone)',
      '}',
      '"at most $($most[0])"',
    );
    const [answer] = await translate(context, [{ name: 'throttle', script, run: true }]);
    expect(answer).toMatchObject({ records: ['at most 2'], thrown: null });
  });
});
