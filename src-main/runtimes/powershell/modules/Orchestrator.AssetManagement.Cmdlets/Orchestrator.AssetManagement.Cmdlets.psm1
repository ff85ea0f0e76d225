<#
    What a runbook may ask for: assets of its account, and other runbooks. Its sandbox answers, over a Unix socket or a named pipe whose
    address and key stand in the environment of this job's processes. One connection a call; both ends prove that they know the key before
    either says anything (HMAC-SHA-256 over two nonces). Windows PowerShell 5.1 and PowerShell 7.
#>
Set-StrictMode -Version 3.0

# Constrained Language Mode does not let it be made; what is said about that is said when something is asked for.
if ($ExecutionContext.SessionState.LanguageMode -eq 'FullLanguage') { $script:Utf8 = New-Object System.Text.UTF8Encoding $false }

function Open-Channel {
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
        throw 'Constrained Language Mode lets no script open the way to the sandbox, so that the runbook cannot ask for assets. What it needs can be given as parameters, credentials too.'
    }
    $address = $env:AUTOMATION_ASSET_ENDPOINT
    if (-not $address -or -not $env:AUTOMATION_ASSET_KEY) {
        throw 'Assets can be had by a job on a hybrid worker only: AUTOMATION_ASSET_ENDPOINT and AUTOMATION_ASSET_KEY are not in this environment.'
    }
    if ($address.StartsWith('\\.\pipe\')) {
        $pipe = New-Object System.IO.Pipes.NamedPipeClientStream '.', $address.Substring(9), ([System.IO.Pipes.PipeDirection]::InOut)
        $pipe.Connect(10000)
        return $pipe
    }
    $socket = New-Object System.Net.Sockets.Socket ([System.Net.Sockets.AddressFamily]::Unix), ([System.Net.Sockets.SocketType]::Stream), ([System.Net.Sockets.ProtocolType]::Unspecified)
    $socket.Connect((New-Object System.Net.Sockets.UnixDomainSocketEndPoint $address))
    New-Object System.Net.Sockets.NetworkStream $socket, $true
}

function Get-Proof([string] $Side, [string] $PeerNonce, [string] $OwnNonce) {
    $digits = $env:AUTOMATION_ASSET_KEY
    $key = New-Object byte[] ($digits.Length / 2)
    for ($index = 0; $index -lt $key.Length; $index += 1) { $key[$index] = [System.Convert]::ToByte($digits.Substring(2 * $index, 2), 16) }
    $hmac = New-Object System.Security.Cryptography.HMACSHA256 (, $key)
    try {
        $hash = $hmac.ComputeHash($script:Utf8.GetBytes("$Side|$PeerNonce|$OwnNonce|runtime"))
    } finally {
        $hmac.Dispose()
    }
    [System.BitConverter]::ToString($hash).Replace('-', '').ToLowerInvariant()
}

function Invoke-Sandbox([string] $Call, [System.Collections.IDictionary] $Arguments) {
    $stream = Open-Channel
    try {
        $reader = New-Object System.IO.StreamReader $stream, $script:Utf8
        $writer = New-Object System.IO.StreamWriter $stream, $script:Utf8
        $writer.NewLine = "`n"
        $writer.AutoFlush = $true
        $hello = ConvertFrom-Json -InputObject $reader.ReadLine()
        $nonce = [guid]::NewGuid().ToString('N') + [guid]::NewGuid().ToString('N')
        $proof = Get-Proof 'client' $hello.nonce $nonce
        $writer.WriteLine((ConvertTo-Json -Compress -InputObject @{ role = 'runtime'; nonce = $nonce; proof = $proof }))
        $welcome = ConvertFrom-Json -InputObject $reader.ReadLine()
        if (-not $welcome.PSObject.Properties['proof'] -or $welcome.proof -cne (Get-Proof 'server' $nonce $hello.nonce)) {
            throw 'What listens for this job is not its sandbox, or this job has ended.'
        }
        $writer.WriteLine((ConvertTo-Json -Compress -InputObject @{ id = 1; call = $Call; arguments = $Arguments }))
        $line = $reader.ReadLine()
        if ($null -eq $line) { throw 'The sandbox ended the connection: the job is being ended.' }
        (ConvertFrom-Json -InputObject $line).answer
    } finally {
        $stream.Dispose()
    }
}

