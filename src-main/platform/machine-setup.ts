/** This machine as `hrw setup` installs on it. */
import { AppError } from '../../src-contract/app-error.ts';
import type { MachineSetup } from '../../src-contract/machine-setup.ts';
import { resolveExecutables, type Installation } from './executables.ts';
import { WindowsService } from './windows/windows-service.ts';
import { WindowsSetup } from './windows/windows-setup.ts';

/** Throws AppError `setup-not-here`. */
export function machineSetup(installation: Installation): MachineSetup {
  if (process.platform !== 'win32') throw new AppError('setup-not-here', {});
  const serviceOf = (one: Installation): WindowsService => {
    const { hrw: program, eventMessages: messageFile } = resolveExecutables(one);
    return new WindowsService({ program, messageFile });
  };
  return new WindowsSetup(serviceOf(installation), (folder) => serviceOf({ ...installation, mode: 'packaged', folder }));
}
