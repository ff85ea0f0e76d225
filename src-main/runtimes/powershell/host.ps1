# Runs one runbook in a runspace of its own and reports typed records through a pipe. Windows PowerShell 5.1 and PowerShell 7.
#
# What is sent: see report-reader.ts, which reads it. What is not for here: the console (it stays the process's own), and
# the outcome (the sandbox decides it, from this script's last word and from how the process ended).
#
# No Add-Type and no PSHost subclass: they cost start-up time, and Constrained Language Mode forbids them.
# No try around the call of the runbook: a catch further up the stack turns errors that only end their statement into errors
# that end the runbook. A pipeline of its own has no such catch above it.
param([string] $SettingsFile)

$ErrorActionPreference = 'Stop'
# Each line: a name, a tab, a value in base64 of UTF-8. Read without ConvertFrom-Json, which takes dates for more than text.
$settings = @{}
$parameters = @{}
foreach ($line in [System.IO.File]::ReadAllLines($SettingsFile)) {
    $kind, $name, $encoded = $line.Split("`t")
    $text = [System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($encoded))
    switch -CaseSensitive ($kind) {
        'setting' { $settings[$name] = $text }
        'string' { $parameters[$name] = $text }
        'boolean' { $parameters[$name] = $text -eq 'true' }
        'null' { $parameters[$name] = $null }
        'integer' { $parameters[$name] = [long] $text }
        'number' { $parameters[$name] = [double]::Parse($text, [System.Globalization.CultureInfo]::InvariantCulture) }
        'credential' {
            $userName, $secret = $text.Split(' ') | ForEach-Object { [System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($_)) }
            $password = [securestring]::new()
            foreach ($character in "$secret".ToCharArray()) { $password.AppendChar($character) }
            $parameters[$name] = [pscredential]::new($userName, $password)
        }
        'json' {
            $parsed = ConvertFrom-Json -InputObject $text
            if ($text.StartsWith('[')) { $parsed = @($parsed) }
            $parameters[$name] = $parsed
        }
    }
}
[System.IO.File]::Delete($SettingsFile)

# What native programs write is UTF-8 both ways, without a byte order mark.
$utf8 = [System.Text.UTF8Encoding]::new($false)
$OutputEncoding = $utf8
try { [System.Console]::OutputEncoding = $utf8 } catch { $null = $_ }
if ($PSVersionTable.PSVersion.Major -ge 7) { $PSStyle.OutputRendering = 'PlainText' }