# The value of an answer; a refusal ends the caller's statement (or the runbook, as its ErrorActionPreference says) and names what was asked for.
function Receive-Answer([string] $Call, [System.Collections.IDictionary] $Arguments, [string] $What, [System.Management.Automation.PSCmdlet] $Caller) {
    $id = 'AutomationRefused'
    $category = [System.Management.Automation.ErrorCategory]::InvalidOperation
    try {
        $answer = Invoke-Sandbox $Call $Arguments
        if ($answer.ok) { return $answer.value }
        $message = "$($answer.problem.title). $($answer.problem.text)"
        if ($answer.problem.code -eq 'resource-unknown') {
            $id = 'AutomationAssetNotFound'
            $category = [System.Management.Automation.ErrorCategory]::ObjectNotFound
        }
    } catch {
        $id = 'AutomationSandboxUnreachable'
        $category = [System.Management.Automation.ErrorCategory]::ConnectionError
        $message = $_.Exception.Message
    }
    if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') { throw "${What}: $message" }
    $exception = New-Object System.InvalidOperationException "${What}: $message"
    $record = New-Object System.Management.Automation.ErrorRecord $exception, $id, $category, $What
    # What was said with -ErrorAction counts, which ThrowTerminatingError does not look at.
    $action = $Caller.MyInvocation.BoundParameters['ErrorAction']
    if ($action -eq 'SilentlyContinue' -or $action -eq 'Ignore') { return }
    if ($action -eq 'Stop') { throw $record }
    $Caller.ThrowTerminatingError($record)
}

function ConvertFrom-Encoded([string] $Text) {
    $script:Utf8.GetString([System.Convert]::FromBase64String($Text))
}

function ConvertFrom-Typed($Value) {
    if ($null -eq $Value) { return }
    switch ($Value.kind) {
        'text' { return ConvertFrom-Encoded $Value.text }
        'date' { return [datetime]::Parse((ConvertFrom-Encoded $Value.text), [System.Globalization.CultureInfo]::InvariantCulture, [System.Globalization.DateTimeStyles]::RoundtripKind) }
        'json' { return ConvertFrom-Json -InputObject (ConvertFrom-Encoded $Value.text) }
    }
}

function ConvertTo-Text($Value) {
    # A string that came out of a file carries properties, which Windows PowerShell would write into the JSON.
    if ($Value -is [string]) { return ConvertTo-Json -Compress -InputObject $Value.ToString() }
    if ($Value -is [datetime]) { return '"' + $Value.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ss.fffZ') + '"' }
    ConvertTo-Json -Compress -Depth 20 -InputObject $Value
}

function Get-AutomationVariable {
    <#
    .SYNOPSIS
        The value of a variable asset, encrypted or not.
    #>
    [CmdletBinding()]
    param([Parameter(Mandatory = $true, Position = 0)] [ValidateNotNullOrEmpty()] [string] $Name)
    ConvertFrom-Typed (Receive-Answer 'assets:get-variable' @{ name = $Name } "The variable $Name" $PSCmdlet)
}

function Set-AutomationVariable {
    <#
    .SYNOPSIS
        Gives a variable asset another value. The variable must exist; an encrypted one stays encrypted.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0)] [ValidateNotNullOrEmpty()] [string] $Name,
        [Parameter(Mandatory = $true, Position = 1)] [AllowNull()] [AllowEmptyString()] [AllowEmptyCollection()] [object] $Value
    )
    $null = Receive-Answer 'assets:set-variable' @{ name = $Name; value = (ConvertTo-Text $Value) } "The variable $Name" $PSCmdlet
}

