# What a host that is started ahead of a job runs for nobody: the ways that most runbooks go. It touches nothing outside its runspace. Without
# a name it leaves nothing there but the module of Write-Output, which hardly a runbook does without and which takes longest to load.
param([string] $Name)
if (-not $Name) { return Write-Output '' }
Write-Output 'one line'
1
[pscustomobject] @{ Name = $Name; Value = 1 }
Write-Warning 'one warning'
Write-Verbose 'one detail' -Verbose
Write-Host 'one line for the host'
Write-Progress -Activity 'one activity' -Completed
Get-Date | Out-Null
Get-Item -LiteralPath . | Out-Null
Write-Error 'one error'
