/** What a script file says of the runbook that it is to be: its name, and its kind. */
import { basename, extname } from 'node:path';
import { kindExtensions, runbookKind, type RunbookKind } from '../../../src-contract/kinds.ts';
import { namePattern } from '../../../src-contract/limits.ts';
import { WrongUse } from '../failures.ts';

export interface RunbookFile {
  name: string;
  kind: RunbookKind;
}

export function describeRunbookFile(file: string, script: string, given: { name?: string; kind?: RunbookKind }): RunbookFile {
  const extension = extname(file).toLowerCase();
  const name = given.name ?? basename(file, extname(file));
  if (!namePattern.test(name)) throw new WrongUse(`“${name}” is no runbook name; give one with --name.`);
  const kind = given.kind ?? kindOf(extension, script);
  if (kind === undefined) throw new WrongUse(`The kind of ${file} does not show from its name; give it with --kind.`);
  return { name, kind };
}

function kindOf(extension: string, script: string): RunbookKind | undefined {
  if (extension === '.ps1') return beginsWithWorkflow(script) ? 'PowerShellWorkflow' : 'PowerShell';
  if (extension === '.bat') return 'Batch';
  return runbookKind.options.find((kind) => kindExtensions[kind] === extension);
}

/** After comments and blank lines. A workflow that stands behind something else is named by --kind. */
function beginsWithWorkflow(script: string): boolean {
  let rest = script.replace(/^\ufeff/, '').trimStart();
  for (;;) {
    if (rest.startsWith('<#')) rest = rest.slice(Math.max(2, rest.indexOf('#>') + 2)).trimStart();
    else if (rest.startsWith('#')) rest = rest.slice(rest.search(/\r?\n|$/)).trimStart();
    else return /^workflow\s/i.test(rest);
  }
}