function Get-AutomationPSCredential {
    <#
    .SYNOPSIS
        A credential asset, as a PSCredential.
    #>
    [CmdletBinding()]
    [OutputType([pscredential])]
    param([Parameter(Mandatory = $true, Position = 0)] [ValidateNotNullOrEmpty()] [string] $Name)
    $found = Receive-Answer 'assets:get-credential' @{ name = $Name } "The credential $Name" $PSCmdlet
    if ($null -eq $found) { return }
    $password = New-Object System.Security.SecureString
    foreach ($character in (ConvertFrom-Encoded $found.password).ToCharArray()) { $password.AppendChar($character) }
    New-Object System.Management.Automation.PSCredential (ConvertFrom-Encoded $found.userName), $password
}

function Get-AutomationConnection {
    <#
    .SYNOPSIS
        The fields of a connection asset, as a hashtable.
    #>
    [CmdletBinding()]
    [OutputType([hashtable])]
    param([Parameter(Mandatory = $true, Position = 0)] [ValidateNotNullOrEmpty()] [string] $Name)
    $found = Receive-Answer 'assets:get-connection' @{ name = $Name } "The connection $Name" $PSCmdlet
    if ($null -eq $found) { return }
    $fields = @{}
    foreach ($field in $found.fields) {
        $fields[(ConvertFrom-Encoded $field.name)] = ConvertFrom-Typed $field
    }
    $fields
}

function Get-AutomationCertificate {
    <#
    .SYNOPSIS
        A certificate asset, with its private key where it has one.
    #>
    [CmdletBinding()]
    [OutputType([System.Security.Cryptography.X509Certificates.X509Certificate2])]
    param([Parameter(Mandatory = $true, Position = 0)] [ValidateNotNullOrEmpty()] [string] $Name)
    $found = Receive-Answer 'assets:get-certificate' @{ name = $Name } "The certificate $Name" $PSCmdlet
    if ($null -eq $found) { return }
    $flags = [System.Security.Cryptography.X509Certificates.X509KeyStorageFlags]::DefaultKeySet
    if ($found.isExportable) { $flags = [System.Security.Cryptography.X509Certificates.X509KeyStorageFlags]::Exportable }
    $bytes = [System.Convert]::FromBase64String($found.value)
    New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 $bytes, '', $flags
}

function Start-AutomationRunbook {
    <#
    .SYNOPSIS
        Starts another published runbook of the account and returns the id of its job.
    .PARAMETER RunOn
        The worker group; left out, the group of this job.
    #>
    [CmdletBinding()]
    [OutputType([guid])]
    param(
        [Parameter(Mandatory = $true, Position = 0)] [ValidateNotNullOrEmpty()] [string] $Name,
        [Parameter(Position = 1)] [System.Collections.IDictionary] $Parameters = @{},
        [string] $RunOn
    )
    $arguments = @{ runbookName = $Name; parameters = (ConvertTo-Text $Parameters); runOn = $(if ($RunOn) { $RunOn }) }
    $started = Receive-Answer 'jobs:start' $arguments "The runbook $Name" $PSCmdlet
    if ($null -ne $started) { [guid] $started.jobId }
}

function Wait-AutomationJob {
    <#
    .SYNOPSIS
        Waits until jobs that this one has started are over, and says what became of each.
    .PARAMETER TimeoutInMinutes
        After it, what is known is returned; 0 waits without a limit.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true)] [guid[]] $Id,
        [ValidateRange(0, 525600)] [int] $TimeoutInMinutes = 0,
        [ValidateRange(1, 3600)] [int] $DelayInSeconds = 2
    )
    begin { $all = New-Object System.Collections.Generic.List[guid] }
    process { foreach ($one in $Id) { $all.Add($one) } }
    end {
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        foreach ($one in $all) {
            while ($true) {
                $job = Receive-Answer 'jobs:look' @{ jobId = $one.ToString() } "The job $one" $PSCmdlet
                if ($null -eq $job -or $job.isEnded -or ($TimeoutInMinutes -gt 0 -and $watch.Elapsed.TotalMinutes -ge $TimeoutInMinutes)) { break }
                Start-Sleep -Seconds $DelayInSeconds
            }
            if ($null -eq $job) { continue }
            [pscustomobject] @{
                JobId     = [guid] $job.jobId
                Status    = $job.status
                Exception = if ($null -ne $job.exception) { ConvertFrom-Encoded $job.exception }
            }
        }
    }
}
