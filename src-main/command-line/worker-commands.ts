/** The commands of `hrw` that speak to a worker on this machine. Those that speak to an automation service stand in service-commands.ts. */
import type { Command } from 'commander';
import type { CommandIo } from './command-io.ts';
import { addConnectionCommands } from './worker/connection-commands.ts';
import { addJobCommands } from './worker/job-commands.ts';
import { addLookCommands } from './worker/look-commands.ts';
import { addMachineServiceCommands } from './worker/machine-service-commands.ts';
import { addOpenCommand } from './worker/open-command.ts';
import { addPolicyCommands } from './worker/policy-commands.ts';
import { addSetupCommands } from './worker/setup-commands.ts';
import { addSteerCommands } from './worker/steer-commands.ts';
import { addWayCommands } from './worker/way-commands.ts';
import type { WorkerAccess } from './worker/worker-access.ts';

export function registerWorkerCommands(program: Command, io: CommandIo, access: WorkerAccess): void {
  addSteerCommands(program, io, access);
  addOpenCommand(program, io, access);
  addLookCommands(program, io, access);
  addConnectionCommands(program, io, access);
  addWayCommands(program, io, access);
  addJobCommands(program, io, access);
  addPolicyCommands(program, io, access);
  addMachineServiceCommands(program, io, access);
  addSetupCommands(program, io, access);
}
