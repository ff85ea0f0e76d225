# Runs one runbook where Constrained Language Mode is imposed: no pipe can be opened, so the console carries a line with a mark before and
# after the runbook (see marked-console.ts), and its streams between them as one text. What this file uses is allowed in that mode.
param([string] $Mark, [string] $SettingsFile)

$settings = Get-Content -LiteralPath $SettingsFile -Raw -Encoding UTF8 | ConvertFrom-Json
Remove-Item -LiteralPath $SettingsFile
$parameters = @{}
foreach ($property in $settings.parameters.PSObject.Properties) { $parameters[$property.Name] = $property.Value }
if ($settings.verbose) { $VerbosePreference = 'Continue' }
if ($settings.debug) { $DebugPreference = 'Continue' }
$ProgressPreference = 'SilentlyContinue'
$runbook = $settings.script
Remove-Variable -Name property -ErrorAction SilentlyContinue

"$Mark begin $($PSVersionTable.PSVersion)"
$completed = $null
$before = $Error.Count
# No catch: it would make errors that end only their statement end the runbook.
try {
    & $runbook @parameters *>&1
    $completed = $?
} finally {
    $code = 0
    $message = ''
    if ($completed -ne $true) {
        $code = if ($completed -eq $false -and $LASTEXITCODE) { $LASTEXITCODE } else { 1 }
        if ($Error.Count -gt $before -and ($null -eq $completed -or -not $LASTEXITCODE)) {
            $message = " $("$($Error[0]) $($Error[0].InvocationInfo.PositionMessage)" -replace '\s+', ' ')"
        }
    }
    Write-Host "$Mark end $code$message"
}
