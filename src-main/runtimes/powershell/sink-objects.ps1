# What the sink needs once an object comes that is neither text nor a whole number: what it is as JSON. The sink
# calls this text for a table of script blocks and keeps it as $shownObjects, where the blocks find each other and what is under way.
$table = @{ Left = 0 }

# Data as JSON can say it: so many levels of it, so many entries in all. What is neither data nor has properties of its own
# to be shown by is its text. A property that throws is null.
$table.Simplify = {
    param($Value, $Levels)
    $shownObjects.Left -= 1
    if ($null -eq $Value -or $shownObjects.Left -lt 0) { return $null }
    if ($Value -is [string] -or $Value -is [bool]) { return $Value.PSObject.BaseObject }
    if ($Value -is [enum] -or $Value -is [char]) { return $Value.ToString() }
    if ($Value -is [datetime] -or $Value -is [System.DateTimeOffset]) { return $Value.ToString('o') }
    if ($Value -is [double] -or $Value -is [single]) {
        if ([double]::IsNaN($Value) -or [double]::IsInfinity($Value)) { return $Value.ToString([cultureinfo]::InvariantCulture) }
        return $Value.PSObject.BaseObject
    }
    if ($Value -is [decimal] -or ($Value -is [System.ValueType] -and $Value.GetType().IsPrimitive)) { return $Value.PSObject.BaseObject }
    if ($Levels -eq 0 -or $Value -is [System.ValueType] -or $Value -is [type] -or $Value -is [uri] -or $Value -is [version]) { return "$Value" }
    if ($Value -is [System.Collections.IDictionary]) {
        $made = [ordered]@{}
        foreach ($key in @($Value.Keys)) {
            if ($shownObjects.Left -le 0) { break }
            $made["$key"] = & $shownObjects.Simplify $Value[$key] ($Levels - 1)
        }
        return $made
    }
    if ($Value -is [System.Collections.IList]) {
        $items = [System.Collections.ArrayList]::new()
        foreach ($item in $Value) {
            if ($shownObjects.Left -le 0) { break }
            $null = $items.Add((& $shownObjects.Simplify $item ($Levels - 1)))
        }
        return , $items.ToArray()
    }
    $isData = $Value -is [System.Management.Automation.PSCustomObject]
    # Getters of living objects cost what they cost: below the top only data is opened.
    if (-not $isData -and $Levels -lt 4) { return "$Value" }
    $shown = if (-not $isData -and $Value.PSStandardMembers.DefaultDisplayPropertySet) { $Value.PSStandardMembers.DefaultDisplayPropertySet.ReferencedPropertyNames }
    $made = [ordered]@{}
    foreach ($property in $Value.PSObject.Properties) {
        if ($shownObjects.Left -le 0) { break }
        if ($null -ne $shown -and $shown -notcontains $property.Name) { continue }
        $made[$property.Name] = try { & $shownObjects.Simplify $property.Value ($Levels - 1) } catch { $global:Error.RemoveAt(0); $null }
    }
    $made
}
# The objects of the record that comes next, ahead of it: one as it is, several (PowerShell looks at the first rows of a
# table together) as an array.
$table.WriteValue = {
    $json = try {
        $shownObjects.Left = 1000
        # What a Format- command makes is how to show something, and no data.
        if ($Pending[0].GetType().Namespace -eq 'Microsoft.PowerShell.Commands.Internal.Format') { $Pending.Clear(); return }
        $simple = @(foreach ($one in $Pending) { , (& $shownObjects.Simplify $one 4) })
        if ($simple.Count -eq 1) { $simple = $simple[0] }
        if ($null -ne $simple) { Microsoft.PowerShell.Utility\ConvertTo-Json -InputObject $simple -Compress -Depth 10 }
    } catch { $global:Error.RemoveAt(0) }
    $Pending.Clear()
    if ($json -and $json.Length -le 32768) {
        $Writer.Write([byte] 118)
        $Writer.Write([string] $json)
    }
}
# What the formatter has said at its end.
$table.WriteRest = {
    param($Lines)
    if ($Lines.Count -gt 0) {
        if ($Pending.Count -gt 0) { & $shownObjects.WriteValue }
        & $shownObjects.WriteText ($Lines -join "`n")
    }
    $Pending.Clear()
}
$table.WriteText = {
    param($Text)
    $Writer.Write([byte] 114)
    $Writer.Write([byte] 79)
    $Writer.Write([string] $Text)
    $Buffer.Flush()
}
$table
