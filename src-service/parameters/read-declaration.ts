/** A runbook's parameters, by its kind. */
import type { RunbookKind } from '../../src-contract/kinds.ts';
import type { DeclarationReading } from './declaration.ts';
import { batchComment, hashComment, readHeaderDeclaration } from './header-declaration.ts';
import { readPowerShellDeclaration } from './powershell-declaration.ts';

export async function readDeclaration(kind: RunbookKind, runbookName: string, script: string): Promise<DeclarationReading> {
  switch (kind) {
    case 'PowerShell':
    case 'PowerShell7':
      return readPowerShellDeclaration({ script, workflowName: undefined });
    case 'PowerShellWorkflow':
      return readPowerShellDeclaration({ script, workflowName: runbookName });
    case 'Python3':
    case 'Bash':
      return readHeaderDeclaration(script, hashComment);
    case 'Batch':
      return readHeaderDeclaration(script, batchComment);
  }
}
