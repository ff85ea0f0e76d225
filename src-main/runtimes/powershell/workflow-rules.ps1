# What of a workflow can be run on PowerShell 7, judged from PowerShell's own syntax tree: the first thing that cannot be, with its place.
# src-service/workflows judges the same when a runbook is published, where there is no PowerShell; test/fixtures/workflows holds both to
# one list.
using namespace System.Management.Automation.Language

# Parameters that every activity of a workflow has on Windows PowerShell 5.1 and that no command has here.
$activityParameters = @(
    'PSComputerName', 'PSCredential', 'PSConnectionUri', 'PSConfigurationName', 'PSApplicationName', 'PSAuthentication', 'PSAuthenticationLevel',
    'PSAllowRedirection', 'PSCertificateThumbprint', 'PSPort', 'PSUseSsl', 'PSSessionOption', 'PSConnectionRetryCount',
    'PSConnectionRetryIntervalSec', 'PSActionRetryCount', 'PSActionRetryIntervalSec', 'PSActionRunningTimeoutSec', 'PSPersist',
    'PSDisableSerialization', 'PSProgressMessage', 'PSDebug', 'PSError', 'PSWarning', 'PSVerbose', 'PSInformation', 'PSProgress',
    'PSRequiredModules', 'PSRemotingBehavior'
)
$absentCommands = 'Set-PSWorkflowData', 'Get-PSWorkflowData', 'Invoke-Workflow'
$keepers = 'Checkpoint-Workflow', 'Suspend-Workflow'

function Stop-Judging([Ast] $Node, [string] $Reason) {
    throw [pscustomobject] @{ Line = $Node.Extent.StartLineNumber; Reason = $Reason; Extent = $Node.Extent }
}

function Test-Walkable([Ast] $Node) {
    # Statements that the machine enters, so that a checkpoint may stand inside them.
    $Node -is [PipelineAst] -or $Node -is [StatementBlockAst] -or $Node -is [NamedBlockAst] -or $Node -is [CatchClauseAst] -or
    $Node -is [AssignmentStatementAst] -or $Node -is [IfStatementAst] -or $Node -is [SwitchStatementAst] -or
    $Node -is [LoopStatementAst] -or $Node -is [TryStatementAst] -or $Node -is [BlockStatementAst]
}

function Test-Parallel([Ast] $Node) {
    ($Node -is [BlockStatementAst] -and $Node.Kind.Kind -eq 'Parallel') -or
    ($Node -is [ForEachStatementAst] -and ($Node.Flags -band [ForEachFlags]::Parallel))
}

# A statement that the machine has to enter must stand where it can: not inside an expression, and a checkpoint not beside other work.
function Assert-Place([Ast] $Node, [string] $What, [Ast] $Body, [bool] $MayBeParallel) {
    $inner = $Node
    for ($outer = $Node.Parent; $outer -ne $Body -and $null -ne $outer; $inner, $outer = $outer, $outer.Parent) {
        if ($outer -is [FunctionDefinitionAst]) {
            if ($outer.Body -eq $Body) { break }
            Stop-Judging $Node "$What stands inside a function"
        } elseif ($outer -is [ScriptBlockAst]) {
            continue
        } elseif ($outer -is [ScriptBlockExpressionAst]) {
            $isInline = $outer.Parent -is [CommandAst] -and $outer.Parent.GetCommandName() -eq 'InlineScript'
            Stop-Judging $Node "$What stands inside $(if ($isInline) { 'InlineScript' } else { 'a script block' })"
        } elseif ((Test-Parallel $outer) -and -not $MayBeParallel) {
            Stop-Judging $Node "$What stands inside Parallel"
        } elseif ($outer -is [AssignmentStatementAst] -and $outer.Parent -is [AssignmentStatementAst]) {
            Stop-Judging $Node "$What stands behind two assignments"
        } elseif ($inner -isnot [StatementBlockAst] -and ($outer -is [IfStatementAst] -or $outer -is [LabeledStatementAst])) {
            Stop-Judging $Node "$What stands inside a condition"
        } elseif ($outer -is [TryStatementAst] -and $outer.Finally -eq $inner -and -not $MayBeParallel) {
            Stop-Judging $Node "$What stands inside finally"
        } elseif ($outer -is [PipelineAst] -and $outer.PipelineElements.Count -gt 1) {
            Stop-Judging $Node "$What stands inside a pipeline"
        } elseif (-not (Test-Walkable $outer)) {
            Stop-Judging $Node "$What stands inside an expression"
        }
    }
}

function Assert-Jump([Ast] $Jump) {
    # A loop outside Parallel cannot be left from inside it: the others would go on.
    $word = if ($Jump -is [BreakStatementAst]) { 'break' } else { 'continue' }
    if ($null -ne $Jump.Label -and $Jump.Label -isnot [StringConstantExpressionAst]) {
        Stop-Judging $Jump "the label of $word is only known when it runs"
    }
    $label = if ($null -ne $Jump.Label) { $Jump.Label.Value }
    for ($outer = $Jump.Parent; $null -ne $outer; $outer = $outer.Parent) {
        if ((Test-Parallel $outer) -or $outer -is [FunctionDefinitionAst]) { Stop-Judging $Jump "$word has no loop around it that it could mean" }
        if ($outer -is [ScriptBlockExpressionAst]) { return }
        if ($outer -is [LabeledStatementAst] -and (-not $label -or $outer.Label -eq $label)) { return }
    }
}

