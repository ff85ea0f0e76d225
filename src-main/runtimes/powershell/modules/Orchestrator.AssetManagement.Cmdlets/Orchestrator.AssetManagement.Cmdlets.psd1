@{
    RootModule           = 'Orchestrator.AssetManagement.Cmdlets.psm1'
    ModuleVersion        = '1.0.0'
    GUID                 = '0f6a6f0c-6f0e-4d55-9c40-2b8f6f4c1f3a'
    Author               = 'The Hybrid Runbook Worker authors'
    Copyright            = '(c) The Hybrid Runbook Worker authors. MIT License.'
    Description          = 'The assets of the automation account, and other runbooks of it, for a runbook that runs on a hybrid worker.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    # Written out, so that PowerShell finds them by name without reading the module.
    FunctionsToExport    = @(
        'Get-AutomationVariable', 'Set-AutomationVariable', 'Get-AutomationPSCredential', 'Get-AutomationConnection',
        'Get-AutomationCertificate', 'Start-AutomationRunbook', 'Wait-AutomationJob'
    )
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
}
