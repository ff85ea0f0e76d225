# What the host needs when a runbook has not simply come to its end.

# Of a text that is longer than anybody reads, the beginning.
function Limit-Text([string] $Text, [int] $Limit) {
    if ($Text.Length -le $Limit) { return $Text }
    "$($Text.Substring(0, $Limit))... ($($Text.Length) characters)"
}

# What a person needs to know of a failure: message, place, category, stack, inner exceptions.
function Format-Failure($Failure) {
    $message = $Failure.ToString()
    # A field of a report holds 4 MiB, and a character may be three bytes long.
    $lines = @(Limit-Text $message 1000000)
    # Without a file it is the place of the call below.
    if ($Failure.InvocationInfo.ScriptName) { $lines += $Failure.InvocationInfo.PositionMessage }
    $lines += @(& ([scriptblock]::Create($promptText)) $Failure)
    $lines += "Category: $($Failure.CategoryInfo)"
    # Of a text that was thrown it is the text.
    if ($Failure.FullyQualifiedErrorId -cne $message) { $lines += "Error id: $(Limit-Text $Failure.FullyQualifiedErrorId 1000)" }
    $lines += @("$($Failure.ScriptStackTrace)".Split("`n") | Where-Object { $_ -and $_ -notlike 'at <ScriptBlock>, <No file>*' })
    for ($cause = $Failure.Exception.InnerException; $null -ne $cause; $cause = $cause.InnerException) {
        $lines += "Caused by $($cause.GetType().FullName): $(Limit-Text $cause.Message 10000)"
    }
    if ($Failure.Exception -is [System.Management.Automation.PSSecurityException] -and $onWindows) {
        # Its module may be refused by the same policy.
        $policies = @(try { Get-ExecutionPolicy -List } catch { $null = $_ })
        $scopes = @($policies | ForEach-Object { "$($_.Scope) $($_.ExecutionPolicy)" }) -join ', '
        if ($scopes) { $lines += "Execution policies, the first that is set decides: $scopes" }
        $lines += 'MachinePolicy and UserPolicy are set by Group Policy; LocalMachine and CurrentUser by Set-ExecutionPolicy.'
    }
    ($lines -join "`n").Replace("`r`n", "`n")
}

# Answers exit code and exception.
function Complete-Runbook($Pipeline, $Caught, $Completed, $Writer, $Buffered) {
    $variables = $Pipeline.Runspace.SessionStateProxy
    $failure = $null
    if ($null -ne $Caught) {
        $inner = $Caught.Exception.InnerException
        $failure = if ($inner -is [System.Management.Automation.IContainsErrorRecord]) { $inner.ErrorRecord } else { $Caught }
        # What a method of .NET throws comes without its place; the error that PowerShell made of it, one of the newest, has it.
        if ($null -eq $failure.InvocationInfo) {
            $made = @($variables.GetVariable('Error')) | Select-Object -First 3 | Where-Object {
                $_ -is [System.Management.Automation.ErrorRecord] -and [object]::ReferenceEquals($_.Exception.InnerException, $inner)
            }
            if ($made) { $failure = @($made)[0] }
        }
    }

    # The runbook ended before PowerShell showed them: the same once more, for these alone.
    if ($pending.Count -gt 0) {
        $left = [System.Management.Automation.PSDataCollection[object]]::new([object[]] $pending.ToArray())
        $left.Complete()
        $pending.Clear()
        $Pipeline.Commands.Clear()
        $Pipeline.Streams.ClearStreams()
        $progress = [System.Management.Automation.PSDataCollection[System.Management.Automation.ProgressRecord]]::new()
        Add-Sink $Pipeline $progress $Writer $Buffered
        $null = $Pipeline.Invoke($left)
    }

    # False also when the runbook could not be called at all (a missing parameter, a syntax error): that ends only the statement that
    # called it, and leaves no exit code.
    $exitCode = 0
    if ($null -eq $failure -and -not $Completed) {
        $exitCode = [int] $variables.GetVariable('LASTEXITCODE')
        if ($exitCode -eq 0) { $failure = $variables.GetVariable('Error')[0] }
    }
    if ($null -eq $failure) { return @{ ExitCode = $exitCode; Exception = '' } }
    @{ ExitCode = 1; Exception = Format-Failure $failure }
}
