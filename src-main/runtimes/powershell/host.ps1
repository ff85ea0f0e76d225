# Runs one runbook in a runspace of its own and reports typed records through a pipe. Windows PowerShell 5.1 and PowerShell 7.
#
# What is sent: see report-reader.ts, which reads it. What is not for here: the console (it stays the process's own), and
# the outcome (the sandbox decides it, from this script's last word and from how the process ended).
#
# No Add-Type and no PSHost subclass: they cost start-up time, and Constrained Language Mode forbids them.
# No try around the call of the runbook: a catch further up the stack turns errors that only end their statement into errors
# that end the runbook. A pipeline of its own has no such catch above it.
#
# Started ahead of a job (the setting Warm) it makes a rehearsal in a runspace that is thrown away, says that it is ready, and waits at the
# control pipe for the file with the job's settings; the pipe's end means that there will be none.
param([string] $SettingsFile)

$ErrorActionPreference = 'Stop'
$isWindows51 = $PSVersionTable.PSVersion.Major -lt 6
$onWindows = $isWindows51 -or $IsWindows

# Each line: a kind, a name, a value in base64 of UTF-8, with tabs between. Arrays and objects: what is in them follows, up to an end.
# Read without ConvertFrom-Json, which takes some texts for dates.
function Read-Settings([string] $File) {
    $settings = @{}
    $parameters = @{}
    $open = [System.Collections.Stack]::new()
    foreach ($line in [System.IO.File]::ReadAllLines($File)) {
        $kind, $name, $encoded = $line.Split("`t")
        $text = [System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($encoded))
        $value = switch -CaseSensitive ($kind) {
            'setting' { $settings[$name] = $text; continue }
            'environment' { [System.Environment]::SetEnvironmentVariable($name, $text); continue }
            'array' { $open.Push(@($name, [System.Collections.ArrayList]::new())); continue }
            'object' { $open.Push(@($name, [System.Collections.Specialized.OrderedDictionary]::new([System.StringComparer]::Ordinal))); continue }
            'string' { $text }
            'boolean' { $text -eq 'true' }
            'null' { $null }
            'credential' {
                $userName, $secret = $text.Split(' ') | ForEach-Object { [System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($_)) }
                $password = [securestring]::new()
                foreach ($character in "$secret".ToCharArray()) { $password.AppendChar($character) }
                [pscredential]::new($userName, $password)
            }
            'integer' { [long] $text }
            'number' { [double]::Parse($text, [System.Globalization.CultureInfo]::InvariantCulture) }
            'end' {
                $name, $made = $open.Pop()
                if ($made -is [System.Collections.ArrayList]) { , $made.ToArray() }
                # No object has a property without a name, or two that differ in case alone: there it stays a dictionary.
                elseif ($made.Contains('') -or [System.Collections.Generic.HashSet[string]]::new([string[]] @($made.Keys), [System.StringComparer]::OrdinalIgnoreCase).Count -lt $made.Count) { $made }
                else { [pscustomobject] $made }
            }
        }
        if ($kind -ceq 'setting' -or $kind -ceq 'environment' -or $kind -ceq 'array' -or $kind -ceq 'object') { continue }
        $holder = if ($open.Count -gt 0) { , $open.Peek()[1] } else { $parameters }
        if ($holder -is [System.Collections.ArrayList]) { $null = $holder.Add($value) } else { $holder[$name] = $value }
    }
    [System.IO.File]::Delete($File)
    $settings, $parameters
}