# Throws what Stop-Judging makes.
function Assert-Workflow([FunctionDefinitionAst] $Workflow, [bool] $IsMain) {
    $body = $Workflow.Body
    foreach ($block in $body.BeginBlock, $body.ProcessBlock, $body.DynamicParamBlock, $body.CleanBlock) {
        if ($null -ne $block) { Stop-Judging $block 'a workflow has no begin, process, clean or dynamicparam block' }
    }
    $nested = @($body.FindAll({ $args[0] -is [FunctionDefinitionAst] -and $args[0].IsWorkflow }, $true).Extent)
    # In the order of the text: the first reason is the one to be shown.
    foreach ($node in $body.FindAll({ $true }, $true)) {
        if ($nested.Count -gt 0 -and ($nested | Where-Object { $_.StartOffset -le $node.Extent.StartOffset -and $_.EndOffset -ge $node.Extent.EndOffset })) {
            # Another workflow: it is judged by itself.
            continue
        } elseif ($node -is [TrapStatementAst]) {
            Stop-Judging $node 'trap is no part of a workflow; use try'
        } elseif ($node -is [SwitchStatementAst] -and ($node.Flags -band [SwitchFlags]::File)) {
            Stop-Judging $node 'switch -File cannot be followed through a workflow'
        } elseif ($node -is [BlockStatementAst]) {
            $word = if ($node.Kind.Kind -eq 'Parallel') { 'Parallel' } else { 'Sequence' }
            Assert-Place $node $word $body $true
        } elseif ((Test-Parallel $node)) {
            Assert-Place $node 'ForEach -Parallel' $body $true
        } elseif ($node -is [CommandAst]) {
            Assert-Command $node $body $IsMain
        } elseif ($node -is [BreakStatementAst] -or $node -is [ContinueStatementAst]) {
            Assert-Jump $node
        } elseif ($node -is [AssignmentStatementAst] -and $node.Left.Extent.Text -match '^\$\{?PSPersistPreference\}?$') {
            Stop-Judging $node '$PSPersistPreference makes a checkpoint after every command; write Checkpoint-Workflow where one is wanted'
        } elseif ($node -is [VariableExpressionAst] -and $node.VariablePath.UserPath -in 'foreach', 'switch') {
            Stop-Judging $node "`$$($node.VariablePath.UserPath) is not there in a workflow"
        }
    }
}

function Assert-Command([CommandAst] $Command, [Ast] $Body, [bool] $IsMain) {
    $name = $Command.GetCommandName()
    if ($name -in $keepers) {
        if (-not $IsMain) { Stop-Judging $Command "$name stands inside a workflow that another one calls" }
        Assert-Place $Command $name $Body $false
        if ($Command.Parent.Parent -is [AssignmentStatementAst]) { Stop-Judging $Command "$name has no value to assign" }
        return
    }
    if ($name -in $absentCommands) { Stop-Judging $Command "$name needs the workflow engine of Windows PowerShell 5.1" }
    # Inside InlineScript commands are PowerShell's own, without an activity's parameters.
    for ($outer = $Command.Parent; $null -ne $outer; $outer = $outer.Parent) {
        if ($outer -is [CommandAst] -and $outer.GetCommandName() -eq 'InlineScript') {
            if ($name -eq 'InlineScript') { Stop-Judging $Command 'InlineScript stands inside InlineScript' }
            return
        }
    }
    foreach ($element in $Command.CommandElements) {
        if ($element -isnot [CommandParameterAst] -or $element.ParameterName -notin $activityParameters) { continue }
        $what = "-$($element.ParameterName)"
        $hint = switch -Regex ($element.ParameterName) {
            '^PSPersist$' { 'write Checkpoint-Workflow after the command'; break }
            'PS(ComputerName|Credential|Co|Appl|Auth|Allow|Cert|Port|Use|Session)' { 'use Invoke-Command inside InlineScript'; break }
            default { 'only an activity has it' }
        }
        $reason = if ($hint -like 'use *') { "$what needs the remoting of a workflow; $hint" } else { "$what is no parameter of a command; $hint" }
        Stop-Judging $element $reason
    }
}

# Answers the workflow to run and the others, or throws.
function Select-Workflow([ScriptBlockAst] $Script, [string] $RunbookName) {
    if ($Script.UsingStatements.Count -gt 0) { Stop-Judging $Script.UsingStatements[0] 'a using statement cannot be followed' }
    $all = @($Script.FindAll({ $args[0] -is [FunctionDefinitionAst] -and $args[0].IsWorkflow }, $true))
    $statements = if ($null -ne $Script.EndBlock) { $Script.EndBlock.Statements } else { @() }
    $outer = @($statements | Where-Object { $_ -is [FunctionDefinitionAst] -and $_.IsWorkflow })
    # No command that a module brings: the first one costs its loading, a tenth of a second.
    $main = if ($outer.Count -eq 1) { $outer[0] }
    foreach ($one in $outer) { if ($one.Name -eq $RunbookName) { $main = $one; break } }
    if ($null -eq $main) { Stop-Judging $Script "there is no workflow $RunbookName" }
    foreach ($statement in $statements) {
        if ($statement -isnot [FunctionDefinitionAst]) { Stop-Judging $statement 'there is code outside the workflow' }
    }
    @{ Main = $main; Others = @($all | Where-Object { $_ -ne $main }) }
}
