<#
    Registers this machine as a hybrid runbook worker. The worker itself does the work: this module calls its command line, hands it
    the key over standard input, shows what it says, and returns what came of it.

    How the command line is called stands in worker.json, which the worker writes beside the folder of this module:
        { "command": ["C:\\...\\hrw.exe"], "dataFolder": "C:\\ProgramData\\Hybrid Runbook Worker" }
#>
Set-StrictMode -Version 3.0

$script:WorkerFile = Join-Path (Split-Path -Parent $PSScriptRoot) 'worker.json'

function Get-WorkerCall {
    if (-not (Test-Path -LiteralPath $script:WorkerFile -PathType Leaf)) {
        throw "There is no $($script:WorkerFile). Start the worker on this machine and connect it to its workspace, then repeat."
    }
    $call = Get-Content -LiteralPath $script:WorkerFile -Raw -Encoding UTF8 | ConvertFrom-Json
    if (@($call.command).Count -eq 0 -or -not $call.dataFolder) {
        throw "$($script:WorkerFile) does not say how the worker is called. Start the worker again, then repeat."
    }
    $call
}

# Who may change the worker is who may read its administrators' key. Asked before anything is done, in words that say what to do.
function Assert-Administrator([string] $DataFolder) {
    try {
        [System.IO.File]::OpenRead((Join-Path (Join-Path $DataFolder 'control') 'administrator.key')).Dispose()
    } catch {
        $reason = $_.Exception
        while ($null -ne $reason -and $reason -isnot [System.UnauthorizedAccessException]) { $reason = $reason.InnerException }
        # A key that is not there is another matter: the worker's command line says what.
        if ($null -eq $reason) { return }
        if ($env:OS -eq 'Windows_NT') {
            throw 'This changes the worker of this machine, which needs an elevated PowerShell. Open one with "Run as administrator" and repeat. Nothing was changed.'
        }
        throw "This changes the worker in $DataFolder, which belongs to another user. Repeat it as that user, or with sudo pwsh. Nothing was changed."
    }
}

# ProcessStartInfo.ArgumentList does not exist in Windows PowerShell. These are the rules by which a program takes its command line apart:
# backslashes are plain, unless they stand before a quotation mark.
function ConvertTo-CommandLine([string[]] $Arguments) {
    $quoted = foreach ($argument in $Arguments) {
        if ($argument -ne '' -and $argument -notmatch '[\s"]') { $argument; continue }
        $escaped = [regex]::Replace($argument, '(\\*)"', '$1$1\"')
        '"' + [regex]::Replace($escaped, '(\\+)$', '$1$1') + '"'
    }
    $quoted -join ' '
}

# Runs a command of the worker to its end and returns its standard output. What it says meanwhile is shown; a refusal is an error with
# the worker's own words.
function Invoke-Worker {
    param([string[]] $Arguments, [string] $InputText, [switch] $AsAdministrator)

    $call = Get-WorkerCall
    if ($AsAdministrator) { Assert-Administrator $call.dataFolder }
    $command = @($call.command)
    $start = New-Object System.Diagnostics.ProcessStartInfo
    $start.FileName = $command[0]
    $start.Arguments = ConvertTo-CommandLine (@($command | Select-Object -Skip 1) + $Arguments + @('--data', $call.dataFolder))
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardInput = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $start.StandardOutputEncoding = New-Object System.Text.UTF8Encoding $false
    $start.StandardErrorEncoding = New-Object System.Text.UTF8Encoding $false
    Write-Verbose "Calling $($command[0]) $($Arguments[0]) for $($call.dataFolder)"
    $process = [System.Diagnostics.Process]::Start($start)
    try {
        # Read while the other stream is read line by line, or a full pipe would stop the worker's command.
        $output = $process.StandardOutput.ReadToEndAsync()
        # A key never stands on a command line, where every user of this machine could read it.
        if ($InputText) { $process.StandardInput.WriteLine($InputText) }
        $process.StandardInput.Close()
        $words = New-Object System.Collections.Generic.List[string]
        while ($null -ne ($line = $process.StandardError.ReadLine())) {
            if ($line -match '^(done|failed) ') { Write-Host $line } elseif ($line.Trim() -ne '') { $words.Add($line.Trim()) }
        }
        $process.WaitForExit()
        # 4 is an answer too: the worker's state is one in which it takes no job.
        $isAnswer = $process.ExitCode -eq 0 -or ($Arguments[0] -eq 'status' -and $process.ExitCode -eq 4)
        if (-not $isAnswer) {
            if ($words.Count -eq 0) { $words.Add("The worker's command line ended with exit code $($process.ExitCode) and said nothing.") }
            throw ($words -join ' ')
        }
        $output.GetAwaiter().GetResult()
    } finally {
        $process.Dispose()
    }
}