function Connect-Pipe([string] $Name, [string] $Direction) {
    if ($Name.StartsWith('\\.\pipe\')) {
        $pipe = [System.IO.Pipes.NamedPipeClientStream]::new('.', $Name.Substring(9), $(if ($Direction -eq 'Read') { 'In' } else { 'Out' }))
        $pipe.Connect(10000)
        return $pipe
    }
    [System.IO.FileStream]::new($Name, 'Open', $Direction, 'ReadWrite', 1)
}

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
    $lines += @(& $describePrompt $Failure)
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

# For errors that come from asking somebody: what was asked. Also for the sink, to which it goes as text: a script block would run here.
$describePrompt = {
    param($Failure)
    if ("$($Failure.Exception)" -notmatch 'ConsoleHostUserInterface\.|ConsoleHostRawUserInterface\.') { return }
    $asked = "$($Failure.InvocationInfo.Line)".Trim()
    "The runbook asked ($asked), and nobody is there to answer. Give it a parameter or an asset instead."
}

# A parameter that is declared as a hashtable gets one for an object.
function Convert-Parameters([string] $Script, [hashtable] $Parameters) {
    if ($Parameters.Count -eq 0 -or [System.IO.File]::ReadAllText($Script) -notmatch 'hashtable') { return }
    $tokens = $problems = $null
    $tree = [System.Management.Automation.Language.Parser]::ParseFile($Script, [ref] $tokens, [ref] $problems)
    if ($null -eq $tree.ParamBlock) { return }
    foreach ($declared in $tree.ParamBlock.Parameters) {
        $name = $declared.Name.VariablePath.UserPath
        if (-not $Parameters.ContainsKey($name)) { continue }
        $value = $Parameters[$name]
        if ($declared.StaticType -eq [hashtable] -and $value -is [System.Management.Automation.PSCustomObject]) {
            $table = @{}
            foreach ($property in $value.PSObject.Properties) { $table[$property.Name] = $property.Value }
            $Parameters[$name] = $table
        }
    }
}

# The runbook's own. It opens while the rest is made ready.
$runspace = [runspacefactory]::CreateRunspace($Host, [initialsessionstate]::CreateDefault2())
$runspace.OpenAsync()

$settings, $parameters = Read-Settings $SettingsFile

# What native programs write is UTF-8 both ways, without a byte order mark.
$utf8 = [System.Text.UTF8Encoding]::new($false)
$OutputEncoding = $utf8
try { [System.Console]::OutputEncoding = $utf8 } catch { $null = $_ }
try { [System.Console]::InputEncoding = $utf8 } catch { $null = $_ }
if (-not $isWindows51) { $PSStyle.OutputRendering = 'PlainText' }
if ($settings.Culture) {
    $culture = [System.Globalization.CultureInfo]::GetCultureInfo($settings.Culture)
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

$stream = Connect-Pipe $settings.Pipe 'Write'
# One write to the pipe a record: gathered here, flushed at its end.
$buffered = [System.IO.BufferedStream]::new($stream, 65536)
$writer = [System.IO.BinaryWriter]::new($buffered, $utf8)
$control = Connect-Pipe $settings.Control 'Read'

# Runs at the end of the runbook's pipeline: each record is written where it is produced, so that a slow reader slows the runbook.
$sink = {
    param($Writer, $Buffer, $Progress, $Pending, $DescribePromptText)
    begin {
        $describePrompt = [scriptblock]::Create($DescribePromptText)
        $isWindows51 = $PSVersionTable.PSVersion.Major -lt 6
        # What is called here must not speak in the runbook's streams.
        $ErrorActionPreference = 'Stop'
        $VerbosePreference = $DebugPreference = $WarningPreference = $InformationPreference = $ProgressPreference = 'SilentlyContinue'
        $writeOutput = {
            param($Text)
            $Writer.Write([byte] 114)
            $Writer.Write([byte] 79)
            $Writer.Write([string] $Text)
            $Buffer.Flush()
        }
        # Progress does not pass through the pipeline. This is called on its thread, where the record is produced.
        $Progress.add_DataAdded({
                param($Source)
                foreach ($one in $Source.ReadAll()) {
                    $Writer.Write([byte] 103)
                    $Writer.Write([int] $one.ActivityId)
                    $Writer.Write([byte] $(if ($one.RecordType -eq 'Completed') { 1 } else { 0 }))
                    $Writer.Write([int] $one.PercentComplete)
                    $Writer.Write([string] $one.Activity)
                    $Writer.Write([string] $(if ($one.CurrentOperation) { "$($one.StatusDescription): $($one.CurrentOperation)" } else { $one.StatusDescription }))
                }
                $Buffer.Flush()
            }.GetNewClosure())

        # Data as JSON can say it: so many levels of it, so many entries in all. What is neither data nor has properties of its own
        # to be shown by is its text. A property that throws is null.
        $budget = @{ Left = 0 }
        $simplify = {
            param($Value, $Levels)
            $budget.Left -= 1
            if ($null -eq $Value -or $budget.Left -lt 0) { return $null }
            if ($Value -is [string] -or $Value -is [bool]) { return $Value.PSObject.BaseObject }
            if ($Value -is [enum] -or $Value -is [char]) { return $Value.ToString() }
            if ($Value -is [datetime] -or $Value -is [System.DateTimeOffset]) { return $Value.ToString('o') }
            if ($Value -is [double] -or $Value -is [single]) {
                if ([double]::IsNaN($Value) -or [double]::IsInfinity($Value)) { return $Value.ToString([cultureinfo]::InvariantCulture) }
                return $Value.PSObject.BaseObject
            }
            if ($Value -is [decimal] -or ($Value -is [System.ValueType] -and $Value.GetType().IsPrimitive)) { return $Value.PSObject.BaseObject }
            if ($Levels -eq 0 -or $Value -is [System.ValueType] -or $Value -is [type] -or $Value -is [uri] -or $Value -is [version]) { return "$Value" }
            if ($Value -is [System.Collections.IDictionary]) {
                $made = [ordered]@{}
                foreach ($key in @($Value.Keys)) {
                    if ($budget.Left -le 0) { break }
                    $made["$key"] = & $simplify $Value[$key] ($Levels - 1)
                }
                return $made
            }
            if ($Value -is [System.Collections.IList]) {
                $items = [System.Collections.ArrayList]::new()
                foreach ($item in $Value) {
                    if ($budget.Left -le 0) { break }
                    $null = $items.Add((& $simplify $item ($Levels - 1)))
                }
                return , $items.ToArray()
            }
            $isData = $Value -is [System.Management.Automation.PSCustomObject]
            # Getters of living objects cost what they cost: below the top only data is opened.
            if (-not $isData -and $Levels -lt 4) { return "$Value" }
            $shown = if (-not $isData -and $Value.PSStandardMembers.DefaultDisplayPropertySet) { $Value.PSStandardMembers.DefaultDisplayPropertySet.ReferencedPropertyNames }
            $made = [ordered]@{}
            foreach ($property in $Value.PSObject.Properties) {
                if ($budget.Left -le 0) { break }
                if ($null -ne $shown -and $shown -notcontains $property.Name) { continue }
                $made[$property.Name] = try { & $simplify $property.Value ($Levels - 1) } catch { $global:Error.RemoveAt(0); $null }
            }
            $made
        }
        # The objects of the record that comes next, ahead of it: one as it is, several (PowerShell looks at the first rows of a
        # table together) as an array.
        $writeValue = {
            $json = try {
                $budget.Left = 1000
                # What a Format- command makes is how to show something, and no data.
                if ($Pending[0].GetType().Namespace -eq 'Microsoft.PowerShell.Commands.Internal.Format') { $Pending.Clear(); return }
                $simple = @(foreach ($one in $Pending) { , (& $simplify $one 4) })
                if ($simple.Count -eq 1) { $simple = $simple[0] }
                if ($null -ne $simple) { Microsoft.PowerShell.Utility\ConvertTo-Json -InputObject $simple -Compress -Depth 10 }
            } catch { $global:Error.RemoveAt(0) }
            $Pending.Clear()
            if ($json -and $json.Length -le 32768) {
                $Writer.Write([byte] 118)
                $Writer.Write([string] $json)
            }
        }
        # Objects are formatted as the console would show them: a run of them by one formatter, so that a table has one head.
        $formatter = $null
        # Empty lines ahead of what is still to be shown.
        $held = @()
        $endGroup = {
            if ($null -ne $formatter) {
                $lines = $held + @($formatter.End())
                $held = @()
                $formatter.Dispose()
                if ($lines.Count -gt 0) {
                    if ($Pending.Count -gt 0) { & $writeValue }
                    & $writeOutput ($lines -join "`n")
                }
                $Pending.Clear()
            }
        }
        # PowerShell shows errors by themselves: what it makes of one is whole when it has taken it.
        $errorFormatter = @{ Pipeline = $null }
        $formatError = {
            param($Failure)
            if ($null -eq $errorFormatter.Pipeline) {
                $errorFormatter.Pipeline = { Microsoft.PowerShell.Utility\Out-String -Stream -Width 4096 }.GetSteppablePipeline()
                $errorFormatter.Pipeline.Begin($true)
            }
            (@($errorFormatter.Pipeline.Process($Failure)) -join "`n").Trim()
        }
        # PowerShell's own view of errors asks Get-Command for the name of what the error is of. Where that is a script, nothing is found
        # after every folder of PATH has been listed, which takes ten times as long as all the rest: the view gets a Get-Command that
        # remembers what was not found. For that its two script blocks are called from here.
        $errorBlocks = $null
        $notFound = [System.Collections.Generic.HashSet[string]]::new()
        $loadErrorBlocks = {
            $view = @((Microsoft.PowerShell.Utility\Get-FormatData -TypeName System.Management.Automation.ErrorRecord).FormatViewDefinition)
            if ($view.Count -ne 1 -or $view[0].Control -isnot [System.Management.Automation.CustomControl]) { return }
            $entries = @($view[0].Control.Entries)
            if ($entries.Count -ne 1 -or $null -ne $entries[0].SelectedBy) { return }
            foreach ($item in $entries[0].CustomItems) {
                $isPlain = $item -is [System.Management.Automation.CustomItemExpression] -and $null -eq $item.ItemSelectionCondition -and
                    $null -eq $item.CustomControl -and $item.Expression.ValueType -eq 'ScriptBlock'
                if (-not $isPlain) { return }
            }
            foreach ($item in $entries[0].CustomItems) { [scriptblock]::Create($item.Expression.Value) }
        }
        $viewError = {
            param($Failure)
            function Get-Command {
                param([string] $Name, $ErrorAction)
                $key = "$Name|$env:PATH|$env:PSModulePath"
                if ($notFound.Contains($key)) {
                    $items = $ExecutionContext.SessionState.InvokeProvider.Item
                    if (-not $items.Exists("function:$Name", $true, $true) -and -not $items.Exists("alias:$Name", $true, $true)) { return }
                }
                $found = Microsoft.PowerShell.Core\Get-Command -Name $Name -ErrorAction Ignore
                if ($null -eq $found) { $null = $notFound.Add($key) }
                $found
            }
            $_ = $Failure
            $text = @(foreach ($block in $errorBlocks) { & $block }) -join ''
            # The view colours for the console; PowerShell's formatter takes colours out as this does.
            # On Windows its lines end with a carriage return more. A record's lines end alike everywhere.
            [System.Management.Automation.Internal.StringDecorated]::new($text).ToString('PlainText').Trim().Replace("`r`n", "`n")
        }
        $describeError = {
            param($Failure)
            if ($Failure.FullyQualifiedErrorId -eq 'NativeCommandError' -or $Failure.FullyQualifiedErrorId -eq 'NativeCommandErrorMessage') {
                return $Failure.Exception.Message
            }
            $isPlain = $errorBlocks -and $PSStyle.OutputRendering -eq 'PlainText'
            $text = if ($isPlain -and $Failure.PSTypeNames[0] -eq 'System.Management.Automation.ErrorRecord') { & $viewError $Failure }
            # What is broken at the formatter's width is for the formatter.
            if (-not $text -or $text.Length -gt 4096) {
                $text = & $formatError $Failure
            }
            $prompt = & $describePrompt $Failure
            if ($prompt) { "$text`n$prompt" } else { $text }
        }
    }
    process {
        if ($_ -is [string]) {
            if ($null -ne $formatter) { . $endGroup; $formatter = $null }
            # Two bytes at once, r and O: each call of a method costs.
            $Writer.Write([int16] 0x4f72)
            $Writer.Write($_)
            $Buffer.Flush()
            return
        }
        # Numbers that every culture shows alike need no formatter.
        if ($null -eq $formatter -and ($_ -is [int] -or $_ -is [long]) -and $_ -ge 0) {
            $text = $_.ToString()
            $Writer.Write([byte] 118)
            $Writer.Write($text)
            $Writer.Write([byte] 114)
            $Writer.Write([byte] 79)
            $Writer.Write($text)
            $Buffer.Flush()
            return
        }
        # No calls of script blocks here: each costs more than all that is written.
        $place = $null
        if ($_ -is [System.Management.Automation.InformationalRecord]) {
            $code = if ($_ -is [System.Management.Automation.WarningRecord]) { 87 }
            elseif ($_ -is [System.Management.Automation.VerboseRecord]) { 86 }
            else { 68 }
            $text = $_.Message
            $place = $_.InvocationInfo
        } elseif ($_ -is [System.Management.Automation.InformationRecord]) {
            $code = 73
            $text = $_.MessageData
        } elseif ($_ -is [System.Management.Automation.ErrorRecord]) {
            $code = 69
            if ($null -eq $errorBlocks) { $errorBlocks = @(if (-not $isWindows51) { try { & $loadErrorBlocks } catch { $global:Error.RemoveAt(0) } }) }
            $text = try { & $describeError $_ } catch { $global:Error.RemoveAt(0); "$_" }
            $place = $_.InvocationInfo
        } else {
            if ($null -eq $_) { return }
            $null = $Pending.Add($_)
            $one = $_
            $lines = try {
                if ($null -eq $formatter) {
                    $formatter = { Microsoft.PowerShell.Utility\Out-String -Stream -Width 120 }.GetSteppablePipeline()
                    $formatter.Begin($true)
                }
                @($formatter.Process($one))
            } catch {
                $global:Error.RemoveAt(0)
                $formatter = $null
                @($one.GetType().FullName)
            }
            if ("$lines".Trim() -eq '') {
                $held += $lines
            } else {
                & $writeValue
                & $writeOutput (($held + $lines) -join "`n")
                $held = @()
            }
            return
        }
        if ($null -ne $formatter) { . $endGroup; $formatter = $null }
        # Without a file it is the place of the call below. Records that a script's own Write-Warning makes have only that.
        if ($null -ne $place -and $place.ScriptName) {
            $Writer.Write([byte] 112)
            $Writer.Write([byte] $code)
            $Writer.Write([int] $place.ScriptLineNumber)
            $Writer.Write([int] $place.OffsetInLine)
            $Writer.Write([string] $place.ScriptName)
        } else {
            $Writer.Write([int16] ($code * 256 + 114))
        }
        $Writer.Write([string] $text)
        $Buffer.Flush()
    }
    end { . $endGroup }
}

# Objects that PowerShell has taken but not shown yet.
$pending = [System.Collections.ArrayList]::new()

function Add-Sink($Pipeline, $Progress, $Writer, $Buffered) {
    $null = $Pipeline.AddScript($sink.ToString(), $true).AddArgument($Writer).AddArgument($Buffered).AddArgument($Progress)
    $null = $Pipeline.AddArgument($pending).AddArgument($describePrompt.ToString())
}

# The call itself: what to call, its parameters, where to say how it went. In one line, because PowerShell shows the line of any later one
# in errors. Its variable is private, so that the runbook cannot meet it; $? tells `exit 3` from a native program's 3.
$call = { $private:given = $args[1]; & $args[0] @given; $args[2].Completed = $? }

# Answers exit code and exception; no exception is an empty text. $StopAsked: a read of a byte, or the pipe's end, which asks to stop.
function Invoke-Runbook($Runspace, $Runbook, $Parameters, $Script, $Writer, $Buffered, $StopAsked) {
    $state = @{ Completed = $true }
    $variables = $Runspace.SessionStateProxy
    $pipeline = [powershell]::Create()
    $pipeline.Runspace = $Runspace
    $null = $pipeline.AddScript($call.ToString()).AddArgument($Runbook).AddArgument($Parameters).AddArgument($state)
    $pipeline.Commands.Commands[0].MergeMyResults('All', 'Output')
    Add-Sink $pipeline $pipeline.Streams.Progress $Writer $Buffered

    $failure = $alone = $null
    try {
        Convert-Parameters $Script $Parameters
        $running = $pipeline.BeginInvoke()
        while (-not $running.AsyncWaitHandle.WaitOne(40)) {
            if ($null -ne $alone -and $alone.Elapsed.TotalSeconds -gt 30) { [System.Diagnostics.Process]::GetCurrentProcess().Kill() }
            if ($null -eq $StopAsked -or -not $StopAsked.IsCompleted) { continue }
            # The runbook's `finally` blocks run, and what they write is still taken.
            $null = $pipeline.BeginStop($null, $null)
            # Nothing could be read: the sandbox is gone, and nobody else would end a runbook that does not stop.
            if ($StopAsked.IsFaulted -or $StopAsked.Result -eq 0) { $alone = [System.Diagnostics.Stopwatch]::StartNew() }
            $StopAsked = $null
        }
        $null = $pipeline.EndInvoke($running)
    } catch {
        $inner = $_.Exception.InnerException
        $failure = if ($inner -is [System.Management.Automation.IContainsErrorRecord]) { $inner.ErrorRecord } else { $_ }
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
        $pipeline.Commands.Clear()
        $pipeline.Streams.ClearStreams()
        $progress = [System.Management.Automation.PSDataCollection[System.Management.Automation.ProgressRecord]]::new()
        Add-Sink $pipeline $progress $Writer $Buffered
        $null = $pipeline.Invoke($left)
    }

    # False also when the runbook could not be called at all (a missing parameter, a syntax error): that ends only the statement that
    # called it, and leaves no exit code.
    $exitCode = 0
    if ($null -eq $failure -and -not $state.Completed) {
        $exitCode = [int] $variables.GetVariable('LASTEXITCODE')
        if ($exitCode -eq 0) { $failure = $variables.GetVariable('Error')[0] }
    }
    if ($null -eq $failure) { return @{ ExitCode = $exitCode; Exception = '' } }
    @{ ExitCode = 1; Exception = Format-Failure $failure }
}

function Wait-Runspace($Runspace) {
    while ($Runspace.RunspaceStateInfo.State -eq 'Opening') { [System.Threading.Thread]::Sleep(1) }
}

# What the runbook finds set in its runspace.
function Set-JobVariables($Runspace, $Settings) {
    $variables = $Runspace.SessionStateProxy
    $variables.SetVariable('OutputEncoding', $utf8)
    $variables.SetVariable('PSPrivateMetadata', @{ JobId = [guid] $env:AUTOMATION_JOB_ID })
    if ($Settings.Progress -ne 'true') { $variables.SetVariable('ProgressPreference', 'SilentlyContinue') }
    if ($Settings.Verbose -eq 'true') { $variables.SetVariable('VerbosePreference', 'Continue') }
    if ($Settings.Debug -eq 'true') { $variables.SetVariable('DebugPreference', 'Continue') }
}

function Write-Begun($Writer, $Buffered) {
    $Writer.Write([byte] 98)
    $Writer.Write($PSVersionTable.PSVersion.ToString())
    $Buffered.Flush()
}

# Our modules by their texts: their files are not signed.
function Import-Text($Runspace, [string] $Folder) {
    foreach ($file in [System.IO.Directory]::GetFiles($Folder, '*.psm1', 'AllDirectories')) {
        $pipeline = [powershell]::Create()
        $pipeline.Runspace = $Runspace
        $script = 'New-Module -Name $args[0] -ScriptBlock ([scriptblock]::Create($args[1])) | Import-Module -Global'
        $null = $pipeline.AddScript($script).AddArgument([System.IO.Path]::GetFileNameWithoutExtension($file))
        $null = $pipeline.AddArgument([System.IO.File]::ReadAllText($file)).Invoke()
        $pipeline.Dispose()
    }
}

$fromControl = [byte[]]::new(4096)
function Start-Read($Pipe) { $Pipe.ReadAsync($fromControl, 0, $fromControl.Length) }
# The settings whose path the control pipe brought.
function Read-Given([int] $Count) { Read-Settings $utf8.GetString($fromControl, 0, $Count).TrimEnd("`n") }

# What makes a first run slow is in the process for the most part (code that is compiled when it first runs, files of types and formats, the
# list of modules): a run of everything, for nobody, in a runspace that is thrown away. A little is in each runspace, for which the
# runbook's own runs a script that only loads one module, and is then as it was.
function Invoke-Rehearsal([string] $Script) {
    $nowhere = [System.IO.BufferedStream]::new([System.IO.Stream]::Null)
    $nobody = [System.IO.BinaryWriter]::new($nowhere, $utf8)
    # The hand-over itself: what a job's settings hold.
    $file = "$Script-settings"
    $lines = foreach ($one in @('environment', 'AUTOMATION_JOB_ID', "$([guid]::Empty)"), @('string', 'Name', 'rehearsal'), @('setting', 'Script', $Script)) {
        "$($one[0])`t$($one[1])`t$([System.Convert]::ToBase64String($utf8.GetBytes($one[2])))"
    }
    [System.IO.File]::WriteAllLines($file, [string[]] $lines)
    $null = Read-Given ($utf8.GetBytes($file, 0, $file.Length, $fromControl, 0))
    $rehearsal = [runspacefactory]::CreateRunspace($Host, [initialsessionstate]::CreateDefault2())
    $rehearsal.Open()
    Set-JobVariables $rehearsal @{}
    Write-Begun $nobody $nowhere
    $null = Invoke-Runbook $rehearsal $Script @{ Name = 'rehearsal' } $Script $nobody $nowhere $null
    $rehearsal.Dispose()
    Wait-Runspace $runspace
    $null = Invoke-Runbook $runspace $Script @{ Name = '' } $Script $nobody $nowhere $null
    $env:AUTOMATION_JOB_ID = $null
    # Now, not when the job begins.
    [System.GC]::Collect()
}

if ($settings.Warm) {
    # It runs a script file; what a policy refuses would leave its traces in the runbook's runspace.
    if (-not $takesSigned) { Invoke-Rehearsal $settings.Warm }
    # The path of the job's settings, written at once and shorter than what a pipe takes as a whole; the pipe's end when there is no job.
    $reading = Start-Read $control
    $writer.Write([byte] 119)
    $buffered.Flush()
    $count = $reading.GetAwaiter().GetResult()
    if ($count -eq 0) { exit 0 }
    $settings, $parameters = Read-Given $count
}

$stopAsked = Start-Read $control
Wait-Runspace $runspace
Set-JobVariables $runspace $settings
if ($takesSigned) { Import-Text $runspace "$folder/modules" }

# A path, or a script block made from one.
$runbook = $settings.Script
# A workflow is called as what workflow.ps1 makes of it.
if ($settings.Workflow) { $runbook = & ([scriptblock]::Create([System.IO.File]::ReadAllText($settings.Workflow))) $settings }

Write-Begun $writer $buffered
$end = Invoke-Runbook $runspace $runbook $parameters $settings.Script $writer $buffered $stopAsked
$writer.Write([byte] 101)
$writer.Write([int] $end.ExitCode)
$writer.Write([byte] $(if ($end.Exception) { 1 } else { 0 }))
$writer.Write($end.Exception)
$buffered.Flush()
$writer.Dispose()
exit $end.ExitCode
