/** What the installer ends with. docs/windows.md lists them; an unattended installation reads nothing else. */
import { isAppError } from '../../src-contract/app-error.ts';

export const setupExitCodes = {
  done: 0,
  /** By the person at the installer; NSIS’ own code. */
  cancelled: 1,
  parameterWrong: 2,
  notAdministrator: 3,
  /** 4 and 5 are the installer's own: installer/hrw.nsh. */
  windowsTooOld: 4,
  anotherSetup: 5,
  newerInstalled: 10,
  conflictingAgent: 11,
  otherInstance: 12,
  folderForeign: 13,
  applicationMissing: 14,
  filesIncomplete: 20,
  serviceFailed: 21,
  notConnected: 22,
  notRegistered: 23,
  notRemoved: 24,
} as const;
export type SetupExitCode = (typeof setupExitCodes)[keyof typeof setupExitCodes];

/** What was under way when something failed. */
export type SetupPhase = 'look' | 'service' | 'connect' | 'register' | 'remove';

/** Until then nothing was changed and no key file read; from then on key files are gone, whatever came of it. */
export function isRefusal(code: SetupExitCode): boolean {
  return code > setupExitCodes.done && code < setupExitCodes.filesIncomplete;
}

const byPhase: Record<SetupPhase, SetupExitCode> = {
  look: setupExitCodes.serviceFailed,
  service: setupExitCodes.serviceFailed,
  connect: setupExitCodes.notConnected,
  register: setupExitCodes.notRegistered,
  remove: setupExitCodes.notRemoved,
};

export function exitCodeOf(error: unknown, phase: SetupPhase): SetupExitCode {
  switch (isAppError(error) ? error.code : undefined) {
    case 'setup-parameter-wrong':
      return setupExitCodes.parameterWrong;
    case 'setup-not-administrator':
      return setupExitCodes.notAdministrator;
    case 'setup-newer-installed':
      return setupExitCodes.newerInstalled;
    case 'setup-conflicting-agent':
      return setupExitCodes.conflictingAgent;
    case 'setup-other-instance':
      return setupExitCodes.otherInstance;
    case 'setup-application-missing':
      return setupExitCodes.applicationMissing;
    case 'setup-files-incomplete':
      return setupExitCodes.filesIncomplete;
    case 'setup-record-missing':
      return setupExitCodes.notRemoved;
    case 'data-folder-unusable':
    case 'data-folder-newer':
      return phase === 'look' ? setupExitCodes.folderForeign : byPhase[phase];
    default:
      return byPhase[phase];
  }
}
