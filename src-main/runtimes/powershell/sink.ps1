# Runs at the end of the runbook's pipeline: each record is written where it is produced, so that a slow reader slows the runbook. Nothing is
# dotted in here: PowerShell would no longer keep this script's variables in places of their own, and every record would pay for that.
# What is no text is for sink-records.ps1, from the first such record on: PowerShell takes its time for each line of a script before it runs the
# first, and many runbooks write text first.
# $Parts: the texts of what not every runbook needs (Records, Progress, Objects, Errors, Prompt), which costs when it is first read.
# $Wanted: what the job's settings turn on of Verbose, Debug and Progress.
param($Writer, $Buffer, $Progress, $Pending, $Parts, $Wanted)
begin {
    # What the runbook finds set; it begins when this is done.
    $global:PSPrivateMetadata = @{ JobId = [guid] $env:AUTOMATION_JOB_ID }
    $global:OutputEncoding = [System.Text.UTF8Encoding]::new($false)
    if ($Wanted.Verbose) { $global:VerbosePreference = [System.Management.Automation.ActionPreference]::Continue }
    if ($Wanted.Debug) { $global:DebugPreference = [System.Management.Automation.ActionPreference]::Continue }
    $global:ProgressPreference = if ($Wanted.Progress) { [System.Management.Automation.ActionPreference]::Continue }
    else { [System.Management.Automation.ActionPreference]::SilentlyContinue }
    # What is called here must not speak in the runbook's streams.
    $ErrorActionPreference = 'Stop'
    $VerbosePreference = $DebugPreference = $WarningPreference = $InformationPreference = $ProgressPreference = 'SilentlyContinue'
    if ($Wanted.Progress) { & ([scriptblock]::Create($Parts.Progress)) $Progress $Writer $Buffer }
    $records = $null
}
process {
    if ($null -eq $records) {
        if ($_ -is [string]) {
            # Two bytes at once, r and O: each call of a method costs.
            $Writer.Write([int16] 0x4f72)
            $Writer.Write($_)
            $Buffer.Flush()
            return
        }
        $all = [scriptblock]::Create($Parts.Records)
        $records = { & $all $Writer $Buffer $Pending $Parts }.GetSteppablePipeline()
        $records.Begin($true)
    }
    $null = $records.Process($_)
}
end { if ($null -ne $records) { $null = $records.End(); $records.Dispose() } }
