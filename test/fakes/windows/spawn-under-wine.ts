/**
 * Comes ahead of a program that is built for wine. There .NET ends with an internal error when it writes machine code as it does by default;
 * the sandbox rightly gives a runtime nothing of its own environment that would say so.
 */
import childProcess, { type ChildProcess, type SpawnOptions } from 'node:child_process';

const spawn: (file: string, given: readonly string[], options: SpawnOptions) => ChildProcess = childProcess.spawn;

Object.assign(childProcess, {
  spawn: (file: string, given: readonly string[], options: SpawnOptions) =>
    spawn(file, given, { ...options, env: { ...options.env, DOTNET_EnableWriteXorExecute: '0' } }),
});
