# What the sink does with every record from the first on that is no text, which it gives to this one by one; see sink.ps1. Nothing is dotted in
# here: PowerShell would no longer keep this script's variables in places of their own, and every record would pay for that.
param($Writer, $Buffer, $Pending, $Parts)
begin {
    $shownObjects = $shownErrors = $errorFormatter = $null
    # Objects are formatted as the console would show them: a run of them by one formatter, so that a table has one head. It is begun and asked
    # here and in no script block, because a formatter finds commands in the scope that began it.
    $formatter = $null
    # Empty lines ahead of what is still to be shown.
    $held = @()
}
process {
    # Numbers that every culture shows alike need no formatter.
    if ($null -eq $formatter -and ($_ -is [int] -or $_ -is [long]) -and $_ -ge 0) {
        $text = $_.ToString()
        $Writer.Write([byte] 118)
        $Writer.Write($text)
        # Two bytes at once, r and O: each call of a method costs.
        $Writer.Write([int16] 0x4f72)
        $Writer.Write($text)
        $Buffer.Flush()
        return
    }
    # No calls of script blocks here: each costs more than all that is written.
    $place = $null
    if ($_ -is [string]) {
        $code = 79
        $text = $_
    } elseif ($_ -is [System.Management.Automation.InformationalRecord]) {
        $code = if ($_ -is [System.Management.Automation.WarningRecord]) { 87 }
        elseif ($_ -is [System.Management.Automation.VerboseRecord]) { 86 }
        else { 68 }
        $text = $_.Message
        $place = $_.InvocationInfo
    } elseif ($_ -is [System.Management.Automation.InformationRecord]) {
        $code = 73
        $text = $_.MessageData
        # Before anything of the record is written: what it makes of itself may throw.
        if ($text -isnot [string]) { $text = try { [string] $text } catch { $global:Error.RemoveAt(0); $text.GetType().FullName } }
    } elseif ($_ -is [System.Management.Automation.ErrorRecord]) {
        $code = 69
        if ($null -eq $shownErrors) { $shownErrors = & ([scriptblock]::Create($Parts.Errors)) }
        $one = $_
        $text = try {
            $shown = & $shownErrors.Show $one
            if (-not $shown) {
                if ($null -eq $errorFormatter) {
                    $errorFormatter = { Microsoft.PowerShell.Utility\Out-String -Stream -Width 4096 }.GetSteppablePipeline()
                    $errorFormatter.Begin($true)
                }
                # PowerShell shows errors by themselves: what it makes of one is whole when it has taken it.
                $shown = (@($errorFormatter.Process($one)) -join "`n").Trim()
            }
            $prompt = & $shownErrors.DescribePrompt $one
            if ($prompt) { "$shown`n$prompt" } else { $shown }
        } catch {
            $global:Error.RemoveAt(0)
            try { "$one" } catch { $global:Error.RemoveAt(0); $one.Exception.GetType().FullName }
        }
        $place = $one.InvocationInfo
    } else {
        if ($null -eq $_) { return }
        if ($null -eq $shownObjects) { $shownObjects = & ([scriptblock]::Create($Parts.Objects)) }
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
            & $shownObjects.WriteValue
            & $shownObjects.WriteText (($held + $lines) -join "`n")
            $held = @()
        }
        return
    }
    if ($null -ne $formatter) {
        $lines = $held + @($formatter.End())
        $held = @()
        $formatter.Dispose()
        $formatter = $null
        & $shownObjects.WriteRest $lines
    }
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
end { if ($null -ne $formatter) { & $shownObjects.WriteRest ($held + @($formatter.End())); $formatter.Dispose() } }
