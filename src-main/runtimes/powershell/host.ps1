# Runs one runbook in a runspace of its own and reports typed records through a pipe. Windows PowerShell 5.1 and PowerShell 7.
#
# What is sent: see report-reader.ts, which reads it. What is not for here: the console (it stays the process's own), and
# the outcome (the sandbox decides it, from this script's last word and from how the process ended).
#
# No Add-Type and no PSHost subclass: they cost start-up time, and Constrained Language Mode forbids them.
# No try around the call of the runbook: a catch further up the stack turns errors that only end their statement into errors
# that end the runbook. A pipeline of its own has no such catch above it.
#
# What stands here runs before every first record, and PowerShell takes milliseconds for each new kind of call, each function that is called and
# each thing to compile: what only some jobs need, or need later, is text until then. Those texts are in memory from the start on: a runbook may
# remove its folders.
#
# Started ahead of a job it makes a rehearsal in a runspace that is thrown away, says that it is ready, and waits at the control pipe for the
# file with the job's settings; the pipe's end means that there will be none.
#
# $Runspace: the runbook's own. $Opening: what opens it while this is read.
param($Runspace, $Opening, [string] $Folder)

$ErrorActionPreference = 'Stop'
$isWindows51 = $PSVersionTable.PSVersion.Major -lt 6
$onWindows = $isWindows51 -or $IsWindows

# Values with a zero byte between, always in the same order: see powershell-runtime.ts, which writes them.
function Read-Settings([string] $File) {
    [System.IO.File]::ReadAllText($File).Split([char] 0)
    [System.IO.File]::Delete($File)
}

function Connect-Pipe([string] $Name, $Access, $Direction) {
    if ($onWindows) {
        $pipe = [System.IO.Pipes.NamedPipeClientStream]::new('.', $Name.Substring(9), $Direction)
        $pipe.Connect(10000)
        return $pipe
    }
    [System.IO.FileStream]::new($Name, [System.IO.FileMode]::Open, $Access, [System.IO.FileShare]::ReadWrite, 1)
}

$sinkText, $recordsText, $progressText, $objectsText, $errorsText, $promptText, $parametersText, $endingText, $aheadText, $pipeName,
    $controlName, $cultureName, $isAhead, $job = Read-Settings "$Folder/host-settings"

# What native programs write is UTF-8 both ways, without a byte order mark.
$utf8 = [System.Text.UTF8Encoding]::new($false)
$OutputEncoding = $utf8
try { [System.Console]::OutputEncoding = $utf8 } catch { $null = $_ }
try { [System.Console]::InputEncoding = $utf8 } catch { $null = $_ }
if (-not $isWindows51) { $PSStyle.OutputRendering = 'PlainText' }
if ($cultureName) {
    $culture = [System.Globalization.CultureInfo]::GetCultureInfo($cultureName)
    [System.Globalization.CultureInfo]::DefaultThreadCurrentCulture = $culture
    [System.Globalization.CultureInfo]::DefaultThreadCurrentUICulture = $culture
    [System.Globalization.CultureInfo]::CurrentCulture = $culture
    [System.Globalization.CultureInfo]::CurrentUICulture = $culture
}
# Where nobody has set a policy, clients of Windows PowerShell run no scripts at all. This speaks for the process alone, and
# whatever somebody has set (AllSigned, say) stays.
if ($isWindows51 -and @(Get-ExecutionPolicy -List | Where-Object { $_.ExecutionPolicy -ne 'Undefined' }).Count -eq 0) {
    $env:PSExecutionPolicyPreference = 'RemoteSigned'
}
# Whether a policy refuses files that are not signed, as ours are not. Asked of the engine itself: Get-ExecutionPolicy comes from a module,
# which such a policy may refuse as well.
function Test-SignedOnly {
    $support = [psobject].Assembly.GetType('System.Management.Automation.Internal.SecuritySupport')
    $ask = if ($support) { $support.GetMethod('GetExecutionPolicy', [System.Reflection.BindingFlags] 'NonPublic, Static', $null, [type[]] @([string]), $null) }
    $null -ne $ask -and "$($ask.Invoke($null, @('Microsoft.PowerShell')))" -in 'AllSigned', 'Restricted'
}
$takesSigned = $onWindows -and (Test-SignedOnly)

$stream = Connect-Pipe $pipeName ([System.IO.FileAccess]::Write) 'Out'
# One write to the pipe a record: gathered here, flushed at its end.
$buffered = [System.IO.BufferedStream]::new($stream, 65536)
$writer = [System.IO.BinaryWriter]::new($buffered, $utf8)
$control = Connect-Pipe $controlName ([System.IO.FileAccess]::Read) 'In'
$fromControl = [byte[]]::new(4096)

# Objects that PowerShell has taken but not shown yet.
$pending = [System.Collections.ArrayList]::new()
$sinkParts = @{ Records = $recordsText; Progress = $progressText; Objects = $objectsText; Errors = $errorsText; Prompt = $promptText }
# Which of the streams that are off by themselves the job's settings turn on: a text that is not empty. No text is compared before the first
# record: comparing the first one takes twelve milliseconds.
$wanted = @{ Verbose = ''; Debug = ''; Progress = '' }

