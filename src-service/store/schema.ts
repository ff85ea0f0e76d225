/**
 * The tables, as both databases have them. A portable subset: text, integers, blobs; times are milliseconds since the epoch;
 * truth is 0 or 1; what is only ever read whole is JSON text. Ids are lower-case GUIDs. `…Key` columns are the lower-cased twin of a
 * name, because names are compared without case. Nothing here is a secret in the clear: keys and assets are sealed by the vault.
 */
import type { Generated, Selectable } from 'kysely';

export type Engine = 'sqlite' | 'postgres';

type Flag = 0 | 1;
type Milliseconds = number;
type Json = string;
/** Text that the vault made; see vault/vault.ts. */
type Sealed = string;

/** One row for each fact about this service as a whole. */
interface ServiceFactTable {
  name: string;
  value: string;
}

interface AccountTable {
  id: string;
  name: string;
  nameKey: string;
  primaryKey: Sealed;
  secondaryKey: Sealed;
  createdAt: Milliseconds;
}

interface WorkspaceTable {
  id: string;
  name: string;
  nameKey: string;
  primaryKey: Sealed;
  secondaryKey: Sealed;
  /** The one account it is linked to. */
  accountId: string | null;
  createdAt: Milliseconds;
}

interface AgentTable {
  workspaceId: string;
  machineId: string;
  machineName: string;
  /** SHA-256 of the agent's certificate, lower-case hex. */
  certificateSha256: string;
  version: string;
  operatingSystem: string;
  joinedAt: Milliseconds;
  lastSeenAt: Milliseconds;
}

interface PackTable {
  name: string;
  version: string;
  description: string;
  sha256: string;
  bytes: number;
  archive: Uint8Array;
  publishedAt: Milliseconds;
}

interface PackAssignmentTable {
  workspaceId: string;
  packName: string;
  packVersion: string;
  assignedAt: Milliseconds;
}

interface TokenTable {
  id: string;
  name: string;
  role: string;
  /** SHA-256 of the token, lower-case hex. The token itself is shown once and kept nowhere. */
  hash: string;
  createdAt: Milliseconds;
  revokedAt: Milliseconds | null;
}

interface RunbookTable {
  id: string;
  accountId: string;
  name: string;
  nameKey: string;
  kind: string;
  description: string;
  /** What becomes of a job whose attempt was lost: `restart` or `never`. */
  rerun: string;
  logVerbose: Flag;
  logDebug: Flag;
  logProgress: Flag;
  draftVersionId: string | null;
  publishedVersionId: string | null;
  createdAt: Milliseconds;
  changedAt: Milliseconds;
}

/** A version is never changed once it was published; the draft is the one version that is. */
interface RunbookVersionTable {
  id: string;
  runbookId: string;
  accountId: string;
  definition: string;
  /** What the script declares: `Declaration` of parameters/declaration.ts. */
  parameters: Json;
  /** For workflows: `WorkflowVerdict` of src-contract/rest/runbooks.ts; null where nobody has judged. */
  verdict: Json | null;
  createdAt: Milliseconds;
  publishedAt: Milliseconds | null;
}

interface GroupTable {
  accountId: string;
  name: string;
  nameKey: string;
  /** Run-as credential asset. */
  credentialName: string | null;
  createdAt: Milliseconds;
}

interface WorkerTable {
  accountId: string;
  machineId: string;
  machineName: string;
  groupName: string;
  groupKey: string;
  ipAddress: string | null;
  operatingSystem: string | null;
  /** SHA-1 of the certificate, upper-case hex: the protocol's look-up key, never the proof. */
  thumbprint: string;
  certificateSha256: string | null;
  /** After a rotation both certificates are good until `previousUntil`. */
  previousThumbprint: string | null;
  previousSha256: string | null;
  previousUntil: Milliseconds | null;
  /** The token that the worker brought last; null before the first. See agent-api/turn-taking.ts. */
  turnNumber: number | null;
  turnNonce: string | null;
  /** How often somebody has come with an older one, and when last. */
  turnStrikes: number;
  turnStruckAt: Milliseconds | null;
  /** Two machines have this identity. */
  clonedAt: Milliseconds | null;
  registeredAt: Milliseconds;
  lastSeenAt: Milliseconds | null;
  version: string | null;
  /** Runbook kind names, or null for a worker that declares none. */
  kinds: Json | null;
  readiness: string | null;
  freeSlots: number | null;
  slotLimit: number | null;
  /** Its workflows are translated for PowerShell 7: it has no Windows PowerShell 5.1. */
  translatesWorkflows: Flag;
  /** Does it hold its calls (`Prefer: wait`)? Decides how soon a silent attempt is given up. */
  holdsCalls: Flag;
}

