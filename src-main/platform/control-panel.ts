/** Starts the application for somebody at a terminal, and leaves it running. One that runs already is told where to open, and answers at once. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { AppError } from '../../src-contract/app-error.ts';
import type { Command } from './executables.ts';

/** A program that cannot start says so within this time; one that is still there then is on its way. */
const settledAfterMs = 1_500;

export interface OpenControlPanelOptions {
  program: Command;
  dataFolder: string;
  /** Empty: the overview. */
  place: string;
  settledMs?: number;
}

/** Throws AppError `control-panel-missing` or `control-panel-failed`. */
export async function openControlPanel({ program, dataFolder, place, settledMs }: OpenControlPanelOptions): Promise<void> {
  const { file, leading } = program;
  const missing = [file, ...leading.filter((word) => /[\\/]/.test(word))].find((needed) => !existsSync(needed));
  if (missing !== undefined) throw new AppError('control-panel-missing', { file: missing });
  const args = [...leading, '--data', dataFolder, ...(place === '' ? [] : [place])];
  const child = spawn(file, args, { detached: true, stdio: 'ignore' });
  const end = await new Promise<number | string | undefined>((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), settledMs ?? settledAfterMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new AppError('control-panel-failed', { file, reason: error.message }, { cause: error }));
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(code ?? signal ?? 'nobody knows how');
    });
  });
  child.unref();
  if (end !== undefined && end !== 0)
    throw new AppError('control-panel-failed', { file, reason: `it ended at once, with ${String(end)}` });
}
