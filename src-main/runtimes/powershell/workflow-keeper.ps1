# Checkpoints: writes what the workflow needs to go on elsewhere, and waits until the sandbox says that the service has it. Dot-sourced by
# workflow-machine.ps1 for the workflow of the job itself. The two talk through files, because a checkpoint may be large and needs an answer:
#
#   checkpoint-N-lineL.clixml, suspend-N-lineL.clixml   from here, renamed into place when whole
#   answer-N                                            `kept`, or why not

$__workflow.Number = 0

# Plain data is kept whole, whatever its depth; objects of .NET as their properties, because some lead to half the machine.
$__workflow.IsPlain = {
    param($value, $depth)
    if ($null -eq $value -or $value -is [string] -or $value -is [ValueType]) { return $true }
    if ($depth -gt 60) { return $false }
    $children = if ($value -is [System.Collections.IDictionary]) { $value.Values }
    elseif ($value -is [System.Collections.IList]) { $value }
    elseif ($value -is [System.Management.Automation.PSCustomObject]) { $value.PSObject.Properties.Value }
    else { return $false }
    foreach ($child in $children) { if (-not (& $__workflow.IsPlain $child ($depth + 1))) { return $false } }
    $true
}
$__workflow.Pack = {
    param($value)
    $depth = if (& $__workflow.IsPlain $value 0) { 64 } else { 2 }
    [System.Management.Automation.PSSerializer]::Serialize($value, $depth)
}
$__workflow.Unpack = {
    param($text)
    $value = [System.Management.Automation.PSSerializer]::Deserialize($text)
    # An array comes back as a list.
    if ($value -is [System.Collections.ArrayList] -and "$($value.PSObject.TypeNames[0])" -match '\[\]$') { return , $value.ToArray() }
    , $value
}

$__workflow.Keep = {
    param($variables, $current)
    $now = $__workflow.Now
    $packed = @{}
    foreach ($name in $variables.Keys) {
        $value = $variables[$name]
        if ($value -is [pscredential] -or $value -is [securestring]) {
            Microsoft.PowerShell.Utility\Write-Warning "The checkpoint at line $($now.Line) leaves `$$name out: passwords are not kept. Read it again after the checkpoint."
            continue
        }
        $packed[$name] = & $__workflow.Pack $value
    }
    $state = @{
        Identity = $__workflow.Identity
        At = $__workflow.At
        Variables = $packed
        Current = & $__workflow.Pack $current
        Slots = @{}
        Tries = @(foreach ($try in $__workflow.Tries) { "$($try.To) $($try.Captures)" })
        Captures = @(foreach ($capture in $__workflow.Captures) { & $__workflow.Pack $capture.ToArray() })
    }
    foreach ($slot in $__workflow.Slots.Keys) { $state.Slots["$slot"] = & $__workflow.Pack $__workflow.Slots[$slot] }
    $text = [System.Management.Automation.PSSerializer]::Serialize($state, 4)
    $bytes = [System.Text.Encoding]::UTF8.GetByteCount($text)
    if ($bytes -gt $__workflow.MaxBytes) {
        throw "The checkpoint at line $($now.Line) would be $bytes bytes; at most $($__workflow.MaxBytes) are kept. Let go of what is not needed before it."
    }
    $__workflow.Number += 1
    $file = [System.IO.Path]::Combine($__workflow.Folder, "$($now.Op)-$($__workflow.Number)-line$($now.Line).clixml")
    [System.IO.File]::WriteAllText("$file.part", $text)
    [System.IO.File]::Move("$file.part", $file)
    $answerFile = [System.IO.Path]::Combine($__workflow.Folder, "answer-$($__workflow.Number)")
    while (-not [System.IO.File]::Exists($answerFile)) { [System.Threading.Thread]::Sleep(20) }
    $answer = [System.IO.File]::ReadAllText($answerFile)
    if ($answer -eq 'kept') { return }
    if ($now.Op -eq 'suspend') { throw "The workflow cannot be suspended: $answer" }
    Microsoft.PowerShell.Utility\Write-Warning "The checkpoint at line $($now.Line) was not kept: $answer"
}

if ($__workflow.ResumeFrom) {
    $__workflowItem = [System.Management.Automation.PSSerializer]::Deserialize([System.IO.File]::ReadAllText($__workflow.ResumeFrom))
    if ($__workflowItem.Identity -ne $__workflow.Identity) {
        throw 'The checkpoint was made by another version of the worker, or of the runbook. The job cannot go on from it.'
    }
    $__workflow.At = $__workflowItem.At
    foreach ($__workflowValue in $__workflowItem.Slots.GetEnumerator()) { $__workflow.Slots[[int] $__workflowValue.Key] = & $__workflow.Unpack $__workflowValue.Value }
    foreach ($__workflowValue in $__workflowItem.Tries) {
        $__workflow.Tries.Add(@{ To = [int] $__workflowValue.Split(' ')[0]; Captures = [int] $__workflowValue.Split(' ')[1] })
    }
    foreach ($__workflowValue in $__workflowItem.Captures) {
        $__workflow.Captures.Add([System.Collections.Generic.List[object]]::new([object[]] @(& $__workflow.Unpack $__workflowValue)))
    }
    foreach ($__workflowValue in $__workflowItem.Variables.GetEnumerator()) {
        Microsoft.PowerShell.Utility\Set-Variable -Name $__workflowValue.Key -Value (& $__workflow.Unpack $__workflowValue.Value) -Scope 0
    }
    $_ = & $__workflow.Unpack $__workflowItem.Current
}
