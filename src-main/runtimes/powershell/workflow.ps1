# Workflow compatibility: makes a script block of PowerShell 7 of a runbook that holds a workflow. The parser of PowerShell 7 still reads
# workflows whole, so what is translated is its syntax tree. Answers @{ Script; Line; Reason }: `Reason` is null for a workflow that can be
# run; else `Script` throws it, at the author's place.
#
# The host calls the text of this file with its settings and gets what it is to call with the job's parameters. On Windows PowerShell 5.1
# that is the workflow itself. Tests dot-source the file without settings.
#
# Nothing of ours is called as a script file: execution policies are for the runbook. What is made of that runs from text as well, which no
# policy looks at; so PowerShell is asked about its file first.
using namespace System.Management.Automation.Language
param($Settings)

# The other files lie beside this one, and are named like it.
$thisFile = if ($null -ne $Settings) { $Settings.Workflow } else { $PSCommandPath }
function Read-Part([string] $Name) {
    $folder = [System.IO.Path]::GetDirectoryName($thisFile)
    [System.IO.File]::ReadAllText([System.IO.Path]::Combine($folder, $Name + [System.IO.Path]::GetExtension($thisFile)))
}
. ([scriptblock]::Create((Read-Part 'workflow-rules')))
. ([scriptblock]::Create((Read-Part 'workflow-program')))

# Rises when programs change: a checkpoint's place in one means nothing in another.
$programVersion = 2

function ConvertTo-WorkflowScript {
    param(
        [string] $Text,
        # For positions in errors.
        [string] $FileName,
        [string] $RunbookName,
        # Texts of workflow-machine.ps1 and workflow-keeper.ps1.
        [string] $Machine,
        [string] $Keeper,
        # Where checkpoints are handed over.
        [string] $Folder,
        # A checkpoint to go on from; empty: from the beginning.
        [string] $ResumeFrom,
        [long] $MaxCheckpointBytes
    )
    $errors = $null
    $script = [Parser]::ParseInput($Text, $FileName, [ref] $null, [ref] $errors)
    $parameters = $null
    try {
        foreach ($mistake in $errors) {
            if ($mistake.ErrorId -in 'WorkflowNotSupportedInPowerShellCore', 'KeywordParameterReservedForFutureUse') { continue }
            throw [pscustomobject] @{ Line = $mistake.Extent.StartLineNumber; Reason = $mistake.Message; Extent = $mistake.Extent }
        }
        $chosen = Select-Workflow $script $RunbookName
        $parameters = New-ParameterBlock $chosen.Main
        Assert-Workflow $chosen.Main $true
        foreach ($other in $chosen.Others) { Assert-Workflow $other $false }
    } catch {
        $verdict = $_.TargetObject
        if ($null -eq $verdict.Reason) { throw }
        return @{ Script = New-Refusal $verdict $parameters; Line = $verdict.Line; Reason = $verdict.Reason }
    }
    $functions = $script.FindAll({ $args[0] -is [FunctionDefinitionAst] -and -not $args[0].IsWorkflow -and (Test-OwnFunction $args[0]) }, $true)
    $kit = @{
        Machine = $Machine
        Functions = @($functions | ForEach-Object { New-Leaf @($_) })
        Workflows = @{}
        Shared = @(Get-SharedName $script)
    }
    foreach ($other in $chosen.Others) {
        $kit.Workflows[$other.Name] = New-Entry $other (New-ParameterBlock $other) @{ Kit = $kit }
    }
    $sha256 = [System.Security.Cryptography.SHA256]::HashData([System.Text.Encoding]::UTF8.GetBytes($Text))
    $entry = New-Entry $chosen.Main $parameters @{
        Kit = $kit
        Keeper = $Keeper
        Identity = "$programVersion $([System.Convert]::ToHexString($sha256))"
        Folder = $Folder
        ResumeFrom = $ResumeFrom
        MaxBytes = $MaxCheckpointBytes
    }
    @{ Script = $entry.GetScriptBlock(); Line = 0; Reason = $null }
}

# A function of a function belongs to that.
function Test-OwnFunction([FunctionDefinitionAst] $Function) {
    for ($outer = $Function.Parent; $null -ne $outer; $outer = $outer.Parent) {
        if ($outer -is [ScriptBlockExpressionAst] -or ($outer -is [FunctionDefinitionAst] -and -not $outer.IsWorkflow)) { return $false }
    }
    $true
}