interface JobTable {
  id: string;
  accountId: string;
  /** The caller's name for it; equal to `id` unless the caller chose another. */
  name: string;
  nameKey: string;
  /** SHA-256 of what the caller sent, so that the same request twice is one job. */
  requestHash: string;
  runbookId: string;
  runbookVersionId: string;
  runbookName: string;
  kind: string;
  isDraft: Flag;
  groupName: string;
  groupKey: string;
  /** `WireParameter[]`. */
  parameters: Json;
  rerun: string;
  logVerbose: Flag;
  logDebug: Flag;
  logProgress: Flag;
  status: string;
  statusDetails: string | null;
  exception: string | null;
  startedBy: string;
  triggerSource: number;
  /** How many attempts there were, the current one included. */
  attemptCount: number;
  /** How many there were when it was last resumed: those do not count as lost. */
  attemptsBefore: number;
  /** A workflow that only Windows PowerShell 5.1 can run. */
  needsNativeWorkflow: Flag;
  /** No other worker may take it. */
  onlyMachineId: string | null;
  /** The attempt that has the job now; null while it waits in the queue and after its end. */
  currentSandboxId: string | null;
  lastMachineId: string | null;
  queuedAt: Milliseconds;
  stopRequestedAt: Milliseconds | null;
  createdAt: Milliseconds;
  startedAt: Milliseconds | null;
  endedAt: Milliseconds | null;
  lastModifiedAt: Milliseconds;
  lastStatusModifiedAt: Milliseconds;
  /** Does the service have every record of the attempt that ended the job? null: not ended, or the worker did not say. */
  verified: Flag | null;
}

interface AttemptTable {
  sandboxId: string;
  jobId: string;
  accountId: string;
  number: number;
  machineId: string;
  machineName: string;
  holdsCalls: Flag;
  /** SHA-256 of the sandbox secret, lower-case hex: finds the sandbox behind a bearer token, gives nobody the secret. */
  secretHash: string;
  createdAt: Milliseconds;
  /** When the sandbox action was last handed to the worker. */
  handedOutAt: Milliseconds;
  /** When the sandbox first asked for its job actions. */
  calledInAt: Milliseconds | null;
  activatedAt: Milliseconds | null;
  startedAt: Milliseconds | null;
  endedAt: Milliseconds | null;
  unloadedAt: Milliseconds | null;
  /** The last authenticated call of this attempt; written some seconds late. */
  lastSeenAt: Milliseconds;
  fenced: Flag;
  outcome: string | null;
  reason: string | null;
  /** What the sandbox reported with its end: `AttemptReport`. */
  report: Json | null;
  verified: Flag | null;
  /** Records held without a gap, and the journal's hash chain there (64 hex digits). */
  recordCount: number;
  chain: string;
  chunkCount: number;
  recordBytes: number;
}

interface CheckpointTable {
  jobId: string;
  sandboxId: string;
  /** `checkpoint` or `suspend`. */
  kind: string;
  line: number;
  /** CLIXML. */
  content: Sealed;
  createdAt: Milliseconds;
}

interface JobMessageTable {
  id: string;
  sandboxId: string;
  jobId: string;
  /** `activate` or `stop`. */
  kind: string;
  createdAt: Milliseconds;
  visibleAt: Milliseconds;
  popReceipt: string | null;
}

/** A row for each upload, not for each record: ten million lines are some thousand rows. */
interface RecordChunkTable {
  sandboxId: string;
  /** 0, 1, 2 … within the attempt. */
  number: number;
  firstSeq: number;
  recordCount: number;
  /** Bit per stream that the chunk may hold; see store/stream-mask.ts. */
  streamMask: number;
  /** `frames` (journal frames) or `lines` (JSON records, one a line). */
  format: string;
  /** `gzip` or `plain`. */
  encoding: string;
  /** The chain before the first frame; null for `lines`. */
  chainBefore: string | null;
  /** The poster's own sequence number, for `lines` of foreign workers: a repeated post is stored once. */
  foreignSeq: number | null;
  body: Uint8Array;
  receivedAt: Milliseconds;
}

interface AssetTable {
  accountId: string;
  /** `variable`, `credential`, `connection` or `certificate`. */
  kind: string;
  name: string;
  nameKey: string;
  description: string;
  /** For variables: never set back to 0. */
  isEncrypted: Flag;
  /** The asset's content as sealed JSON; the shapes stand in vault/asset-content.ts. */
  content: Sealed;
  createdAt: Milliseconds;
  changedAt: Milliseconds;
}

/** A ring: the oldest go when there are too many. */
interface TraceTable {
  id: Generated<number>;
  accountId: string;
  machineId: string | null;
  eventId: number;
  text: string;
  receivedAt: Milliseconds;
}

/** Signatures seen within the clock tolerance: each is accepted once. */
interface UsedSignatureTable {
  hash: string;
  usedAt: Milliseconds;
}

export interface Tables {
  serviceFacts: ServiceFactTable;
  accounts: AccountTable;
  workspaces: WorkspaceTable;
  agents: AgentTable;
  packs: PackTable;
  packAssignments: PackAssignmentTable;
  tokens: TokenTable;
  runbooks: RunbookTable;
  runbookVersions: RunbookVersionTable;
  groups: GroupTable;
  workers: WorkerTable;
  jobs: JobTable;
  attempts: AttemptTable;
  checkpoints: CheckpointTable;
  jobMessages: JobMessageTable;
  recordChunks: RecordChunkTable;
  assets: AssetTable;
  traces: TraceTable;
  usedSignatures: UsedSignatureTable;
}

export type Row<Name extends keyof Tables> = Selectable<Tables[Name]>;
