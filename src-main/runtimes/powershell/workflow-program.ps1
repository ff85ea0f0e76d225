# Makes a program of a workflow's body: a flat list of instructions for workflow-machine.ps1. What needs no following (no checkpoint, nothing
# parallel inside) stays whole and runs as PowerShell's own; only statements on the way to something that does are taken apart. A place in
# the list, the turns of the loops around it and the variables are thus all that a checkpoint has to keep.
#
# Every leaf is made of copies of the author's own syntax nodes, so that errors carry the author's file, line and column.
using namespace System.Management.Automation.Language

function New-Program([StatementAst[]] $Statements) {
    $c = @{ Code = [System.Collections.Generic.List[object]]::new(); Slots = 0; Loops = @(); Tries = @(); Captures = 0; Caught = $null; End = @{ At = -1 } }
    Add-Statements $c $Statements
    Set-Label $c $c.End
    @{ Code = $c.Code.ToArray() }
}

function Add-Code($c, [string] $Op, [hashtable] $Fields = @{}) {
    $Fields.Op = $Op
    $c.Code.Add($Fields)
}

function Set-Label($c, $Label) { $Label.At = $c.Code.Count }

function New-Slot($c) { $c.Slots += 1; $c.Slots }

# Script blocks made of the author's nodes.
function New-Block([IScriptExtent] $Extent, [StatementAst[]] $Statements, [ParamBlockAst] $Parameters = $null) {
    [ScriptBlockAst]::new($Extent, $Parameters, [StatementBlockAst]::new($Extent, $Statements, $null), $false)
}

function New-Leaf([StatementAst[]] $Statements) {
    New-Block $Statements[0].Extent ([StatementAst[]] @($Statements | ForEach-Object { $_.Copy() }))
}

function New-ExpressionStatement([ExpressionAst] $Expression) {
    [PipelineAst]::new($Expression.Extent, [CommandExpressionAst]::new($Expression.Extent, $Expression, $null))
}

# The value itself, not what a pipeline would make of it: `,(…)` for collections, `-not (…)` for conditions.
function New-ValueLeaf([PipelineBaseAst] $Pipeline) {
    $inner = [ExpressionAst[]] @([ParenExpressionAst]::new($Pipeline.Extent, $Pipeline.Copy()))
    New-Block $Pipeline.Extent @(New-ExpressionStatement ([ArrayLiteralAst]::new($Pipeline.Extent, $inner)))
}

function New-NotLeaf([PipelineBaseAst] $Pipeline) {
    $inner = [ParenExpressionAst]::new($Pipeline.Extent, $Pipeline.Copy())
    New-Block $Pipeline.Extent @(New-ExpressionStatement ([UnaryExpressionAst]::new($Pipeline.Extent, [TokenKind]::Not, $inner)))
}

# Has the machine to enter this statement?
function Test-Special([StatementAst] $Statement) {
    $found = $Statement.Find({
            param($node)
            if ($node -is [BlockStatementAst] -or $node -is [ReturnStatementAst] -or (Test-Parallel $node)) { return $true }
            if ($node -is [AssignmentStatementAst] -or $node -is [UnaryExpressionAst]) { return (Test-Counting $node) }
            if ($node -is [CommandAst]) { return $node.GetCommandName() -in 'Checkpoint-Workflow', 'Suspend-Workflow' }
            if ($node -is [BreakStatementAst] -or $node -is [ContinueStatementAst]) { return -not (Test-Inside $node $Statement) }
            $node -is [ThrowStatementAst] -and $null -eq $node.Pipeline -and -not (Test-Caught $node $Statement)
        }, $false)
    $null -ne $found
}

function Test-Inside($Jump, $Statement) {
    if ($Jump -eq $Statement) { return $false }
    $label = if ($null -ne $Jump.Label) { $Jump.Label.Value }
    for ($outer = $Jump.Parent; $null -ne $outer; $outer = $outer.Parent) {
        if ($outer -is [LabeledStatementAst] -and (-not $label -or $outer.Label -eq $label)) { return $true }
        if ($outer -eq $Statement) { return $false }
    }
    $false
}

# $workflow:sum += …, $workflow:count++ in a branch: what another branch wrote meanwhile must not be lost.
function Test-Counting([Ast] $Node) {
    $target = if ($Node -is [AssignmentStatementAst]) { $Node.Left } else { $Node.Child }
    if ($target -isnot [VariableExpressionAst] -or $target.VariablePath.DriveName -ne 'workflow') { return $false }
    if ($Node -is [AssignmentStatementAst] -and $Node.Operator -eq 'Equals') { return $false }
    if ($Node -is [UnaryExpressionAst] -and $Node.TokenKind -notlike '*PlusPlus' -and $Node.TokenKind -notlike '*MinusMinus') { return $false }
    for ($outer = $Node.Parent; $null -ne $outer; $outer = $outer.Parent) { if (Test-Parallel $outer) { return $true } }
    $false
}

