# Runs a program of workflow-program.ps1. It is dot-sourced where the workflow's variables are to live, in the runspace of the runbook and in
# that of each branch, so it has one variable of its own there; $_, __workflowValue and __workflowItem are set for the leaves.
#
# An error that ends a statement ends the workflow, as on Windows PowerShell 5.1, unless a try around it takes it.
param($__workflow)

# The caller's is the definition, and may be run several times at once.
$__workflow = $__workflow.Clone()
# What runbooks of Azure Automation ask which job they are.
if ($null -eq $PSPrivateMetadata -and $env:AUTOMATION_JOB_ID) { $PSPrivateMetadata = @{ JobId = [guid] $env:AUTOMATION_JOB_ID } }
$__workflow.At = 0
$__workflow.Slots = @{}
$__workflow.Captures = [System.Collections.Generic.List[object]]::new()
$__workflow.Tries = [System.Collections.Generic.List[object]]::new()
$__workflow.Leaves = @{}
$__workflow.Known = [System.Collections.Generic.HashSet[string]]::new([string[]] @((Microsoft.PowerShell.Utility\Get-Variable -Scope 0).Name), [System.StringComparer]::OrdinalIgnoreCase)
foreach ($__workflowItem in $__workflow.Parameters) { $null = $__workflow.Known.Remove($__workflowItem) }
$__workflow.Known.UnionWith([string[]] @('__workflow', '__workflowItem', '__workflowValue', '_', 'args', 'input', 'PSItem', 'PSBoundParameters', 'PSCommandPath', 'PSScriptRoot', 'MyInvocation', 'Error', 'LASTEXITCODE', '?', '^', '$', 'Matches', 'StackTrace', 'foreach', 'switch', 'null'))

if ($null -ne $__workflow.Variables) {
    foreach ($__workflowItem in $__workflow.Variables.GetEnumerator()) {
        Microsoft.PowerShell.Utility\Set-Variable -Name $__workflowItem.Key -Value $__workflowItem.Value -Scope 0
    }
    foreach ($__workflowItem in $__workflow.Shared.Values) { $ExecutionContext.SessionState.PSVariable.Set($__workflowItem) }
    $_ = $__workflow.Item
}
if ($null -eq (Microsoft.PowerShell.Management\Get-PSDrive -Name workflow -ErrorAction Ignore)) {
    $null = Microsoft.PowerShell.Management\New-PSDrive -Name workflow -PSProvider Variable -Root '' -Scope Global
}
foreach ($__workflowItem in $__workflow.Kit.Functions) { . $__workflowItem.Copy().GetScriptBlock() }
foreach ($__workflowItem in $__workflow.Kit.Workflows.GetEnumerator()) {
    Microsoft.PowerShell.Management\Set-Item -Path "function:$($__workflowItem.Key)" -Value $__workflowItem.Value.Copy().GetScriptBlock()
}

# What a branch or an InlineScript takes with it of how this runspace was set up.
$__workflow.Surroundings = {
    $preferences = @{}
    foreach ($name in 'ErrorActionPreference', 'VerbosePreference', 'DebugPreference', 'WarningPreference', 'InformationPreference', 'ProgressPreference', 'OutputEncoding', 'PSPrivateMetadata') {
        $found = Microsoft.PowerShell.Utility\Get-Variable -Name $name -ErrorAction Ignore
        if ($null -ne $found) { $preferences[$name] = $found.Value }
    }
    $preferences
}
# The variables of the workflow at this place.
$__workflow.Collect = {
    $found = @{}
    foreach ($variable in Microsoft.PowerShell.Utility\Get-Variable -Scope 1) {
        if (-not $__workflow.Known.Contains($variable.Name) -and ($variable.Options -band [System.Management.Automation.ScopedItemOptions] 'ReadOnly, Constant') -eq 0) {
            $found[$variable.Name] = $variable.Value
        }
    }
    $found
}
$__workflow.Throttle = {
    param($given)
    if ($null -eq $given) { return 32 }
    $limit = 0
    if (-not [int]::TryParse("$given", [ref] $limit) -or $limit -lt 1) { throw "-ThrottleLimit is $given; it must be a number from 1" }
    $limit
}
# Runs branches side by side. Streams arrive as they are written; what a branch threw ends the workflow when the others have ended.
$__workflow.Branch = {
    param($branches, $limit)
    $failures = [System.Collections.Concurrent.ConcurrentQueue[object]]::new()
    $preferences = & $__workflow.Surroundings
    foreach ($branch in $branches) {
        $branch.Kit = $__workflow.Kit
        $branch.Failures = $failures
        $branch.Preferences = $preferences
    }
    # What is to end a branch ends it inside.
    $ErrorActionPreference = 'Continue'
    $branches | Microsoft.PowerShell.Core\ForEach-Object -ThrottleLimit $limit -Parallel {
        $__workflow = $_
        foreach ($__workflowItem in $__workflow.Preferences.GetEnumerator()) { Microsoft.PowerShell.Utility\Set-Variable -Name $__workflowItem.Key -Value $__workflowItem.Value }
        try {
            if ($__workflow.Failures.IsEmpty) { . ([scriptblock]::Create($__workflow.Kit.Machine)) $__workflow }
        } catch {
            $__workflow.Failures.Enqueue($_)
        }
    }
    $first = $null
    if ($failures.TryPeek([ref] $first)) { throw $first }
}
# Which catch takes this error: by the exception, or by what PowerShell wrapped.
$__workflow.Match = {
    param($record, $catches)
    foreach ($catch in $catches) {
        if ($catch.Types.Count -eq 0) { return $catch.To }
        foreach ($type in $catch.Types) {
            $wanted = $type.GetReflectionType()
            for ($exception = $record.Exception; $null -ne $exception; $exception = $exception.InnerException) {
                if ($null -ne $wanted -and $wanted.IsInstanceOfType($exception)) { return $catch.To }
                if ($exception -isnot [System.Management.Automation.RuntimeException]) { break }
            }
        }
    }
}

