# What the host needs only where it was started ahead of its job, or where files have to be signed.

# Our modules by their texts: their files are not signed.
function Import-Text($Runspace, [string] $Folder) {
    foreach ($file in [System.IO.Directory]::GetFiles($Folder, '*.psm1', 'AllDirectories')) {
        $pipeline = [powershell]::Create()
        $pipeline.Runspace = $Runspace
        $script = 'New-Module -Name $args[0] -ScriptBlock ([scriptblock]::Create($args[1])) | Import-Module -Global'
        $null = $pipeline.AddScript($script).AddArgument([System.IO.Path]::GetFileNameWithoutExtension($file))
        $null = $pipeline.AddArgument([System.IO.File]::ReadAllText($file)).Invoke()
        $pipeline.Dispose()
    }
}

# The job's part of the settings, whose path the control pipe brought.
function Read-Given([int] $Count) { Read-Settings $utf8.GetString($fromControl, 0, $Count).TrimEnd("`n") }

# What makes a first run slow is in the process for the most part (code that is compiled when it first runs, files of types and formats, the
# list of modules): a run of everything, for nobody, in a runspace that is thrown away. A little is in each runspace, for which the
# runbook's own runs a script that only loads one module, and is then as it was.
function Invoke-Rehearsal([string] $Script) {
    $nowhere = [System.IO.BufferedStream]::new([System.IO.Stream]::Null)
    $nobody = [System.IO.BinaryWriter]::new($nowhere, $utf8)
    # The hand-over itself: what a job's settings hold.
    $settingsFile, $parametersFile = "$Script-settings", "$Script-parameters"
    $lines = foreach ($one in @('environment', 'AUTOMATION_JOB_ID', "$([guid]::Empty)"), @('string', 'Name', 'rehearsal')) {
        "$($one[0])`t$($one[1])`t$([System.Convert]::ToBase64String($utf8.GetBytes($one[2])))"
    }
    [System.IO.File]::WriteAllLines($parametersFile, [string[]] $lines)
    [System.IO.File]::WriteAllText($settingsFile, (@($Script, '', '', '', $parametersFile, '') -join [char] 0))
    $job = Read-Given ($utf8.GetBytes($settingsFile, 0, $settingsFile.Length, $fromControl, 0))
    $parameters = Read-Parameters $job[4]
    $rehearsal = [runspacefactory]::CreateRunspace($Host, [initialsessionstate]::CreateDefault2())
    $rehearsal.Open()
    $nobody.Write([byte] 98)
    $nobody.Write($PSVersionTable.PSVersion.ToString())
    $nowhere.Flush()
    $null = Invoke-Runbook $rehearsal $Script $parameters $Script $nobody $nowhere $null
    $rehearsal.Dispose()
    $Opening.Wait()
    $null = Invoke-Runbook $runspace $Script @{ Name = '' } $Script $nobody $nowhere $null
    $env:AUTOMATION_JOB_ID = $null
    # Now, not when the job begins.
    [System.GC]::Collect()
}

# Says that the host is ready; answers the job's part of the settings, nothing when there will be no job.
function Wait-ForJob($Writer, $Buffered) {
    # Their path, written at once and shorter than what a pipe takes as a whole; the pipe's end when there is no job.
    $reading = Start-Read $control
    $Writer.Write([byte] 119)
    $Buffered.Flush()
    $count = $reading.GetAwaiter().GetResult()
    if ($count -gt 0) { Read-Given $count }
}
