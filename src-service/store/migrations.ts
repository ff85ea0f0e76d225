/**
 * The tables' history, forward only. A migration that was released is never edited: add the next one.
 * A database that has run migrations which this version does not know belongs to a newer version and is refused.
 */
import { sql, type Kysely } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';
import type { Engine } from './schema.ts';

function first(engine: Engine): Migration {
  const blob = engine === 'postgres' ? 'bytea' : 'blob';
  return {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('serviceFacts')
        .addColumn('name', 'text', (column) => column.primaryKey())
        .addColumn('value', 'text', (column) => column.notNull())
        .execute();

      await db.schema
        .createTable('accounts')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('nameKey', 'text', (column) => column.notNull().unique())
        .addColumn('primaryKey', 'text', (column) => column.notNull())
        .addColumn('secondaryKey', 'text', (column) => column.notNull())
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .execute();

      await db.schema
        .createTable('workspaces')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('nameKey', 'text', (column) => column.notNull().unique())
        .addColumn('primaryKey', 'text', (column) => column.notNull())
        .addColumn('secondaryKey', 'text', (column) => column.notNull())
        .addColumn('accountId', 'text')
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .execute();

      await db.schema
        .createTable('agents')
        .addColumn('workspaceId', 'text', (column) => column.notNull())
        .addColumn('machineId', 'text', (column) => column.notNull())
        .addColumn('machineName', 'text', (column) => column.notNull())
        .addColumn('certificateSha256', 'text', (column) => column.notNull())
        .addColumn('version', 'text', (column) => column.notNull())
        .addColumn('operatingSystem', 'text', (column) => column.notNull())
        .addColumn('joinedAt', 'bigint', (column) => column.notNull())
        .addColumn('lastSeenAt', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('agentsKey', ['workspaceId', 'machineId'])
        .execute();
      await db.schema.createIndex('agentsByCertificate').on('agents').columns(['certificateSha256']).execute();

      await db.schema
        .createTable('packs')
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('version', 'text', (column) => column.notNull())
        .addColumn('description', 'text', (column) => column.notNull())
        .addColumn('sha256', 'text', (column) => column.notNull())
        .addColumn('bytes', 'bigint', (column) => column.notNull())
        .addColumn('archive', blob, (column) => column.notNull())
        .addColumn('publishedAt', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('packsKey', ['name', 'version'])
        .execute();

      await db.schema
        .createTable('packAssignments')
        .addColumn('workspaceId', 'text', (column) => column.notNull())
        .addColumn('packName', 'text', (column) => column.notNull())
        .addColumn('packVersion', 'text', (column) => column.notNull())
        .addColumn('assignedAt', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('packAssignmentsKey', ['workspaceId', 'packName'])
        .execute();

      await db.schema
        .createTable('tokens')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('role', 'text', (column) => column.notNull())
        .addColumn('hash', 'text', (column) => column.notNull().unique())
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .addColumn('revokedAt', 'bigint')
        .execute();

      await db.schema
        .createTable('runbooks')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('accountId', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('nameKey', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('description', 'text', (column) => column.notNull())
        .addColumn('rerun', 'text', (column) => column.notNull())
        .addColumn('logVerbose', 'integer', (column) => column.notNull())
        .addColumn('logDebug', 'integer', (column) => column.notNull())
        .addColumn('logProgress', 'integer', (column) => column.notNull())
        .addColumn('draftVersionId', 'text')
        .addColumn('publishedVersionId', 'text')
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .addColumn('changedAt', 'bigint', (column) => column.notNull())
        .addUniqueConstraint('runbooksByName', ['accountId', 'nameKey'])
        .execute();

      await db.schema
        .createTable('runbookVersions')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('runbookId', 'text', (column) => column.notNull())
        .addColumn('accountId', 'text', (column) => column.notNull())
        .addColumn('definition', 'text', (column) => column.notNull())
        .addColumn('parameters', 'text', (column) => column.notNull())
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .addColumn('publishedAt', 'bigint')
        .execute();
      await db.schema.createIndex('runbookVersionsByRunbook').on('runbookVersions').columns(['runbookId']).execute();

      await db.schema
        .createTable('groups')
        .addColumn('accountId', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('nameKey', 'text', (column) => column.notNull())
        .addColumn('credentialName', 'text')
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('groupsKey', ['accountId', 'nameKey'])
        .execute();

      await db.schema
        .createTable('workers')
        .addColumn('accountId', 'text', (column) => column.notNull())
        .addColumn('machineId', 'text', (column) => column.primaryKey())
        .addColumn('machineName', 'text', (column) => column.notNull())
        .addColumn('groupName', 'text', (column) => column.notNull())
        .addColumn('groupKey', 'text', (column) => column.notNull())
        .addColumn('ipAddress', 'text')
        .addColumn('operatingSystem', 'text')
        .addColumn('thumbprint', 'text', (column) => column.notNull().unique())
        .addColumn('certificateSha256', 'text')
        .addColumn('previousThumbprint', 'text')
        .addColumn('previousSha256', 'text')
        .addColumn('previousUntil', 'bigint')
        .addColumn('registeredAt', 'bigint', (column) => column.notNull())
        .addColumn('lastSeenAt', 'bigint')
        .addColumn('version', 'text')
        .addColumn('kinds', 'text')
        .addColumn('readiness', 'text')
        .addColumn('freeSlots', 'integer')
        .addColumn('slotLimit', 'integer')
        .addColumn('holdsCalls', 'integer', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('workersByGroup').on('workers').columns(['accountId', 'groupKey']).execute();
      await db.schema.createIndex('workersByPreviousThumbprint').on('workers').columns(['previousThumbprint']).execute();

      await db.schema
        .createTable('jobs')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('accountId', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('nameKey', 'text', (column) => column.notNull())
        .addColumn('requestHash', 'text', (column) => column.notNull())
        .addColumn('runbookId', 'text', (column) => column.notNull())
        .addColumn('runbookVersionId', 'text', (column) => column.notNull())
        .addColumn('runbookName', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('isDraft', 'integer', (column) => column.notNull())
        .addColumn('groupName', 'text', (column) => column.notNull())
        .addColumn('groupKey', 'text', (column) => column.notNull())
        .addColumn('parameters', 'text', (column) => column.notNull())
        .addColumn('rerun', 'text', (column) => column.notNull())
        .addColumn('logVerbose', 'integer', (column) => column.notNull())
        .addColumn('logDebug', 'integer', (column) => column.notNull())
        .addColumn('logProgress', 'integer', (column) => column.notNull())
        .addColumn('status', 'text', (column) => column.notNull())
        .addColumn('statusDetails', 'text')
        .addColumn('exception', 'text')
        .addColumn('startedBy', 'text', (column) => column.notNull())
        .addColumn('triggerSource', 'integer', (column) => column.notNull())
        .addColumn('attemptCount', 'integer', (column) => column.notNull())
        .addColumn('currentSandboxId', 'text')
        .addColumn('lastMachineId', 'text')
        .addColumn('queuedAt', 'bigint', (column) => column.notNull())
        .addColumn('stopRequestedAt', 'bigint')
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .addColumn('startedAt', 'bigint')
        .addColumn('endedAt', 'bigint')
        .addColumn('lastModifiedAt', 'bigint', (column) => column.notNull())
        .addColumn('lastStatusModifiedAt', 'bigint', (column) => column.notNull())
        .addColumn('verified', 'integer')
        .addUniqueConstraint('jobsByName', ['accountId', 'nameKey'])
        .execute();
      await db.schema.createIndex('jobsByAge').on('jobs').columns(['accountId', 'createdAt', 'id']).execute();
      await db.schema.createIndex('jobsByRunbook').on('jobs').columns(['runbookId']).execute();
      await db.schema.createIndex('jobsByRunbookVersion').on('jobs').columns(['runbookVersionId', 'createdAt']).execute();
      await db.schema.createIndex('jobsByLastChange').on('jobs').columns(['lastModifiedAt']).execute();
      // The queue is the few rows that are New and with nobody: a partial index stays small however many jobs have ended.
      await sql`create index ${sql.ref('jobsInQueue')} on ${sql.table('jobs')}
        (${sql.ref('accountId')}, ${sql.ref('groupKey')}, ${sql.ref('queuedAt')})
        where ${sql.ref('status')} = 'New' and ${sql.ref('currentSandboxId')} is null`.execute(db);

      await db.schema
        .createTable('attempts')
        .addColumn('sandboxId', 'text', (column) => column.primaryKey())
        .addColumn('jobId', 'text', (column) => column.notNull())
        .addColumn('accountId', 'text', (column) => column.notNull())
        .addColumn('number', 'integer', (column) => column.notNull())
        .addColumn('machineId', 'text', (column) => column.notNull())
        .addColumn('machineName', 'text', (column) => column.notNull())
        .addColumn('holdsCalls', 'integer', (column) => column.notNull())
        .addColumn('secretHash', 'text', (column) => column.notNull().unique())
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .addColumn('handedOutAt', 'bigint', (column) => column.notNull())
        .addColumn('calledInAt', 'bigint')
        .addColumn('activatedAt', 'bigint')
        .addColumn('startedAt', 'bigint')
        .addColumn('endedAt', 'bigint')
        .addColumn('unloadedAt', 'bigint')
        .addColumn('lastSeenAt', 'bigint', (column) => column.notNull())
        .addColumn('fenced', 'integer', (column) => column.notNull())
        .addColumn('outcome', 'text')
        .addColumn('reason', 'text')
        .addColumn('report', 'text')
        .addColumn('verified', 'integer')
        .addColumn('recordCount', 'bigint', (column) => column.notNull())
        .addColumn('chain', 'text', (column) => column.notNull())
        .addColumn('chunkCount', 'bigint', (column) => column.notNull())
        .addColumn('recordBytes', 'bigint', (column) => column.notNull())
        .addUniqueConstraint('attemptsByJob', ['jobId', 'number'])
        .execute();
      // Live attempts are few; ended ones are many and never searched by machine.
      await sql`create index ${sql.ref('attemptsAlive')} on ${sql.table('attempts')}
        (${sql.ref('machineId')}, ${sql.ref('lastSeenAt')}) where ${sql.ref('endedAt')} is null`.execute(db);

      await db.schema
        .createTable('jobMessages')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('sandboxId', 'text', (column) => column.notNull())
        .addColumn('jobId', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .addColumn('visibleAt', 'bigint', (column) => column.notNull())
        .addColumn('popReceipt', 'text')
        .execute();
      await db.schema.createIndex('jobMessagesBySandbox').on('jobMessages').columns(['sandboxId']).execute();

      await db.schema
        .createTable('recordChunks')
        .addColumn('sandboxId', 'text', (column) => column.notNull())
        .addColumn('number', 'bigint', (column) => column.notNull())
        .addColumn('firstSeq', 'bigint', (column) => column.notNull())
        .addColumn('recordCount', 'bigint', (column) => column.notNull())
        .addColumn('streamMask', 'integer', (column) => column.notNull())
        .addColumn('format', 'text', (column) => column.notNull())
        .addColumn('encoding', 'text', (column) => column.notNull())
        .addColumn('chainBefore', 'text')
        .addColumn('foreignSeq', 'bigint')
        .addColumn('body', blob, (column) => column.notNull())
        .addColumn('receivedAt', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('recordChunksKey', ['sandboxId', 'number'])
        .execute();
      await db.schema.createIndex('recordChunksBySeq').on('recordChunks').columns(['sandboxId', 'firstSeq']).execute();
      await sql`create unique index ${sql.ref('recordChunksByForeignSeq')} on ${sql.table('recordChunks')}
        (${sql.ref('sandboxId')}, ${sql.ref('foreignSeq')}) where ${sql.ref('foreignSeq')} is not null`.execute(db);

      await db.schema
        .createTable('assets')
        .addColumn('accountId', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('name', 'text', (column) => column.notNull())
        .addColumn('nameKey', 'text', (column) => column.notNull())
        .addColumn('description', 'text', (column) => column.notNull())
        .addColumn('isEncrypted', 'integer', (column) => column.notNull())
        .addColumn('content', 'text', (column) => column.notNull())
        .addColumn('createdAt', 'bigint', (column) => column.notNull())
        .addColumn('changedAt', 'bigint', (column) => column.notNull())
        .addPrimaryKeyConstraint('assetsKey', ['accountId', 'kind', 'nameKey'])
        .execute();

      await db.schema
        .createTable('traces')
        .addColumn('id', engine === 'postgres' ? 'bigserial' : 'integer', (column) =>
          engine === 'postgres' ? column.primaryKey() : column.primaryKey().autoIncrement(),
        )
        .addColumn('accountId', 'text', (column) => column.notNull())
        .addColumn('machineId', 'text')
        .addColumn('eventId', 'integer', (column) => column.notNull())
        .addColumn('text', 'text', (column) => column.notNull())
        .addColumn('receivedAt', 'bigint', (column) => column.notNull())
        .execute();

      await db.schema
        .createTable('usedSignatures')
        .addColumn('hash', 'text', (column) => column.primaryKey())
        .addColumn('usedAt', 'bigint', (column) => column.notNull())
        .execute();
    },
  };
}

/** Workflows: what publishing finds out about them, which worker runs them how, and where they are to go on. */
const workflows: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('runbookVersions').addColumn('verdict', 'text').execute();
    await db.schema
      .alterTable('jobs')
      .addColumn('attemptsBefore', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable('jobs')
      .addColumn('needsNativeWorkflow', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema
      .alterTable('workers')
      .addColumn('translatesWorkflows', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema
      .createTable('checkpoints')
      .addColumn('jobId', 'text', (column) => column.primaryKey())
      .addColumn('sandboxId', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('line', 'integer', (column) => column.notNull())
      .addColumn('content', 'text', (column) => column.notNull())
      .addColumn('createdAt', 'bigint', (column) => column.notNull())
      .execute();
  },
};

/** What takes turns between calls for work, so that a copied worker is noticed. */
const workerTurns: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    // One column at a time: SQLite adds no two in one statement.
    await db.schema.alterTable('workers').addColumn('turnNumber', 'bigint').execute();
    await db.schema.alterTable('workers').addColumn('turnNonce', 'text').execute();
    await db.schema
      .alterTable('workers')
      .addColumn('turnStrikes', 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable('workers').addColumn('turnStruckAt', 'bigint').execute();
    await db.schema.alterTable('workers').addColumn('clonedAt', 'bigint').execute();
  },
};

/** Jobs that a worker starts on itself. */
const jobsForOneWorker: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('jobs').addColumn('onlyMachineId', 'text').execute();
  },
};

export function migrationsFor(engine: Engine): MigrationProvider {
  const migrations = {
    '0001-first-tables': first(engine),
    '0002-workflows': workflows,
    '0003-worker-turns': workerTurns,
    '0004-jobs-for-one-worker': jobsForOneWorker,
  };
  return { getMigrations: () => Promise.resolve(migrations) };
}
