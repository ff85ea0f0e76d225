# What the host needs for a job that brings parameters, or comes to a process that was there before it and so could not be given its environment.

# Each line: a kind, a name, a value in base64 of UTF-8, with tabs between. Arrays and objects: what is in them follows, up to an end.
# Read without ConvertFrom-Json, which takes some texts for dates.
function Read-Parameters([string] $File) {
    $parameters = @{}
    $open = [System.Collections.Stack]::new()
    foreach ($line in [System.IO.File]::ReadAllLines($File)) {
        $kind, $name, $encoded = $line.Split("`t")
        $text = [System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($encoded))
        $value = switch -CaseSensitive ($kind) {
            'environment' { [System.Environment]::SetEnvironmentVariable($name, $text); continue }
            'array' { $open.Push(@($name, [System.Collections.ArrayList]::new())); continue }
            'object' { $open.Push(@($name, [System.Collections.Specialized.OrderedDictionary]::new([System.StringComparer]::Ordinal))); continue }
            'string' { $text }
            'boolean' { $text -eq 'true' }
            'null' { $null }
            'credential' {
                $userName, $secret = $text.Split(' ') | ForEach-Object { [System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String($_)) }
                $password = [securestring]::new()
                foreach ($character in "$secret".ToCharArray()) { $password.AppendChar($character) }
                [pscredential]::new($userName, $password)
            }
            'integer' { [long] $text }
            'number' { [double]::Parse($text, [System.Globalization.CultureInfo]::InvariantCulture) }
            'end' {
                $name, $made = $open.Pop()
                if ($made -is [System.Collections.ArrayList]) { , $made.ToArray() }
                # No object has a property without a name, or two that differ in case alone: there it stays a dictionary.
                elseif ($made.Contains('') -or [System.Collections.Generic.HashSet[string]]::new([string[]] @($made.Keys), [System.StringComparer]::OrdinalIgnoreCase).Count -lt $made.Count) { $made }
                else { [pscustomobject] $made }
            }
        }
        if ($kind -ceq 'environment' -or $kind -ceq 'array' -or $kind -ceq 'object') { continue }
        $holder = if ($open.Count -gt 0) { , $open.Peek()[1] } else { $parameters }
        if ($holder -is [System.Collections.ArrayList]) { $null = $holder.Add($value) } else { $holder[$name] = $value }
    }
    [System.IO.File]::Delete($File)
    $parameters
}

# A parameter that is declared as a hashtable gets one for an object.
function Convert-Parameters([string] $Script, [hashtable] $Parameters) {
    if ([System.IO.File]::ReadAllText($Script) -notmatch 'hashtable') { return }
    $tokens = $problems = $null
    $tree = [System.Management.Automation.Language.Parser]::ParseFile($Script, [ref] $tokens, [ref] $problems)
    if ($null -eq $tree.ParamBlock) { return }
    foreach ($declared in $tree.ParamBlock.Parameters) {
        $name = $declared.Name.VariablePath.UserPath
        if (-not $Parameters.ContainsKey($name)) { continue }
        $value = $Parameters[$name]
        if ($declared.StaticType -eq [hashtable] -and $value -is [System.Management.Automation.PSCustomObject]) {
            $table = @{}
            foreach ($property in $value.PSObject.Properties) { $table[$property.Name] = $property.Value }
            $Parameters[$name] = $table
        }
    }
}
