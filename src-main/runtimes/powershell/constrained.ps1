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

# Each mark begins a line, whatever was printed before it.
''
"$Mark begin $($PSVersionTable.PSVersion)"
# Nothing around it: a try or a trap would make errors that end only their statement end the runbook. One that ends the runbook ends this
# script too, and PowerShell with it, with exit code 1.
& $runbook @parameters *>&1
$code = if ($?) { 0 } elseif ($LASTEXITCODE) { $LASTEXITCODE } else { 1 }
''
if ($code -eq 1 -and -not $LASTEXITCODE) {
    "$Mark end $code $("$($Error[0]) $($Error[0].InvocationInfo.PositionMessage)" -replace '\s+', ' ')"
} else {
    "$Mark end $code"
}
