/**
 * Modules of ours that a runbook may import. Read when the sandbox starts, because the files may be replaced under it; written for each job
 * into the sandbox's own folder, and found there by the variable that names the places of a language's modules.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RuntimeCommand, RuntimeDefinition } from './runtime.ts';

/** Text by path below the folder of modules. */
export type ModuleFiles = ReadonlyMap<string, string>;

export function readModules(folder: string): ModuleFiles {
  const files = new Map<string, string>();
  const read = (below: string): void => {
    for (const entry of readdirSync(path.join(folder, below), { withFileTypes: true })) {
      const place = path.join(below, entry.name);
      if (entry.isDirectory()) read(place);
      else files.set(place, readFileSync(path.join(folder, place), 'utf8'));
    }
  };
  read('');
  return files;
}

export interface ModulesOptions {
  files: ModuleFiles;
  variable: 'PSModulePath' | 'PYTHONPATH';
  /** What the machine has set it to; those places stay, after ours. */
  inherited: string | undefined;
}

/**
 * The machine's places without those of PowerShell 7, in which whoever started the worker may have run: Windows PowerShell 5.1 would load 7's
 * Security module, and could not tell execution policies. PowerShell 7 adds its own places itself.
 */
export function withoutPowerShell7(places: string | undefined): string | undefined {
  return places
    ?.split(';')
    .filter((place) => !/[\\/]PowerShell[\\/](?:\d[\w.-]*[\\/])?Modules[\\/]?$/i.test(place))
    .join(';');
}

export function withModules(runtime: RuntimeDefinition, { files, variable, inherited }: ModulesOptions): RuntimeDefinition {
  const { warm } = runtime;
  const place = async (privateFolder: string, command: RuntimeCommand): Promise<RuntimeCommand> => {
    const folder = path.join(privateFolder, 'modules');
    for (const [name, text] of files) {
      const file = path.join(folder, name);
      await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(file, text, { mode: 0o600 });
    }
    const places = inherited === undefined || inherited === '' ? folder : `${folder}${path.delimiter}${inherited}`;
    return { ...command, environment: { ...command.environment, [variable]: places } };
  };
  return {
    ...runtime,
    prepare: async (request) => place(request.privateFolder, await runtime.prepare(request)),
    ...(warm && { warm: { ...warm, start: async (request) => place(request.privateFolder, await warm.start(request)) } }),
  };
}