# Writes an error that keeps its own place. PowerShell does so for its own commands, by this property, which it does not show; a version
# that had none would name the line of InlineScript.
$__workflow.Write = {
    param($cmdlet, $record)
    $keepsPlace = [System.Management.Automation.ErrorRecord].GetProperty('PreserveInvocationInfoOnce', [System.Reflection.BindingFlags] 'Instance, NonPublic')
    if ($null -ne $keepsPlace) { $keepsPlace.SetValue($record, $true) }
    $cmdlet.WriteError($record)
}

function InlineScript {
    [CmdletBinding()]
    param([Parameter(Mandatory, Position = 0)] [scriptblock] $ScriptBlock, [string] $DisplayName)
    $__inline = @{ Preferences = & $__workflow.Surroundings }
    # What is to end it ends it inside; here it would end the wrong thing.
    $ErrorActionPreference = 'Continue'
    $__inline.Uses = @($ScriptBlock.Ast.FindAll({ $args[0] -is [System.Management.Automation.Language.UsingExpressionAst] }, $true))
    # Not set means empty here; ForEach-Object would refuse it.
    foreach ($__inlineUse in $__inline.Uses) {
        $__inlineUse = $__inlineUse.Find({ $args[0] -is [System.Management.Automation.Language.VariableExpressionAst] }, $true).VariablePath.UserPath
        if (-not (Microsoft.PowerShell.Management\Test-Path -LiteralPath "variable:$__inlineUse")) { Microsoft.PowerShell.Utility\Set-Variable -Name $__inlineUse -Value $null }
    }
    $__inline.Block = $ScriptBlock.Ast.Copy().GetScriptBlock()
    # The using expressions stand there so that PowerShell hands their values over; the script itself comes as it is, with its places.
    $__inline.Forward = [scriptblock]::Create(@'
foreach ($__inlineUse in $_.Preferences.GetEnumerator()) { Microsoft.PowerShell.Utility\Set-Variable -Name $__inlineUse.Key -Value $__inlineUse.Value }
$__inline = $_
$_ = $null
& $__inline.Block 2>&1 | Microsoft.PowerShell.Core\ForEach-Object { if ($_ -is [System.Management.Automation.ErrorRecord]) { @{ __inlineError = $_ } } else { , $_ } }
if ($false) {
'@ + "`n" + (@($__inline.Uses.Extent.Text | Microsoft.PowerShell.Utility\Select-Object -Unique) -join "`n") + "`n}")
    # An error that the script wrote comes wrapped, in its order; one that comes as an error has ended the script.
    , $__inline | Microsoft.PowerShell.Core\ForEach-Object -ThrottleLimit 1 -Parallel $__inline.Forward 2>&1 | Microsoft.PowerShell.Core\ForEach-Object {
        if ($_ -is [System.Management.Automation.ErrorRecord]) { throw $_ }
        elseif ($_ -is [hashtable] -and $_.ContainsKey('__inlineError')) { & $__workflow.Write $PSCmdlet $_.__inlineError }
        else { , $_ }
    }
}

# The items of a loop, as foreach would meet them.
$__workflow.Enumerate = {
    param($value, $nullCounts)
    $items = [System.Collections.Generic.List[object]]::new()
    if ($null -eq $value -and $nullCounts) { $items.Add($null) }
    foreach ($item in $value) { $items.Add($item) }
    @{ Items = $items; Turn = 0; Item = $null }
}
# Parallel and ForEach -Parallel. `$workflow:` names are one variable for all branches; the rest each branch has for itself.
$__workflow.Side = {
    param($variables, $value, $throttle)
    $now = $__workflow.Now
    $isOuter = $null -eq $__workflow.Shared
    $shared = $__workflow.Shared
    if ($isOuter) {
        $shared = @{}
        foreach ($name in $__workflow.Kit.Shared) { $shared[$name] = [psvariable]::new($name, $variables[$name]) }
    }
    foreach ($name in $shared.Keys) { $variables.Remove($name) }
    $branches = if ($now.Op -eq 'parallel') {
        foreach ($program in $now.Branches) { @{ Program = $program; Variables = $variables; Shared = $shared; Item = $_ } }
    } else {
        foreach ($item in $value) {
            $own = $variables.Clone()
            $own[$now.Variable] = $item
            @{ Program = $now.Body; Variables = $own; Shared = $shared; Item = $_ }
        }
    }
    $limit = if ($now.Op -eq 'parallel') { [Math]::Max(1, $now.Branches.Count) } else { & $__workflow.Throttle $throttle }
    try {
        if ($null -ne $branches) { & $__workflow.Branch @($branches) $limit }
    } finally {
        if ($isOuter) {
            foreach ($variable in $shared.Values) { Microsoft.PowerShell.Utility\Set-Variable -Name $variable.Name -Value $variable.Value -Scope 1 }
        }
    }
}

if ($null -ne $__workflow.Keeper) {
    . ([scriptblock]::Create($__workflow.Keeper))
    # From here: a $_ that the keeper sets would hide every later one from the leaves.
    if ($null -ne $__workflow.Current) { $_ = $__workflow.Current }
}

while ($__workflow.At -lt $__workflow.Program.Code.Count) {
    if ($null -ne $__workflow.Failures -and -not $__workflow.Failures.IsEmpty) { break }
    $__workflow.Now = $__workflow.Program.Code[$__workflow.At]
    if ($null -ne $__workflow.Now.Leaf -and $null -eq $__workflow.Leaves[$__workflow.At]) {
        $__workflow.Leaves[$__workflow.At] = $__workflow.Now.Leaf.Copy().GetScriptBlock()
    }
    $__workflow.Leaf = $__workflow.Leaves[$__workflow.At]
    $__workflow.Slot = if ($null -ne $__workflow.Now.Slot) { $__workflow.Slots[$__workflow.Now.Slot] }
    $__workflow.At += 1
    try {
        # Not a switch: that would set $_.
        if ($__workflow.Now.Op -eq 'run') {
            if ($__workflow.Captures.Count -eq 0) { . $__workflow.Leaf }
            else { $__workflow.Captures[$__workflow.Captures.Count - 1].AddRange([object[]] @(. $__workflow.Leaf)) }
        } elseif ($__workflow.Now.Op -eq 'value') {
            $__workflowValue = . $__workflow.Leaf
        } elseif ($__workflow.Now.Op -eq 'locked') {
            # Between reading and writing no other branch may write.
            [System.Threading.Monitor]::Enter($__workflow.Kit)
            try { . $__workflow.Leaf } finally { [System.Threading.Monitor]::Exit($__workflow.Kit) }
        } elseif ($__workflow.Now.Op -eq 'jump') {
            $__workflow.At = $__workflow.Now.To.At
        } elseif ($__workflow.Now.Op -eq 'test') {
            if ((. $__workflow.Leaf) -eq $__workflow.Now.JumpWhen) { $__workflow.At = $__workflow.Now.To.At }
        } elseif ($__workflow.Now.Op -eq 'items') {
            $__workflowValue = . $__workflow.Leaf
            $__workflow.Slots[$__workflow.Now.Slot] = & $__workflow.Enumerate $__workflowValue $__workflow.Now.NullCounts
        } elseif ($__workflow.Now.Op -eq 'next') {
            if ($__workflow.Slot.Turn -ge $__workflow.Slot.Items.Count) {
                $__workflow.At = $__workflow.Now.To.At
            } else {
                $__workflow.Slot.Item = $__workflow.Slot.Items[$__workflow.Slot.Turn]
                $__workflow.Slot.Turn += 1
                if ($null -ne $__workflow.Now.Variable) { Microsoft.PowerShell.Utility\Set-Variable -Name $__workflow.Now.Variable -Value $__workflow.Slot.Item -Scope 0 }
            }
        } elseif ($__workflow.Now.Op -eq 'picks') {
            $__workflowItem = $__workflow.Slots[$__workflow.Now.Items].Item
            $__workflow.Slots[$__workflow.Now.Slot] = @{ Items = @(. $__workflow.Leaf); Turn = 0; Item = $null }
        } elseif ($__workflow.Now.Op -eq 'pick') {
            if ($__workflow.Slot.Turn -ge $__workflow.Slot.Items.Count) {
                $__workflow.At = $__workflow.Now.To.At
            } else {
                $_ = $__workflow.Slots[$__workflow.Now.Items].Item
                $__workflow.At = $__workflow.Now.Clauses[$__workflow.Slot.Items[$__workflow.Slot.Turn]].At
                $__workflow.Slot.Turn += 1
            }
        } elseif ($__workflow.Now.Op -eq 'parallel' -or $__workflow.Now.Op -eq 'fan') {
            $__workflowValue = if ($null -ne $__workflow.Leaf) { . $__workflow.Leaf }
            $__workflowItem = if ($null -ne $__workflow.Now.Throttle) { . $__workflow.Now.Throttle.Copy().GetScriptBlock() }
            if ($__workflow.Captures.Count -eq 0) { & $__workflow.Side (& $__workflow.Collect) $__workflowValue $__workflowItem }
            else { $__workflow.Captures[$__workflow.Captures.Count - 1].AddRange([object[]] @(& $__workflow.Side (& $__workflow.Collect) $__workflowValue $__workflowItem)) }
        } elseif ($__workflow.Now.Op -eq 'try') {
            $__workflow.Tries.Add(@{ To = $__workflow.Now.To.At; Captures = $__workflow.Captures.Count })
        } elseif ($__workflow.Now.Op -eq 'endtry') {
            $__workflow.Tries.RemoveAt($__workflow.Tries.Count - 1)
        } elseif ($__workflow.Now.Op -eq 'caught') {
            $__workflow.Slots[$__workflow.Now.Slot] = $__workflow.Caught
            if ($null -ne $__workflow.Now.To) {
                $_ = $__workflow.Caught
                $__workflowValue = & $__workflow.Match $__workflow.Caught $__workflow.Now.Catches
                $__workflow.At = if ($null -ne $__workflowValue) { $__workflowValue.At } else { $__workflow.Now.To.At }
            }
        } elseif ($__workflow.Now.Op -eq 'rethrow') {
            throw $__workflow.Slot
        } elseif ($__workflow.Now.Op -eq 'capture') {
            $__workflow.Captures.Add([System.Collections.Generic.List[object]]::new())
        } elseif ($__workflow.Now.Op -eq 'captured') {
            $__workflowItem = $__workflow.Captures[$__workflow.Captures.Count - 1]
            $__workflow.Captures.RemoveAt($__workflow.Captures.Count - 1)
            $__workflowValue = if ($__workflowItem.Count -eq 1) { , $__workflowItem[0] } elseif ($__workflowItem.Count -gt 1) { , $__workflowItem.ToArray() }
        } elseif ($__workflow.Now.Op -eq 'drop') {
            $__workflow.Captures.RemoveRange($__workflow.Now.Depth, $__workflow.Captures.Count - $__workflow.Now.Depth)
        } elseif ($__workflow.Now.Op -eq 'checkpoint' -or $__workflow.Now.Op -eq 'suspend') {
            & $__workflow.Keep (& $__workflow.Collect) $_
            if ($__workflow.Now.Op -eq 'suspend') { break }
        }
    } catch {
        if ($__workflow.Tries.Count -eq 0) { throw }
        $__workflow.Caught = $_
        $__workflowItem = $__workflow.Tries[$__workflow.Tries.Count - 1]
        $__workflow.Tries.RemoveAt($__workflow.Tries.Count - 1)
        $__workflow.Captures.RemoveRange($__workflowItem.Captures, $__workflow.Captures.Count - $__workflowItem.Captures)
        $__workflow.At = $__workflowItem.To
    }
}