function Test-Caught($Throw, $Statement) {
    if ($Throw -eq $Statement) { return $false }
    for ($outer = $Throw.Parent; $null -ne $outer; $outer = $outer.Parent) {
        if ($outer -is [CatchClauseAst]) { return $true }
        if ($outer -eq $Statement) { return $false }
    }
    $false
}

function Add-Statements($c, [StatementAst[]] $Statements) {
    $plain = [System.Collections.Generic.List[StatementAst]]::new()
    foreach ($statement in $Statements) {
        # Other workflows are there already, as commands.
        if ($statement -is [FunctionDefinitionAst] -and $statement.IsWorkflow) { continue }
        if (-not (Test-Special $statement)) { $plain.Add($statement); continue }
        if ($plain.Count -gt 0) { Add-Code $c run @{ Leaf = New-Leaf $plain.ToArray() }; $plain.Clear() }
        Add-Special $c $statement
    }
    if ($plain.Count -gt 0) { Add-Code $c run @{ Leaf = New-Leaf $plain.ToArray() } }
}

function Add-Special($c, [StatementAst] $Statement) {
    switch ($Statement.GetType().Name) {
        BlockStatementAst {
            if ($Statement.Kind.Kind -eq 'Sequence') { Add-Statements $c $Statement.Body.Statements }
            else { Add-Code $c parallel @{ Branches = @($Statement.Body.Statements | ForEach-Object { New-Program @($_) }) } }
        }
        PipelineAst {
            $first = $Statement.PipelineElements[0]
            if ($first -is [CommandAst]) { Add-Keeper $c $first }
            else { Add-Code $c locked @{ Leaf = New-Leaf @($Statement) } }
        }
        AssignmentStatementAst { Add-Assignment $c $Statement }
        IfStatementAst { Add-If $c $Statement }
        SwitchStatementAst { Add-Switch $c $Statement }
        ForEachStatementAst { if (Test-Parallel $Statement) { Add-Fan $c $Statement } else { Add-ForEach $c $Statement } }
        ForStatementAst {
            if ($null -ne $Statement.Initializer) { Add-Code $c run @{ Leaf = New-Leaf @($Statement.Initializer) } }
            Add-Loop $c $Statement $Statement.Condition $Statement.Iterator
        }
        WhileStatementAst { Add-Loop $c $Statement $Statement.Condition $null }
        DoWhileStatementAst { Add-Do $c $Statement $false }
        DoUntilStatementAst { Add-Do $c $Statement $true }
        TryStatementAst { Add-Try $c $Statement }
        ReturnStatementAst {
            if ($null -ne $Statement.Pipeline) { Add-Code $c run @{ Leaf = New-Leaf @($Statement.Pipeline) } }
            Add-Jump $c $c.End 0 0
        }
        ThrowStatementAst {
            if ($null -ne $c.Caught) { Add-Code $c rethrow @{ Slot = $c.Caught } }
            else { Add-Code $c run @{ Leaf = New-Leaf @($Statement) } }
        }
        { $_ -in 'BreakStatementAst', 'ContinueStatementAst' } {
            $label = if ($null -ne $Statement.Label) { $Statement.Label.Value }
            for ($at = $c.Loops.Count - 1; $at -gt 0 -and $label -and $c.Loops[$at].Label -ne $label; $at--) { }
            $loop = $c.Loops[$at]
            $target = if ($Statement -is [BreakStatementAst]) { $loop.Exit } else { $loop.Next }
            Add-Jump $c $target $loop.Tries $loop.Captures
        }
        default { throw "A $_ cannot be entered" }
    }
}

function Add-Keeper($c, [CommandAst] $Command) {
    $op = if ($Command.GetCommandName() -eq 'Suspend-Workflow') { 'suspend' } else { 'checkpoint' }
    Add-Code $c $op @{ Line = $Command.Extent.StartLineNumber }
}

function Add-Assignment($c, [AssignmentStatementAst] $Statement) {
    $isCounting = Test-Counting $Statement
    if ($isCounting -and -not (Test-Special $Statement.Right)) {
        $pipeline = if ($Statement.Right -is [PipelineBaseAst]) { $Statement.Right } else { [PipelineAst]::new($Statement.Right.Extent, $Statement.Right.Copy()) }
        Add-Code $c value @{ Leaf = New-ValueLeaf $pipeline }
    } else {
        Add-Code $c capture
        $c.Captures += 1
        Add-Special $c $Statement.Right
        $c.Captures -= 1
        Add-Code $c captured
    }
    $value = [VariableExpressionAst]::new($Statement.Right.Extent, '__workflowValue', $false)
    $right = [CommandExpressionAst]::new($value.Extent, $value, $null)
    $assignment = [AssignmentStatementAst]::new($Statement.Extent, $Statement.Left.Copy(), $Statement.Operator, $right, $Statement.ErrorPosition)
    Add-Code $c $(if ($isCounting) { 'locked' } else { 'run' }) @{ Leaf = New-Block $Statement.Extent @($assignment) }
}