# What is written as $workflow:name anywhere.
function Get-SharedName([Ast] $Script) {
    $found = $Script.FindAll({ $args[0] -is [VariableExpressionAst] -and $args[0].VariablePath.DriveName -eq 'workflow' }, $true)
    # As in Select-Workflow: no command of a module.
    $names = [System.Collections.Generic.HashSet[string]]::new([System.StringComparer]::OrdinalIgnoreCase)
    foreach ($one in $found) { $null = $names.Add($one.VariablePath.UserPath.Substring($one.VariablePath.UserPath.IndexOf(':') + 1)) }
    $names
}

function New-ParameterBlock([FunctionDefinitionAst] $Workflow) {
    if ($null -ne $Workflow.Body.ParamBlock) { return $Workflow.Body.ParamBlock }
    $given = if ($null -ne $Workflow.Parameters) { [ParameterAst[]] @($Workflow.Parameters | ForEach-Object { $_.Copy() }) } else { [ParameterAst[]] @() }
    [ParamBlockAst]::new($Workflow.Extent, [AttributeAst[]] @(), $given)
}

# A script with the workflow's parameters that runs the machine on its program.
function New-Entry([FunctionDefinitionAst] $Workflow, [ParamBlockAst] $Parameters, [hashtable] $Definition) {
    $statements = if ($null -ne $Workflow.Body.EndBlock) { $Workflow.Body.EndBlock.Statements } else { @() }
    $Definition.Program = New-Program $statements
    $Definition.Parameters = @($Parameters.Parameters.Name.VariablePath.UserPath)
    $extent = $Workflow.Extent
    $elements = [CommandElementAst[]] @(
        [ConstantExpressionAst]::new($extent, [scriptblock]::Create($Definition.Kit.Machine))
        [ConstantExpressionAst]::new($extent, $Definition)
    )
    $call = [CommandAst]::new($extent, $elements, [TokenKind]::Dot, $null)
    New-Block $extent @([PipelineAst]::new($extent, $call)) $Parameters.Copy()
}

function New-Refusal($Verdict, [ParamBlockAst] $Parameters) {
    $extent = $Verdict.Extent
    $message = [StringConstantExpressionAst]::new($extent, "This workflow needs Windows PowerShell 5.1: line $($Verdict.Line), $($Verdict.Reason).", 'SingleQuoted')
    $throw = [ThrowStatementAst]::new($extent, (New-ExpressionStatement $message))
    $copy = if ($null -ne $Parameters) { $Parameters.Copy() }
    (New-Block $extent @($throw) $copy).GetScriptBlock()
}

# Windows PowerShell 5.1 has the engine: there the file defines the workflow, which is then called by its name.
function New-NativeCall([string] $ScriptFile, [string] $RunbookName) {
    $script = [Parser]::ParseFile($ScriptFile, [ref] $null, [ref] $null)
    $all = @($script.FindAll({ $args[0] -is [FunctionDefinitionAst] -and $args[0].IsWorkflow }, $false))
    $name = if ($all.Name -contains $RunbookName -or $all.Count -eq 0) { $RunbookName } else { $all[0].Name }
    [scriptblock]::Create(". '$($ScriptFile.Replace("'", "''"))'; $name @args")
}

# Whether PowerShell would run this file: its own check, policies and signatures included.
function Test-Allowed([string] $ScriptFile) {
    try {
        $ExecutionContext.InvokeCommand.GetCommand($ScriptFile, 'ExternalScript').ValidateScriptInfo($Host)
        $true
    } catch {
        $false
    }
}

if ($null -eq $Settings) { return }
if ($PSVersionTable.PSVersion.Major -lt 6) { return New-NativeCall $Settings.Script $Settings.RunbookName }
# Calling the file itself fails with PowerShell's own words.
if (-not (Test-Allowed $Settings.Script)) { return $Settings.Script }
$made = ConvertTo-WorkflowScript -Text ([System.IO.File]::ReadAllText($Settings.Script)) -FileName $Settings.Script `
    -RunbookName $Settings.RunbookName -Folder $Settings.CheckpointFolder -ResumeFrom $Settings.ResumeFrom `
    -MaxCheckpointBytes $Settings.MaxCheckpointBytes -Machine (Read-Part 'workflow-machine') -Keeper (Read-Part 'workflow-keeper')
$made.Script
