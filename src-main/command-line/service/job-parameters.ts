/** `--param name=value` and `--params-file`: what a job is given. The service checks names and types. */
import { randomUUID } from 'node:crypto';
import type { CommandIo } from '../command-io.ts';
import { WrongUse } from '../failures.ts';
import { readFileOrInput } from './service-options.ts';

export interface ParameterOptions {
  param?: string[];
  paramsFile?: string;
}

export async function readParameters(
  { param = [], paramsFile }: ParameterOptions,
  io: CommandIo,
): Promise<Record<string, unknown>> {
  const values =
    paramsFile === undefined
      ? {}
      : readJsonObject(await readFileOrInput(paramsFile, '--params-file', io), `--params-file ${paramsFile}`);
  for (const given of param) {
    const at = given.indexOf('=');
    if (at < 1) throw new WrongUse(`--param ${given} is not NAME=VALUE.`);
    values[given.slice(0, at)] = given.slice(at + 1);
  }
  return values;
}

export function readJsonObject(text: string, source: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Said below.
  }
  throw new WrongUse(`${source} does not hold a JSON object of values by name.`);
}

/** A job that is started without an id has one made here, so that a repeated try is the same job. */
export function newJobId(): string {
  return randomUUID();
}