function Add-If($c, [IfStatementAst] $Statement) {
    $end = @{ At = -1 }
    foreach ($clause in $Statement.Clauses) {
        $next = @{ At = -1 }
        Add-Code $c test @{ Leaf = New-NotLeaf $clause.Item1; JumpWhen = $true; To = $next }
        Add-Statements $c $clause.Item2.Statements
        Add-Code $c jump @{ To = $end }
        Set-Label $c $next
    }
    if ($null -ne $Statement.ElseClause) { Add-Statements $c $Statement.ElseClause.Statements }
    Set-Label $c $end
}

function Open-Loop($c, [LabeledStatementAst] $Statement) {
    $loop = @{ Label = $Statement.Label; Exit = @{ At = -1 }; Next = @{ At = -1 }; Tries = $c.Tries.Count; Captures = $c.Captures }
    $c.Loops += $loop
    $loop
}

function Close-Loop($c, $Loop) {
    Set-Label $c $Loop.Exit
    $c.Loops = @($c.Loops | Select-Object -SkipLast 1)
}

function Add-Loop($c, [LoopStatementAst] $Statement, $Condition, $Iterator) {
    $loop = Open-Loop $c $Statement
    $start = @{ At = -1 }
    Set-Label $c $start
    if ($null -ne $Condition) { Add-Code $c test @{ Leaf = New-NotLeaf $Condition; JumpWhen = $true; To = $loop.Exit } }
    Add-Statements $c $Statement.Body.Statements
    Set-Label $c $loop.Next
    if ($null -ne $Iterator) { Add-Code $c run @{ Leaf = New-Leaf @($Iterator) } }
    Add-Code $c jump @{ To = $start }
    Close-Loop $c $loop
}

function Add-Do($c, [LoopStatementAst] $Statement, [bool] $EndsWhenTrue) {
    $loop = Open-Loop $c $Statement
    $start = @{ At = -1 }
    Set-Label $c $start
    Add-Statements $c $Statement.Body.Statements
    Set-Label $c $loop.Next
    Add-Code $c test @{ Leaf = New-NotLeaf $Statement.Condition; JumpWhen = $EndsWhenTrue; To = $start }
    Close-Loop $c $loop
}

function Add-ForEach($c, [ForEachStatementAst] $Statement) {
    $slot = New-Slot $c
    Add-Code $c items @{ Leaf = New-ValueLeaf $Statement.Condition; Slot = $slot; NullCounts = $false }
    $loop = Open-Loop $c $Statement
    Set-Label $c $loop.Next
    Add-Code $c next @{ Slot = $slot; Variable = $Statement.Variable.VariablePath.UserPath; To = $loop.Exit }
    Add-Statements $c $Statement.Body.Statements
    Add-Code $c jump @{ To = $loop.Next }
    Close-Loop $c $loop
}

# PowerShell's own switch says which clauses an item meets; the machine then enters those.
function Add-Switch($c, [SwitchStatementAst] $Statement) {
    $items = New-Slot $c
    $picks = New-Slot $c
    Add-Code $c items @{ Leaf = New-ValueLeaf $Statement.Condition; Slot = $items; NullCounts = $true }
    $loop = Open-Loop $c $Statement
    $pick = @{ At = -1 }
    $clauses = @($Statement.Clauses | ForEach-Object { @{ At = -1 } }) + @(@{ At = -1 })
    Set-Label $c $loop.Next
    Add-Code $c next @{ Slot = $items; Variable = $null; To = $loop.Exit }
    Add-Code $c picks @{ Leaf = New-PickLeaf $Statement; Slot = $picks; Items = $items }
    Set-Label $c $pick
    Add-Code $c pick @{ Slot = $picks; Items = $items; Clauses = $clauses; To = $loop.Next }
    $bodies = @($Statement.Clauses | ForEach-Object { $_.Item2 }) + @($Statement.Default)
    for ($at = 0; $at -lt $bodies.Count; $at++) {
        Set-Label $c $clauses[$at]
        if ($null -ne $bodies[$at]) { Add-Statements $c $bodies[$at].Statements }
        Add-Code $c jump @{ To = $pick }
    }
    Close-Loop $c $loop
}

