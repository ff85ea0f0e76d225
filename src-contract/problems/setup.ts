/** Installing, upgrading and removing the worker. Part of the catalogue (problems.ts). */
import { entry } from '../problem-shape.ts';

export const setupProblems = {
  'setup-not-here': entry({
    severity: 'error',
    title: () => 'This command installs on Windows only',
    text: () => 'It is what the installer for Windows calls. Nothing was changed.',
    nextStep: () => 'On Linux `hrw service install` makes the worker a service of the machine.',
  }),
  'setup-parameter-wrong': entry<{ reason: string }>({
    severity: 'error',
    title: () => 'The installer was not called as it should be',
    text: ({ reason }) => `${reason} Nothing was changed.`,
    nextStep: () => 'Put the parameter right. docs/windows.md lists them all, with an example.',
  }),
  'setup-not-administrator': entry({
    severity: 'error',
    title: () => 'Installing takes an administrator',
    text: () => 'This process may not make services and write to the machine’s part of the registry. Nothing was changed.',
    nextStep: () =>
      'Start the installer from an elevated prompt (Run as administrator), or by a deployment tool that runs as the system.',
  }),
  'setup-newer-installed': entry<{ installed: string; offered: string }>({
    severity: 'error',
    title: ({ installed }) => `The newer version ${installed} is installed`,
    text: ({ installed, offered }) =>
      `This installer brings ${offered}. ${installed} may have written data that ${offered} cannot read, so it stays. Nothing was changed.`,
    nextStep: ({ installed, offered }) =>
      `Use the installer of ${installed} or newer; or remove ${installed} first, then install ${offered}.`,
  }),
  'setup-conflicting-agent': entry<{ agents: string }>({
    severity: 'error',
    title: () => 'Another agent runs jobs on this machine',
    text: ({ agents }) => `Found: ${agents}. Two agents would each take this machine for theirs. Nothing was changed.`,
    nextStep: () => 'Remove that agent, or install on another machine.',
  }),
  'setup-other-instance': entry<{ what: string }>({
    severity: 'error',
    title: () => 'There is another worker of this product on this machine',
    text: ({ what }) => `${what} This installer did not make it, and one machine has one worker. Nothing was changed.`,
    nextStep: () =>
      'End it and remove its service (`hrw service uninstall`, with the hrw that the text names), then install again.',
  }),
  'setup-application-missing': entry({
    severity: 'error',
    title: () => 'This installer does not carry the application with tray and window',
    text: () => 'So the worker cannot run in it: /MODE=app is for the installer of the application. Nothing was changed.',
    nextStep: () => 'Install with /MODE=service, or use the application’s installer.',
  }),
  'setup-files-incomplete': entry<{ folder: string; reason: string }>({
    severity: 'error',
    title: () => 'The programs were not put down whole',
    text: ({ folder, reason }) => `${folder}: ${reason}. Nothing was started.`,
    nextStep: () => 'Look whether the disk is full or a security product holds a file back, then install again.',
  }),
  'setup-record-missing': entry({
    severity: 'error',
    title: () => 'No installation is recorded on this machine',
    text: () => 'The registry does not say which version is installed, and where. Nothing was removed.',
    nextStep: () => 'Install the same version again, then remove it.',
  }),
} as const;