if ($settings.Pipe.StartsWith('\\.\pipe\')) {
    $stream = [System.IO.Pipes.NamedPipeClientStream]::new('.', $settings.Pipe.Substring(9), [System.IO.Pipes.PipeDirection]::Out)
    $stream.Connect(10000)
} else {
    $stream = [System.IO.FileStream]::new($settings.Pipe, 'Open', 'Write', 'ReadWrite', 1)
}
# One write to the pipe a record: gathered here, flushed at its end.
$buffered = [System.IO.BufferedStream]::new($stream, 65536)
$writer = [System.IO.BinaryWriter]::new($buffered, $utf8)

$runspace = [runspacefactory]::CreateRunspace($Host, [initialsessionstate]::CreateDefault2())
$runspace.Open()
$variables = $runspace.SessionStateProxy
$variables.SetVariable('OutputEncoding', $utf8)
$variables.SetVariable('PSPrivateMetadata', @{ JobId = [guid] $env:AUTOMATION_JOB_ID })
$variables.SetVariable('ProgressPreference', 'SilentlyContinue')
if ($settings.Verbose -eq 'true') { $variables.SetVariable('VerbosePreference', 'Continue') }

# Runs at the end of the runbook's pipeline: each record is written where it is produced, so that a slow reader slows the runbook.
$sink = {
    param($Writer, $Buffer)
    begin {
        $writeRecord = {
            param($Code, $Text, $Invocation)
            # Without a file it is the place of the call below. Records that a script's own Write-Warning makes have only that.
            if ($null -ne $Invocation -and $Invocation.ScriptName) {
                $Writer.Write([byte] 112)
                $Writer.Write([byte] $Code)
                $Writer.Write([int] $Invocation.ScriptLineNumber)
                $Writer.Write([int] $Invocation.OffsetInLine)
                $Writer.Write([string] $Invocation.ScriptName)
            } else {
                $Writer.Write([byte] 114)
                $Writer.Write([byte] $Code)
            }
            $Writer.Write([string] $Text)
            $Buffer.Flush()
        }
        # Objects are formatted as the console would show them: a run of them by one formatter, so that a table has one head.
        $formatter = $null
        $endGroup = {
            if ($null -ne $formatter) {
                foreach ($line in $formatter.End()) { & $writeRecord 79 $line }
                $formatter.Dispose()
            }
        }
    }
    process {
        if ($_ -is [string]) {
            if ($null -ne $formatter) { . $endGroup; $formatter = $null }
            $Writer.Write([byte] 114)
            $Writer.Write([byte] 79)
            $Writer.Write($_)
            $Buffer.Flush()
            return
        }
        if ($_ -is [System.Management.Automation.ErrorRecord]) {
            if ($null -ne $formatter) { . $endGroup; $formatter = $null }
            $text = if ($_.FullyQualifiedErrorId -eq 'NativeCommandError' -or $_.FullyQualifiedErrorId -eq 'NativeCommandErrorMessage') {
                $_.Exception.Message
            } else {
                ($_ | Microsoft.PowerShell.Utility\Out-String -Width 4096).Trim()
            }
            & $writeRecord 69 $text $_.InvocationInfo
        } elseif ($_ -is [System.Management.Automation.InformationRecord]) {
            if ($null -ne $formatter) { . $endGroup; $formatter = $null }
            & $writeRecord 73 $_.MessageData
        } elseif ($_ -is [System.Management.Automation.InformationalRecord]) {
            if ($null -ne $formatter) { . $endGroup; $formatter = $null }
            $code = if ($_ -is [System.Management.Automation.WarningRecord]) { 87 }
            elseif ($_ -is [System.Management.Automation.VerboseRecord]) { 86 }
            else { 68 }
            & $writeRecord $code $_.Message $_.InvocationInfo
        } elseif ($null -ne $_) {
            if ($null -eq $formatter) {
                $formatter = { Microsoft.PowerShell.Utility\Out-String -Stream }.GetSteppablePipeline()
                $formatter.Begin($true)
            }
            foreach ($line in $formatter.Process($_)) { & $writeRecord 79 $line }
        }
    }
    end { . $endGroup }
}

# The call itself. Its variables are private, so that the runbook cannot meet them; $? tells `exit 3` from a native program's 3.
$call = {
    $private:given = $args[1]
    & $args[0] @given
    $args[2].Completed = $?
}
$state = @{ Completed = $true }
$pipeline = [powershell]::Create()
$pipeline.Runspace = $runspace
$null = $pipeline.AddScript($call.ToString()).AddArgument($settings.Script).AddArgument($parameters).AddArgument($state)
$pipeline.Commands.Commands[0].MergeMyResults('All', 'Output')
$null = $pipeline.AddScript($sink.ToString(), $true).AddArgument($writer).AddArgument($buffered)

$writer.Write([byte] 98)
$writer.Write($PSVersionTable.PSVersion.ToString())
$buffered.Flush()

$failure = $null
try {
    $null = $pipeline.Invoke()
} catch {
    $inner = $_.Exception.InnerException
    $failure = if ($inner -is [System.Management.Automation.IContainsErrorRecord]) { $inner.ErrorRecord } else { $_ }
}

# False also when the runbook could not be called at all (a missing parameter, a syntax error): that ends only the statement that
# called it, and leaves no exit code.
$exitCode = 0
if ($null -eq $failure -and -not $state.Completed) {
    $exitCode = [int] $variables.GetVariable('LASTEXITCODE')
    if ($exitCode -eq 0) { $failure = $variables.GetVariable('Error')[0] }
}
$exception = ''
if ($null -ne $failure) {
    $exitCode = 1
    $lines = @($failure.ToString())
    $position = $failure.InvocationInfo.PositionMessage
    if ($position) { $lines += $position }
    # The last line is the call above, which says nothing to the runbook's author.
    $stack = @("$($failure.ScriptStackTrace)".Split("`n") | Where-Object { $_ -and $_ -notlike 'at <ScriptBlock>, <No file>*' })
    if ($stack.Count -gt 0) { $lines += $stack }
    for ($cause = $failure.Exception.InnerException; $null -ne $cause; $cause = $cause.InnerException) {
        $lines += "Caused by $($cause.GetType().FullName): $($cause.Message)"
    }
    $exception = $lines -join "`n"
}
$writer.Write([byte] 101)
$writer.Write([int] $exitCode)
$writer.Write([byte] $(if ($null -ne $failure) { 1 } else { 0 }))
$writer.Write($exception)
$buffered.Flush()
$writer.Dispose()
exit $exitCode