function New-PickLeaf([SwitchStatementAst] $Statement) {
    $extent = $Statement.Condition.Extent
    $item = [ExpressionAst[]] @([VariableExpressionAst]::new($extent, '__workflowItem', $false))
    $condition = New-ExpressionStatement ([ArrayLiteralAst]::new($extent, $item))
    $answer = { param($number) [StatementBlockAst]::new($extent, [StatementAst[]] @(New-ExpressionStatement ([ConstantExpressionAst]::new($extent, $number))), $null) }
    $clauses = [System.Collections.Generic.List[Tuple[ExpressionAst, StatementBlockAst]]]::new()
    foreach ($clause in $Statement.Clauses) {
        $clauses.Add([Tuple[ExpressionAst, StatementBlockAst]]::new($clause.Item1.Copy(), (& $answer $clauses.Count)))
    }
    $flags = $Statement.Flags -band -bnot [SwitchFlags]::Parallel
    $switch = [SwitchStatementAst]::new($Statement.Extent, $null, $condition, $flags, $clauses, (& $answer $clauses.Count))
    New-Block $Statement.Extent @($switch)
}

function Add-Fan($c, [ForEachStatementAst] $Statement) {
    $throttle = $null
    if ($null -ne $Statement.ThrottleLimit) { $throttle = New-Block $Statement.ThrottleLimit.Extent @(New-ExpressionStatement $Statement.ThrottleLimit.Copy()) }
    $fields = @{ Leaf = New-ValueLeaf $Statement.Condition; Variable = $Statement.Variable.VariablePath.UserPath; Throttle = $throttle }
    $fields.Body = New-Program $Statement.Body.Statements
    Add-Code $c fan $fields
}

function Add-Try($c, [TryStatementAst] $Statement) {
    $end = @{ At = -1 }
    $onFinally = @{ At = -1 }
    $outer = $c.Tries
    if ($null -ne $Statement.Finally) {
        Add-Code $c try @{ To = $onFinally }
        $c.Tries += @{ Finally = $Statement.Finally }
    }
    if ($Statement.CatchClauses.Count -gt 0) { Add-Caught $c $Statement } else { Add-Statements $c $Statement.Body.Statements }
    if ($null -ne $Statement.Finally) {
        $c.Tries = $outer
        Add-Code $c endtry
        Add-Statements $c $Statement.Finally.Statements
        Add-Code $c jump @{ To = $end }
        $slot = New-Slot $c
        Set-Label $c $onFinally
        Add-Code $c caught @{ Slot = $slot; Catches = @() ; To = $null }
        Add-Statements $c $Statement.Finally.Statements
        Add-Code $c rethrow @{ Slot = $slot }
    }
    Set-Label $c $end
}

function Add-Caught($c, [TryStatementAst] $Statement) {
    $end = @{ At = -1 }
    $onError = @{ At = -1 }
    $outer = $c.Tries
    $caughtBefore = $c.Caught
    Add-Code $c try @{ To = $onError }
    $c.Tries += @{ Finally = $null }
    Add-Statements $c $Statement.Body.Statements
    $c.Tries = $outer
    Add-Code $c endtry
    Add-Code $c jump @{ To = $end }
    $slot = New-Slot $c
    $nowhere = @{ At = -1 }
    $catches = @($Statement.CatchClauses | ForEach-Object { @{ Types = @($_.CatchTypes.TypeName | Where-Object { $null -ne $_ }); To = @{ At = -1 } } })
    Set-Label $c $onError
    Add-Code $c caught @{ Slot = $slot; Catches = $catches; To = $nowhere }
    for ($at = 0; $at -lt $catches.Count; $at++) {
        Set-Label $c $catches[$at].To
        $c.Caught = $slot
        Add-Statements $c $Statement.CatchClauses[$at].Body.Statements
        Add-Code $c jump @{ To = $end }
    }
    $c.Caught = $caughtBefore
    Set-Label $c $nowhere
    Add-Code $c rethrow @{ Slot = $slot }
    Set-Label $c $end
}

# Leaves everything between here and the target: ends its try statements, and runs what stands in their finally.
function Add-Jump($c, $Target, [int] $Tries, [int] $Captures) {
    $all = $c.Tries
    for ($at = $all.Count - 1; $at -ge $Tries; $at--) {
        $c.Tries = @($all | Select-Object -First $at)
        Add-Code $c endtry
        if ($null -ne $all[$at].Finally) { Add-Statements $c $all[$at].Finally.Statements }
    }
    $c.Tries = $all
    if ($c.Captures -gt $Captures) { Add-Code $c drop @{ Depth = $Captures } }
    Add-Code $c jump @{ To = $Target }
}
