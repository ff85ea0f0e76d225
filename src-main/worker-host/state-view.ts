/** `worker:state`: everything that is shown of a worker as a whole. */
import { hostname } from 'node:os';
import path from 'node:path';
import type { WorkerState } from '../../src-contract/engine-calls.ts';
import { workerPackName } from '../../src-contract/packs.ts';
import { sentenceOf } from '../engine/sentences.ts';
import type { PackReceiver } from '../service-link/pack-receiver.ts';
import type { LinkedAccount } from './pack-rounds.ts';
import type { RunbookRights } from './runbook-rights.ts';
import type { WorkerParts } from './parts.ts';

export interface StateSources {
  parts: WorkerParts;
  receiver: PackReceiver;
  rights: RunbookRights;
  account: () => LinkedAccount;
  startedAt: string;
}

export function workerStateOf({ parts, receiver, rights, account, startedAt }: StateSources): WorkerState {
  const { layout, mode, version, settings, clock } = parts;
  const engine = parts.engine();
  const { connection, registration } = settings.current;
  const { agent, worker } = engine.lastContact;
  const hasWorkerPack = receiver.packs.some((pack) => pack.name === workerPackName);
  const { load, status } = engine.state;
  return {
    machineName: hostname(),
    version,
    mode,
    dataFolder: layout.folder,
    processId: process.pid,
    startedAt,
    status,
    sentence: sentenceOf(engine.state, {
      hasWorkerPack,
      now: clock.now(),
      drainDeadline: settings.current.drain?.deadline ?? null,
    }),
    connection:
      connection === null
        ? null
        : {
            workspaceId: connection.workspaceId,
            workspaceName: connection.workspaceName,
            serviceUrl: connection.serviceUrl,
            trust: connection.trust,
            proxy: connection.proxy,
            since: connection.since,
            lastContact: agent,
            account: account(),
          },
    packs: receiver.packs.map(({ name, version: packVersion, receivedAt, folder }) => ({
      name,
      version: packVersion,
      receivedAt,
      folder: path.join(layout.packsFolder, folder),
    })),
    registration:
      registration === null
        ? null
        : {
            groupName: registration.groupName,
            accountId: registration.accountId,
            accountName: registration.accountName,
            endpoint: registration.endpoint,
            machineId: registration.machineId,
            thumbprint: registration.thumbprint,
            since: registration.since,
            lastContact: worker,
          },
    limit: load.limit,
    running: load.running,
    kinds: parts.runtimesAreKnown() ? parts.runtimes().map(({ kind, label, executable }) => ({ kind, label, executable })) : null,
    runbooks: rights.describe(),
    drain: settings.current.drain,
    problems: engine.problems.list(),
  };
}