function Add-Sink($Pipeline, $Progress, $Writer, $Buffered) {
    $null = $Pipeline.AddScript($sinkText, $true).AddArgument($Writer).AddArgument($Buffered).AddArgument($Progress).AddArgument(
        $pending).AddArgument($sinkParts).AddArgument($wanted)
}

# The call itself: what to call, its parameters, where to say how it went. In one line, because PowerShell shows the line of any later one
# in errors. Its variable is private, so that the runbook cannot meet it; $? tells `exit 3` from a native program's 3.
$call = '$private:given = $args[1]; & $args[0] @given; $args[2].Completed = $?'

# Answers exit code and exception; no exception is an empty text. $Control: a byte or the pipe's end asks to stop.
function Invoke-Runbook($Runspace, $Runbook, $Parameters, $Script, $Writer, $Buffered, $Control) {
    $state = @{ Completed = $true }
    $caught = $alone = $stopAsked = $null
    $leftOut = 0
    $pipeline = [powershell]::Create()
    $pipeline.Runspace = $Runspace
    $null = $pipeline.AddScript($call).AddArgument($Runbook).AddArgument($Parameters).AddArgument($state)
    $pipeline.Commands.Commands[0].MergeMyResults(
        [System.Management.Automation.Runspaces.PipelineResultTypes]::All, [System.Management.Automation.Runspaces.PipelineResultTypes]::Output)
    Add-Sink $pipeline $pipeline.Streams.Progress $Writer $Buffered
    try {
        if ($Parameters.Count -gt 0) { Convert-Parameters $Script $Parameters }
        $running = $pipeline.BeginInvoke()
        if ($null -ne $Control) { $stopAsked = Start-Read $Control }
        while (-not $running.AsyncWaitHandle.WaitOne(40)) {
            # Nobody reads it, and a runbook can turn it on.
            if (-not $wanted.Progress -and $pipeline.Streams.Progress.Count -gt 0) { $leftOut += $pipeline.Streams.Progress.ReadAll().Count }
            if ($null -ne $alone -and $alone.Elapsed.TotalSeconds -gt 30) { [System.Diagnostics.Process]::GetCurrentProcess().Kill() }
            if ($null -eq $stopAsked -or -not $stopAsked.IsCompleted) { continue }
            # The runbook's `finally` blocks run, and what they write is still taken.
            $null = $pipeline.BeginStop($null, $null)
            # Nothing could be read: the sandbox is gone, and nobody else would end a runbook that does not stop.
            if ($stopAsked.IsFaulted -or $stopAsked.Result -eq 0) { $alone = [System.Diagnostics.Stopwatch]::StartNew() }
            $stopAsked = $null
        }
        $null = $pipeline.EndInvoke($running)
    } catch {
        $caught = $_
    }
    if (-not $wanted.Progress) { $leftOut += $pipeline.Streams.Progress.Count }
    if ($leftOut -gt 0) {
        $Writer.Write([byte] 110)
        $Writer.Write([int] $leftOut)
        $Buffered.Flush()
    }
    if ($null -eq $caught -and $state.Completed -and $pending.Count -eq 0) { return @{ ExitCode = 0; Exception = '' } }
    . ([scriptblock]::Create($endingText))
    Complete-Runbook $pipeline $caught $state.Completed $Writer $Buffered
}

function Start-Read($Pipe) { $Pipe.ReadAsync($fromControl, 0, $fromControl.Length) }

if ($isAhead) {
    . ([scriptblock]::Create($aheadText))
    . ([scriptblock]::Create($parametersText))
    # It runs a script file; what a policy refuses would leave its traces in the runbook's runspace.
    if (-not $takesSigned) { Invoke-Rehearsal "$Folder/rehearsal.ps1" }
    $job = Wait-ForJob $writer $buffered
    if ($null -eq $job) { exit 0 }
}

$script, $verbose, $debug, $progress, $parametersFile, $workflow, $more = $job
$wanted = @{ Verbose = $verbose; Debug = $debug; Progress = $progress }
$parameters = @{}
if ($parametersFile) {
    if (-not $isAhead) { . ([scriptblock]::Create($parametersText)) }
    $parameters = Read-Parameters $parametersFile
}
$Opening.Wait()
if ($takesSigned) {
    # That a module was refused is for whoever needs it to hear.
    $Runspace.SessionStateProxy.GetVariable('Error').Clear()
    . ([scriptblock]::Create($aheadText))
    Import-Text $Runspace "$Folder/modules"
}

# A path, or a script block made from one.
$runbook = $script
# A workflow is called as what workflow.ps1 makes of it.
if ($workflow) {
    $runbook = & ([scriptblock]::Create([System.IO.File]::ReadAllText($workflow))) @{
        Script = $script; Workflow = $workflow; RunbookName = $more[0]; CheckpointFolder = $more[1]; ResumeFrom = $more[2]; MaxCheckpointBytes = $more[3]
    }
}

$writer.Write([byte] 98)
$writer.Write($PSVersionTable.PSVersion.ToString())
$buffered.Flush()
$end = Invoke-Runbook $Runspace $runbook $parameters $script $writer $buffered $control
$writer.Write([byte] 101)
$writer.Write([int] $end.ExitCode)
$writer.Write([byte] $(if ($end.Exception) { 1 } else { 0 }))
$writer.Write($end.Exception)
$buffered.Flush()
$writer.Dispose()
exit $end.ExitCode
