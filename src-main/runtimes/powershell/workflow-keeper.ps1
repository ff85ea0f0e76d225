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
# Passwords never: CLIXML would hold them as plain text where there is no DPAPI. $__workflow.LeftOut tells that one was met.
# A drive's credential, say, is there and has none.
$__workflow.IsSecret = { param($value) $value -is [securestring] -or ($value -is [pscredential] -and $null -ne $value.Password) }
# An object of .NET as its properties. What has a password among them is left out whole; of an error its words stay.
$__workflow.Flatten = {
    param($value, $depth)
    $text = [System.Management.Automation.PSSerializer]::Serialize($value, $depth)
    if ($text -notmatch '<SS[ >/]') { return , [System.Management.Automation.PSSerializer]::Deserialize($text) }
    $__workflow.LeftOut = $true
    if ($value -is [System.Management.Automation.ErrorRecord]) { "$value" }
}
# A copy of which all is plain: each entry of a collection by itself, so that how deep it lies costs none of its properties.
$__workflow.Reduce = {
    param($value, $path)
    if (& $__workflow.IsSecret $value) { $__workflow.LeftOut = $true; return $null }
    if (& $__workflow.IsPlain $value 0) { return , $value }
    # What came out of a checkpoint shows itself by a text that a copy would not have.
    $isBag = $value -is [System.Management.Automation.PSCustomObject] -and $value.PSObject.TypeNames[0] -notlike 'Deserialized.*'
    $isCollection = $isBag -or $value -is [System.Collections.IDictionary] -or $value -is [System.Collections.IList]
    foreach ($outer in $path) { if ([object]::ReferenceEquals($outer, $value.PSObject.BaseObject)) { $isCollection = $false } }
    if (-not $isCollection) { return , (& $__workflow.Flatten $value $(if ($path.Count -eq 0) { 2 } else { 1 })) }
    $inside = @($path) + @(, $(if ($isBag) { $value } else { $value.PSObject.BaseObject }))
    if ($value -is [System.Collections.IDictionary]) {
        $copy = if ($value -is [System.Collections.Specialized.OrderedDictionary]) { [System.Collections.Specialized.OrderedDictionary]::new() } else { [hashtable]::new() }
        foreach ($key in @($value.Keys)) { $copy[$key] = & $__workflow.Reduce $value[$key] $inside }
        return $copy
    }
    if ($isBag) {
        $copy = [pscustomobject] @{}
        foreach ($property in $value.PSObject.Properties) { $copy.PSObject.Properties.Add([psnoteproperty]::new($property.Name, (& $__workflow.Reduce $property.Value $inside))) }
        $copy.PSObject.TypeNames.Clear()
        foreach ($name in $value.PSObject.TypeNames) { $copy.PSObject.TypeNames.Add($name) }
        return $copy
    }
    $copy = [System.Collections.ArrayList]::new()
    foreach ($item in $value) { $null = $copy.Add((& $__workflow.Reduce $item $inside)) }
    if ($value.PSObject.BaseObject -is [array]) { return , $copy.ToArray() }
    , $copy
}
# `$where` is for the warning.
$__workflow.Pack = {
    param($value, $where)
    $__workflow.LeftOut = $false
    $whole = & $__workflow.Reduce $value @()
    $text = [System.Management.Automation.PSSerializer]::Serialize($whole, 64)
    if ($text -match '<SS[ >/]') {
        $__workflow.LeftOut = $true
        $text = [System.Management.Automation.PSSerializer]::Serialize($null)
    }
    if ($__workflow.LeftOut) {
        Microsoft.PowerShell.Utility\Write-Warning "The checkpoint at line $($__workflow.Now.Line) leaves passwords in $where out: passwords are not kept. Read them again after the checkpoint."
    }
    if ($text.Length -lt 16384) { return $text }
    # A list of files is twenty times as long in full.
    $memory = [System.IO.MemoryStream]::new()
    $zip = [System.IO.Compression.GZipStream]::new($memory, [System.IO.Compression.CompressionMode]::Compress)
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($text)
    $zip.Write($bytes, 0, $bytes.Length)
    $zip.Dispose()
    "gzip $([System.Convert]::ToBase64String($memory.ToArray()))"
}
$__workflow.Unpack = {
    param($text)
    if ($text.StartsWith('gzip ')) {
        $memory = [System.IO.MemoryStream]::new([System.Convert]::FromBase64String($text.Substring(5)))
        $zip = [System.IO.Compression.GZipStream]::new($memory, [System.IO.Compression.CompressionMode]::Decompress)
        $text = [System.IO.StreamReader]::new($zip, [System.Text.Encoding]::UTF8).ReadToEnd()
    }
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
        if (& $__workflow.IsSecret $value) {
            Microsoft.PowerShell.Utility\Write-Warning "The checkpoint at line $($now.Line) leaves `$$name out: passwords are not kept. Read it again after the checkpoint."
            continue
        }
        $packed[$name] = & $__workflow.Pack $value "`$$name"
    }
    $state = @{
        Identity = $__workflow.Identity
        At = $__workflow.At
        Variables = $packed
        Current = & $__workflow.Pack $current '$_'
        Slots = @{}
        Tries = @(foreach ($try in $__workflow.Tries) { "$($try.To) $($try.Captures)" })
        Captures = @(foreach ($capture in $__workflow.Captures) { & $__workflow.Pack $capture.ToArray() 'what is being assigned' })
    }
    foreach ($slot in $__workflow.Slots.Keys) { $state.Slots["$slot"] = & $__workflow.Pack $__workflow.Slots[$slot] 'what a loop goes through' }
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
        # Not in @(): the array would become the only entry of another one.
        $__workflowValue = & $__workflow.Unpack $__workflowValue
        $__workflow.Captures.Add([System.Collections.Generic.List[object]]::new([object[]] $__workflowValue))
    }
    foreach ($__workflowValue in $__workflowItem.Variables.GetEnumerator()) {
        Microsoft.PowerShell.Utility\Set-Variable -Name $__workflowValue.Key -Value (& $__workflow.Unpack $__workflowValue.Value) -Scope 0
    }
    $__workflow.Current = & $__workflow.Unpack $__workflowItem.Current
}
