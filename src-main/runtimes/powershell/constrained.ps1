# Runs one runbook where Constrained Language Mode is imposed: no pipe can be opened, so the console carries a line with a mark before and
# after the runbook (see marked-console.ts), and its streams between them as one text. What this file uses is allowed in that mode.
#
# It is read as text by the command that starts PowerShell, in a variable of which ($folder) it finds its settings. The mark is none of
# the runbook's business, and no variable that it meets; that it cannot be found by one that looks for it is not claimed.
& {
    $private:settings = Get-Content -LiteralPath "$folder/constrained-settings" -Raw -Encoding UTF8 | ConvertFrom-Json
    Remove-Item -LiteralPath "$folder/constrained-settings"
    Remove-Variable -Name folder -Scope Global

    # Texts carry one character ahead, so that ConvertFrom-Json takes none for a date.
    $restore = {
        param($given)
        if ($given -is [string]) { return $given.Substring(1) }
        if ($given.kind -ceq 'array') { return , @(foreach ($item in $given.items) { , (& $restore $item) }) }
        if ($given.kind -ceq 'object') {
            $table = @{}
            foreach ($entry in $given.items) { $table[$entry.name.Substring(1)] = & $restore $entry.value }
            return $table
        }
        if ($given.kind -ceq 'credential') {
            $password = & $restore $given.password
            $secured = if ($password -eq '') { New-Object System.Security.SecureString } else { ConvertTo-SecureString -String $password -AsPlainText -Force }
            return New-Object System.Management.Automation.PSCredential (& $restore $given.userName), $secured
        }
        $given
    }
    $private:given = & $restore $settings.parameters
    Remove-Variable -Name restore
    $PSPrivateMetadata = @{ JobId = [guid] $env:AUTOMATION_JOB_ID }
    if ($settings.verbose) { $VerbosePreference = 'Continue' }
    if ($settings.debug) { $DebugPreference = 'Continue' }
    $ProgressPreference = 'SilentlyContinue'
    $private:runbook = & { $args[0].Substring(1) } $settings.script

    # Each mark begins a line, whatever was printed before it.
    ''
    "$($settings.mark) begin $($PSVersionTable.PSVersion)"
    if ($settings.workflow) {
        if ($PSVersionTable.PSVersion.Major -ge 6) {
            ''
            "$($settings.mark) end 1 A workflow cannot be run under Constrained Language Mode by PowerShell 7, which would have to translate it. Windows PowerShell 5.1 runs it as it is."
            return
        }
        # The file defines the workflow; it is the one that has the runbook's name, or the first.
        . $runbook
        $private:all = @(Get-ChildItem -Path function: | Where-Object { $_.CommandType -eq 'Workflow' } | ForEach-Object { $_.Name })
        $private:name = $settings.runbookName.Substring(1)
        $private:runbook = if ($all -contains $name -or $all.Count -eq 0) { $name } else { $all[0] }
    }
    # Nothing around it: a try or a trap would make errors that end only their statement end the runbook. One that ends the runbook ends this
    # script too, and PowerShell with it, with exit code 1.
    & $runbook @given *>&1
    $private:code = if ($?) { 0 } elseif ($LASTEXITCODE) { $LASTEXITCODE } else { 1 }
    ''
    if ($code -eq 1 -and -not $LASTEXITCODE) {
        $private:why = "$($Error[0]) $($Error[0].InvocationInfo.PositionMessage)" -replace '\s+', ' '
        # A line with a mark is a short one.
        if ($why.Length -gt 8000) { $private:why = $why.Substring(0, 8000) }
        "$($settings.mark) end $code $why"
    } else {
        "$($settings.mark) end $code"
    }
}
