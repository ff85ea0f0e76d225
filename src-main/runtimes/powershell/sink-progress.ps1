# Progress does not pass through the pipeline. This is called on its thread, where the record is produced.
param($Progress, $Writer, $Buffer)
$Progress.add_DataAdded({
        param($Source)
        foreach ($one in $Source.ReadAll()) {
            $Writer.Write([byte] 103)
            $Writer.Write([int] $one.ActivityId)
            $Writer.Write([byte] $(if ($one.RecordType -eq 'Completed') { 1 } else { 0 }))
            $Writer.Write([int] $one.PercentComplete)
            $Writer.Write([string] $one.Activity)
            $Writer.Write([string] $(if ($one.CurrentOperation) { "$($one.StatusDescription): $($one.CurrentOperation)" } else { $one.StatusDescription }))
        }
        $Buffer.Flush()
    }.GetNewClosure())
