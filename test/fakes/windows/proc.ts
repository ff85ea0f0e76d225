/**
 * Takes the place of src-main/platform/linux/proc.ts in a sandbox that is built for wine: on Windows there is no /proc. A process tree has no
 * control group then and finds no members, so that whatever a job leaves running is not ended. Under wine the real one would read Linux's.
 */
import type * as proc from '../../../src-main/platform/linux/proc.ts';

export const readBootId: typeof proc.readBootId = () => '';
export const readProcess: typeof proc.readProcess = () => undefined;
export const isLiving: typeof proc.isLiving = () => false;
export const listProcesses: typeof proc.listProcesses = () => [];
export const hasEnvironment: typeof proc.hasEnvironment = () => false;
export const readPeakBytes: typeof proc.readPeakBytes = () => undefined;
export const forgetPeakBytes: typeof proc.forgetPeakBytes = () => undefined;
export const readText: typeof proc.readText = () => undefined;
