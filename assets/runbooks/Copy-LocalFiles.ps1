<#
.SYNOPSIS
    Copies the files of one folder into another, on the worker itself: nothing travels through the service.
.PARAMETER SourcePath
    A folder, or a path with wildcards.
.PARAMETER DestinationPath
    A folder; it is made when it does not exist.
#>
param(
    [Parameter(Mandatory = $true)]
    [string] $SourcePath,

    [Parameter(Mandatory = $true)]
    [string] $DestinationPath
)

Write-Output "Executing runbook on hybrid runbook worker: $([Environment]::MachineName)"
Write-Output "Source: $SourcePath"
Write-Output "Destination: $DestinationPath"

try {
    if (Test-Path -LiteralPath $SourcePath -PathType Container) {
        $items = @(Get-ChildItem -LiteralPath $SourcePath -ErrorAction Stop)
    } else {
        $items = @(Get-Item -Path $SourcePath -ErrorAction Stop)
    }
    if (-not (Test-Path -LiteralPath $DestinationPath)) {
        $null = New-Item -ItemType Directory -Path $DestinationPath -ErrorAction Stop
        Write-Verbose "Made the folder $DestinationPath"
    }
    foreach ($item in $items) {
        Copy-Item -LiteralPath $item.FullName -Destination $DestinationPath -Recurse -Force -ErrorAction Stop
        Write-Output "Copied $($item.Name)"
    }
    if ($items.Count -eq 0) {
        Write-Warning "There is nothing in $SourcePath"
    }
} catch {
    throw "Failed: Encountered error(s) while copying files. Error message=[$($_.Exception.Message)]"
}

Write-Output 'Successfully copied files'
Write-Output 'Execution finished'
