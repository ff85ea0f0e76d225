@{
    RootModule           = 'HybridRegistration.psm1'
    ModuleVersion        = '1.1.0'
    GUID                 = '5d0c5f0e-3c0b-4f0e-9a4e-6a1d3b6f2c71'
    Author               = 'The Hybrid Runbook Worker authors'
    Copyright            = '(c) The Hybrid Runbook Worker authors. MIT License.'
    Description          = 'Registers this machine as a hybrid runbook worker, and removes it again.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    FunctionsToExport    = @(
        'Add-HybridRunbookWorker', 'Remove-HybridRunbookWorker', 'Get-HybridRunbookWorker', 'Set-HybridRunbookWorkerSignatureValidation'
    )
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
}
