# For errors that come from asking somebody: what was asked. The host and the sink each make a script block of this text.
param($Failure)
if ("$($Failure.Exception)" -notmatch 'ConsoleHostUserInterface\.|ConsoleHostRawUserInterface\.') { return }
$asked = "$($Failure.InvocationInfo.Line)".Trim()
"The runbook asked ($asked), and nobody is there to answer. Give it a parameter or an asset instead."
