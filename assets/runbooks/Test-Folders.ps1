<#
.SYNOPSIS
    Looks at several folders side by side, and waits for a person before it tidies up. Runs on Windows PowerShell 5.1 and on PowerShell 7.
.PARAMETER Path
    The folders.
.PARAMETER OlderThanDays
    Files that nobody has changed for so long are counted as old.
#>
workflow Test-Folders {
    param(
        [Parameter(Mandatory = $true)]
        [string[]] $Path,

        [int] $OlderThanDays = 30
    )

    $workflow:old = 0
    foreach -parallel -throttlelimit 4 ($folder in $Path) {
        $found = InlineScript {
            $limit = (Get-Date).AddDays(-$using:OlderThanDays)
            @(Get-ChildItem -LiteralPath $using:folder -File | Where-Object { $_.LastWriteTime -lt $limit }).Count
        }
        $workflow:old += $found
        Write-Output "$folder has $found files that are older than $OlderThanDays days"
    }

    if ($old -gt 0) {
        Write-Output "$old files are old. The job waits until somebody resumes it."
        Suspend-Workflow
        Write-Output 'Somebody has looked at them.'
    }
    Write-Output 'Execution finished'
}
