/** `hrw`'s service side: everything that it asks of the REST API. */
import type { Command } from 'commander';
import type { CommandIo } from './command-io.ts';
import { addAccountCommands, addTokenCommands } from './service/account-commands.ts';
import { addAssetCommands } from './service/asset-commands.ts';
import { addCompoundAssetCommands } from './service/compound-asset-commands.ts';
import { addGroupCommands, addWorkerCommands } from './service/group-commands.ts';
import { addJobCommands } from './service/job-commands.ts';
import { addPackCommands } from './service/pack-commands.ts';
import { addRunbookCommands } from './service/runbook-commands.ts';
import { addWorkspaceCommands } from './service/workspace-commands.ts';

export function registerServiceCommands(program: Command, io: CommandIo): void {
  addAccountCommands(program, io);
  addWorkspaceCommands(program, io);
  addPackCommands(program, io);
  addRunbookCommands(program, io);
  addJobCommands(program, io);
  addGroupCommands(program, io);
  addWorkerCommands(program, io);
  addAssetCommands(program, io);
  addCompoundAssetCommands(program, io);
  addTokenCommands(program, io);
}
