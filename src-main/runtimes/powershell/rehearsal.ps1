# What a host that is started ahead of a job runs for nobody: the ways that most runbooks go. It touches nothing outside its runspace, and
# without a name nothing at all.
param([string] $Name)
if (-not $Name) { return '' }
Write-Output 'one line'
1
[pscustomobject] @{ Name = $Name; Value = 1 }
Write-Warning 'one warning'
Write-Verbose 'one detail' -Verbose
Write-Host 'one line for the host'
Write-Progress -Activity 'one activity' -Completed
Get-Date | Out-Null
Write-Error 'one error'
