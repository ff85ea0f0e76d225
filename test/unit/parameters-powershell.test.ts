import { describe, expect, it } from 'vitest';
import type { DeclaredParameter } from '../../src-service/parameters/declaration.ts';
import { readDeclaration } from '../../src-service/parameters/read-declaration.ts';

async function declared(script: string, kind: 'PowerShell' | 'PowerShellWorkflow' = 'PowerShell', name = 'Example') {
  const reading = await readDeclaration(kind, name, script);
  if (reading.kind === 'invalid') throw new Error(`line ${reading.line}: ${reading.reason}`);
  return reading.declaration ?? [];
}

const brief = ({ name, type, isMandatory, defaultValue }: DeclaredParameter) => [name, type, isMandatory, defaultValue];

describe('the parameters of a PowerShell script', () => {
  it('are read with their types, mandatory marks and defaults', async () => {
    const script = `#Requires -Version 5.1
using namespace System.Text
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true, HelpMessage = 'which one')]
    [ValidateSet('a', 'b')]
    [string] $SourcePath,
    [parameter(Mandatory)] [int[]] $Numbers = @(1, 2),   # a comment, and a comma
    [switch]$Force,
    [Parameter(Mandatory=$false)]$Plain = (Get-Date),
    [System.Collections.Generic.List[string]] $List,
    [alias('q')][Nullable[int]] \${odd name} = -5
)
foreach ($x in 1..3) { Write-Output $x }`;
    expect((await declared(script)).map(brief)).toEqual([
      ['SourcePath', 'System.String', true, null],
      ['Numbers', 'System.Int32[]', true, '@(1, 2)'],
      ['Force', 'System.Management.Automation.SwitchParameter', false, null],
      ['Plain', 'System.Object', false, '(Get-Date)'],
      ['List', 'System.Collections.Generic.List[string]', false, null],
      ['odd name', 'System.Nullable[System.Int32]', false, '-5'],
    ]);
  });

  it('have the values that a ValidateSet writes out, and none where it is worked out', async () => {
    const script = `param(
    [ValidateSet('Small', "Medium", 'it''s large', 3, IgnoreCase = $false)] [string] $Size,
    [ValidateSet("$home", 'a')] [string] $Place,
    [System.Management.Automation.ValidateSetAttribute('x')] $Other,
    [ValidateRange(1, 3)] [int] $Count
)`;
    expect((await declared(script)).map(({ name, allowedValues }) => [name, allowedValues])).toEqual([
      ['Size', ['Small', 'Medium', "it's large", '3']],
      ['Place', undefined],
      ['Other', ['x']],
      ['Count', undefined],
    ]);
  });

  it('are read where the rest of the script is beyond the grammar', async () => {
    const script = `param([string]$Name)
Import-Module -Name Az.Accounts, Az.Storage
Copy-Item $Name\\file.txt ($a ?? 'b')
$c = $IsWindows ? 1 : 2`;
    expect((await declared(script)).map(brief)).toEqual([['Name', 'System.String', false, null]]);
  });

  it('are read where a default or a validation script is beyond the grammar', async () => {
    const script = `param(
    [ValidateScript({ Test-Path $_\\sub -PathType Container, Leaf })] [string]$Path,
    [string]$Shell = ($IsWindows ? 'cmd' : 'sh'), # which one
    [int]$Last = 3
)`;
    expect((await declared(script)).map(brief)).toEqual([
      ['Path', 'System.String', false, null],
      ['Shell', 'System.String', false, "($IsWindows ? 'cmd' : 'sh')"],
      ['Last', 'System.Int32', false, '3'],
    ]);
  });

  it('are none where the script has no block, or only functions have one', async () => {
    expect(await declared('function Get-It { param([string]$Inner) $Inner }\nGet-It x')).toEqual([]);
    expect(await declared('"param([string]$NotOne)"')).toEqual([]);
    expect(await declared('')).toEqual([]);
  });

  it('are not fooled by brackets in strings and comments', async () => {
    const script = `<# param($No) #>
# )
param(
  [string]$A = ')}"',  # (
  [string]$B = "it's $(Get-Item ')') \`" ]",
  [string]$C = @'
)
'@,
  [string]$D
)`;
    expect((await declared(script)).map(({ name }) => name)).toEqual(['A', 'B', 'C', 'D']);
  });

  it('ask only for what the default parameter set makes mandatory', async () => {
    const script = `[CmdletBinding(DefaultParameterSetName = 'One')]
param(
  [Parameter(Mandatory, ParameterSetName = 'One')] $First,
  [Parameter(Mandatory, ParameterSetName = 'Two')] $Second,
  [Parameter(Mandatory)] $Both
)`;
    expect((await declared(script)).map(({ name, isMandatory }) => [name, isMandatory])).toEqual([
      ['First', true],
      ['Second', false],
      ['Both', true],
    ]);
  });
});

describe('the parameters of a workflow', () => {
  const article = `workflow Copy-LocalFiles {
    Param (
        [parameter(Mandatory=$true)]
        [String] $SourcePath,
        [parameter(Mandatory=$true)]
        [String] $DestinationPath
    )
    foreach -parallel -throttlelimit 3 ($one in $many) { "x" }
    $result = InlineScript { Copy-Item "$using:SourcePath" } -PSComputerName $server
    Checkpoint-Workflow
}`;

  it('are read in spite of what only workflows may say', async () => {
    expect((await declared(article, 'PowerShellWorkflow', 'copy-localfiles')).map(brief)).toEqual([
      ['SourcePath', 'System.String', true, null],
      ['DestinationPath', 'System.String', true, null],
    ]);
  });

  it('are those of the workflow with the runbook’s name', async () => {
    const script = `workflow Other { param($Wrong) }\nworkflow Example { param([bool]$Right) Other }`;
    expect((await declared(script, 'PowerShellWorkflow')).map(({ name }) => name)).toEqual(['Right']);
    const reading = await readDeclaration('PowerShellWorkflow', 'Third', script);
    expect(reading).toMatchObject({ kind: 'invalid', reason: 'none of its workflows (Other, Example) has the runbook’s name' });
  });

  it('are read from a list behind the name too', async () => {
    expect((await declared('workflow Example ([string]$A, [int]$B = 2) { $A }', 'PowerShellWorkflow')).map(brief)).toEqual([
      ['A', 'System.String', false, null],
      ['B', 'System.Int32', false, '2'],
    ]);
  });

  it('need a workflow', async () => {
    expect(await readDeclaration('PowerShellWorkflow', 'Example', 'param($A)')).toMatchObject({ kind: 'invalid', line: 1 });
  });
});

describe('a script that cannot be read', () => {
  it.each([
    ['param(\n  [int $x)\n"y"', 2, 'the “[” is never closed'],
    ['"x"\nif ($true) {\n', 2, 'the “{” is never closed'],
    ['"x"\n}\n', 2, 'the “}” closes nothing'],
    ['Write-Output (1, 2]\n}', 2, '“}” stands where the “(” of line 1 should be closed'],
    ['\nWrite-Output "abc\n', 2, 'the string that begins here has no end'],
    ["$a = @'\nabc", 1, 'the here-string that begins here has no end'],
    ['<# for ever', 1, 'the comment that begins here has no end'],
    ['param($A, [string]$a)', 1, 'the parameter a is declared twice'],
    ['param($A,, $B)', 1, 'the parameters cannot be read at'],
  ])('is refused with its line: %j', async (script, line, reason) => {
    expect(await readDeclaration('PowerShell', 'Example', script)).toMatchObject({
      kind: 'invalid',
      line,
      reason: expect.stringContaining(reason) as string,
    });
  });
});