function Add-HybridRunbookWorker {
    <#
    .SYNOPSIS
        Registers this machine as a worker of a group, which is made if there is none of that name.
    .PARAMETER GroupName
        The worker group.
    .PARAMETER EndPoint
        The URL of the automation account, from its keys.
    .PARAMETER Token
        The primary or secondary access key of the automation account.
    .EXAMPLE
        Add-HybridRunbookWorker -Name OnPremLab -EndPoint https://automation.example/accounts/bd12f612-91bc-4119-802c-5b6cd8841fc8 -Token $key
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0)] [Alias('Name')] [ValidateNotNullOrEmpty()] [string] $GroupName,
        [Parameter(Mandatory = $true, Position = 1)] [Alias('Url')] [ValidateNotNullOrEmpty()] [string] $EndPoint,
        [Parameter(Mandatory = $true, Position = 2)] [Alias('Key')] [ValidateNotNullOrEmpty()] [string] $Token
    )
    $ErrorActionPreference = 'Stop'
    $arguments = @('register', '--group', $GroupName, '--endpoint', $EndPoint, '--token-file', '-')
    Write-Host "Registering this machine with worker group $GroupName"
    $null = Invoke-Worker -Arguments $arguments -InputText $Token -AsAdministrator
    Get-HybridRunbookWorker
}

function Remove-HybridRunbookWorker {
    <#
    .SYNOPSIS
        Takes this machine out of its worker group.
    .PARAMETER Token
        A key of the automation account.
    .PARAMETER EndPoint
        Taken for scripts that give it; the worker knows the account that it is registered with.
    .PARAMETER Local
        Forgets the registration on this machine alone, for an account that can no longer be reached.
    #>
    [CmdletBinding(DefaultParameterSetName = 'Account')]
    param(
        [Parameter(ParameterSetName = 'Account')] [Alias('Url')] [string] $EndPoint,
        [Parameter(Mandatory = $true, ParameterSetName = 'Account')] [Alias('Key')] [ValidateNotNullOrEmpty()] [string] $Token,
        [Parameter(Mandatory = $true, ParameterSetName = 'Local')] [switch] $Local
    )
    $ErrorActionPreference = 'Stop'
    if ($EndPoint) {
        $registered = (Get-HybridRunbookWorker).EndPoint
        if ($registered -and $registered.TrimEnd('/') -ne $EndPoint.TrimEnd('/')) {
            throw "This machine is registered with $registered, not with $EndPoint. Nothing was changed."
        }
    }
    $arguments = if ($Local) { @('unregister', '--local') } else { @('unregister', '--token-file', '-') }
    Write-Host 'Leaving the worker group'
    $null = Invoke-Worker -Arguments $arguments -InputText $(if (-not $Local) { $Token }) -AsAdministrator
    Get-HybridRunbookWorker
}

function Get-HybridRunbookWorker {
    <#
    .SYNOPSIS
        Says whether this machine is a worker, of which group, and whether it can take a job now.
    #>
    [CmdletBinding()]
    param()
    $ErrorActionPreference = 'Stop'
    $state = Invoke-Worker -Arguments @('status', '--json') | ConvertFrom-Json
    $registration = $state.registration
    [pscustomobject] @{
        PSTypeName   = 'HybridRegistration.Worker'
        MachineName  = $state.machineName
        Status       = $state.status
        GroupName    = if ($null -ne $registration) { $registration.groupName }
        AccountId    = if ($null -ne $registration) { $registration.accountId }
        EndPoint     = if ($null -ne $registration) { $registration.endpoint }
        RegisteredAt = if ($null -ne $registration) { [datetime] $registration.since }
        Message      = $state.sentence
    }
}

function Set-HybridRunbookWorkerSignatureValidation {
    <#
    .SYNOPSIS
        Has this machine run signed runbooks only, or any again.
    .PARAMETER Enable
        $true: a runbook whose last line is no signature by one of the trusted keys is not run, and its job fails at once.
    .PARAMETER TrustedKeyFolder
        Folder with the public keys (Ed25519, PEM). Whoever may write there decides what this machine runs.
    .PARAMETER TrustedCertStoreLocation
        Not supported: signatures are checked with keys of a folder, not with certificates of a store.
    #>
    [CmdletBinding()]
    param(
        [Parameter(Mandatory = $true, Position = 0)] [bool] $Enable,
        [Parameter(Position = 1)] [string] $TrustedKeyFolder,
        [string] $TrustedCertStoreLocation
    )
    $ErrorActionPreference = 'Stop'
    if ($TrustedCertStoreLocation) {
        throw 'This worker checks Ed25519 signatures, not Authenticode: give -TrustedKeyFolder, a folder with the public keys. Nothing was changed.'
    }
    if ($Enable -and -not $TrustedKeyFolder) { throw 'Give -TrustedKeyFolder too, a folder with the public keys. Nothing was changed.' }
    # The worker's command line does not know this session's place.
    $value = if ($Enable) { $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($TrustedKeyFolder) } else { 'none' }
    Write-Host $(if ($Enable) { "Requiring signatures by the keys in $value" } else { 'Running any runbook again' })
    $settings = Invoke-Worker -Arguments @('settings', 'set', 'trustedKeys', $value, '--json') -AsAdministrator | ConvertFrom-Json
    [pscustomobject] @{
        PSTypeName       = 'HybridRegistration.SignatureValidation'
        Enabled          = $null -ne $settings.trustedKeys
        TrustedKeyFolder = $settings.trustedKeys
    }
}

Export-ModuleMember -Function @(
    'Add-HybridRunbookWorker', 'Remove-HybridRunbookWorker', 'Get-HybridRunbookWorker', 'Set-HybridRunbookWorkerSignatureValidation'
)
