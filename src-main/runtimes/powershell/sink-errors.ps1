# What the sink needs once an error comes: how PowerShell shows it, without its formatter. The sink calls this text for a table of script blocks and keeps it as
# $shownErrors, where the blocks find each other.
$isWindows51 = $PSVersionTable.PSVersion.Major -lt 6
$table = @{
    NotFound = [System.Collections.Generic.HashSet[string]]::new()
    DescribePrompt = [scriptblock]::Create($Parts.Prompt)
}

# PowerShell's own view of errors asks Get-Command for the name of what the error is of. Where that is a script, nothing is found
# after every folder of PATH has been listed, which takes ten times as long as all the rest: the view gets a Get-Command that
# remembers what was not found. For that its two script blocks are called from here.
$loadBlocks = {
    $view = @((Microsoft.PowerShell.Utility\Get-FormatData -TypeName System.Management.Automation.ErrorRecord).FormatViewDefinition)
    if ($view.Count -ne 1 -or $view[0].Control -isnot [System.Management.Automation.CustomControl]) { return }
    $entries = @($view[0].Control.Entries)
    if ($entries.Count -ne 1 -or $null -ne $entries[0].SelectedBy) { return }
    foreach ($item in $entries[0].CustomItems) {
        $isPlain = $item -is [System.Management.Automation.CustomItemExpression] -and $null -eq $item.ItemSelectionCondition -and
            $null -eq $item.CustomControl -and $item.Expression.ValueType -eq 'ScriptBlock'
        if (-not $isPlain) { return }
    }
    foreach ($item in $entries[0].CustomItems) { [scriptblock]::Create($item.Expression.Value) }
}
$table.Blocks = @(if (-not $isWindows51) { try { & $loadBlocks } catch { $global:Error.RemoveAt(0) } })
$table.View = {
    param($Failure)
    function Get-Command {
        param([string] $Name, $ErrorAction)
        $key = "$Name|$env:PATH|$env:PSModulePath"
        if ($shownErrors.NotFound.Contains($key)) {
            $items = $ExecutionContext.SessionState.InvokeProvider.Item
            if (-not $items.Exists("function:$Name", $true, $true) -and -not $items.Exists("alias:$Name", $true, $true)) { return }
        }
        $found = Microsoft.PowerShell.Core\Get-Command -Name $Name -ErrorAction Ignore
        if ($null -eq $found) { $null = $shownErrors.NotFound.Add($key) }
        $found
    }
    $_ = $Failure
    $text = @(foreach ($block in $shownErrors.Blocks) { & $block }) -join ''
    # The view colours for the console; PowerShell's formatter takes colours out as this does.
    # On Windows its lines end with a carriage return more. A record's lines end alike everywhere.
    [System.Management.Automation.Internal.StringDecorated]::new($text).ToString('PlainText').Trim().Replace("`r`n", "`n")
}
# Nothing: it is for the formatter, as what is broken at the formatter's width is.
$table.Show = {
    param($Failure)
    if ($Failure.FullyQualifiedErrorId -eq 'NativeCommandError' -or $Failure.FullyQualifiedErrorId -eq 'NativeCommandErrorMessage') {
        return $Failure.Exception.Message
    }
    $isPlain = $shownErrors.Blocks -and $PSStyle.OutputRendering -eq 'PlainText'
    if (-not $isPlain -or $Failure.PSTypeNames[0] -ne 'System.Management.Automation.ErrorRecord') { return }
    $text = & $shownErrors.View $Failure
    if ($text.Length -le 4096) { $text }
}
$table
