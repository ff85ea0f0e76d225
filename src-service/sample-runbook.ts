/**
 * `Test-HybridWorker`: what a worker may start on itself to see that jobs run on it. It reads, prints and changes nothing. An account gets
 * it with the first such job, in a kind that the asking worker can run; one of that name that is there already is left as it is.
 */
import type { RunbookKind } from '../src-contract/kinds.ts';
import type { ServiceContext } from './context.ts';
import { readDeclaration } from './parameters/read-declaration.ts';
import { findRunbook, insertRunbook, publishDraft, putDraft, type Runbook } from './store/runbooks.ts';

export const testRunbookName = 'Test-HybridWorker';

const powershell = `# Says on which machine, as whom and in what it runs. Changes nothing.
"Machine: $([Environment]::MachineName)"
"User: $([Environment]::UserName)"
"System: $([Runtime.InteropServices.RuntimeInformation]::OSDescription)"
"PowerShell: $($PSVersionTable.PSVersion)"
"Folder: $(Get-Location)"
"Time: $((Get-Date).ToUniversalTime().ToString('o'))"
Write-Verbose 'Records of the stream Verbose arrive where the runbook logs them.'
'This worker runs jobs.'
`;

const python = `# Says on which machine, as whom and in what it runs. Changes nothing.
import datetime, getpass, os, platform
print("Machine:", platform.node())
print("User:", getpass.getuser())
print("System:", platform.platform())
print("Python:", platform.python_version())
print("Folder:", os.getcwd())
print("Time:", datetime.datetime.now(datetime.timezone.utc).isoformat())
print("This worker runs jobs.")
`;

const bash = `# Says on which machine, as whom and in what it runs. Changes nothing.
echo "Machine: $(hostname)"
echo "User: $(id -un)"
echo "System: $(uname -sr)"
echo "Bash: $BASH_VERSION"
echo "Folder: $PWD"
echo "Time: $(date -u +%Y-%m-%dT%H:%M:%SZ)"
echo "This worker runs jobs."
`;

/** The first that a worker can run. */
const samples: readonly { kind: RunbookKind; definition: string }[] = [
  { kind: 'PowerShell', definition: powershell },
  { kind: 'PowerShell7', definition: powershell },
  { kind: 'Python3', definition: python },
  { kind: 'Bash', definition: bash },
];

/** Undefined: there is none in the account, and none that a worker with these kinds could run. */
export async function ensureTestRunbook(
  { store, clock }: ServiceContext,
  accountId: string,
  kinds: readonly RunbookKind[],
): Promise<Runbook | undefined> {
  const there = await findRunbook(store.db, accountId, testRunbookName);
  const sample = samples.find(({ kind }) => kinds.includes(kind));
  if (there !== undefined || sample === undefined) return there;
  const { kind, definition } = sample;
  const reading = await readDeclaration(kind, testRunbookName, definition);
  if (reading.kind !== 'read') throw new Error(`the sample ${testRunbookName} cannot be read`);
  const description = 'Says on which machine, as whom and in what it runs. Workers may start it on themselves.';
  return store.write(async (tx) => {
    const settings = { description, rerun: 'never', logVerbose: true, logDebug: false, logProgress: false } as const;
    const made = await insertRunbook(tx, { accountId, name: testRunbookName, kind, ...settings }, clock.now());
    // Another worker's first job was a moment quicker.
    if (made === undefined) return findRunbook(tx.db, accountId, testRunbookName);
    await putDraft(tx, made.id, { definition, parameters: reading.declaration }, clock.now());
    await publishDraft(tx, made.id, clock.now());
    return findRunbook(tx.db, accountId, testRunbookName);
  });
}
