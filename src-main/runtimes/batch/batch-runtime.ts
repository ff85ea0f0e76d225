/**
 * Windows batch: cmd.exe runs the file as it does for anybody (lines are shown unless the runbook says `@echo off`), with what comes back decoded
 * from the console's code page. The exit code is cmd's own: that of `exit /b`, else of the last command that set one.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { scriptFileName, type RunbookParameter, type RuntimeDefinition } from '../runtime.ts';
import { ConsoleDecoder, encodeFor, utf8CodePage } from './console-text.ts';
import { parameterVariables, positionalWords, refuseParameters } from './parameters.ts';

export interface BatchParts {
  /** Of a console as the runbook will have one; undefined where it cannot be told. */
  readCodePage: (executable: string) => Promise<number | undefined>;
}

/** Of Windows in most of Europe and America; ASCII is the same in all. */
const usualCodePage = 437;
const startFileName = 'start.cmd';

export function createBatchRuntime({ readCodePage }: BatchParts): RuntimeDefinition {
  return {
    kinds: ['Batch'],
    refuse: ({ script, parameters }) => refuseParameters(script, parameters),
    async prepare({ executable, runbookName, script, parameters, workFolder, privateFolder }) {
      const own = (await readCodePage(executable)) ?? usualCodePage;
      const fileName = scriptFileName(runbookName, '.cmd');
      const file = path.join(workFolder, fileName);
      // With line feeds alone cmd loses labels that `goto` and `call` look for.
      const text = withWindowsLineEnds(script.replace(/^\ufeff/, ''));
      // cmd reads a batch file in the console's page: where that lacks a character of it, the console gets another.
      const current = encodeFor(own, text + positionalWords(parameters)) === undefined ? utf8CodePage : own;
      const encode = (content: string): Buffer => encodeFor(current, content) ?? Buffer.from(content, 'utf8');
      await writeFile(file, encode(text), { mode: 0o600 });
      await writeFile(path.join(privateFolder, startFileName), encode(startText(fileName, parameters, current !== own)), {
        mode: 0o600,
      });
      // Nothing on this line needs quoting, which cmd would read differently from all other programs.
      const start = path.relative(workFolder, path.join(privateFolder, startFileName)).replaceAll('/', '\\');
      return {
        file: executable,
        // Whatever this machine's registry says: no AutoRun, extensions, delayed expansion when the runbook asks for it.
        arguments: ['/d', '/e:on', '/v:off', '/c', start],
        environment: parameterVariables(parameters),
        decoder: () => new ConsoleDecoder({ own, current }),
      };
    },
  };
}

/** A batch file that goes over to the runbook without `call`, which would read its line twice. */
function startText(fileName: string, parameters: readonly RunbookParameter[], withUtf8: boolean): string {
  const run = `@.\\${fileName}${positionalWords(parameters)}\r\n`;
  return withUtf8 ? `@chcp ${String(utf8CodePage)} >nul\r\n${run}` : run;
}

function withWindowsLineEnds(script: string): string {
  const lines = script.replaceAll(/\r?\n/g, '\r\n');
  return lines.endsWith('\r\n') ? lines : `${lines}\r\n`;
}

/** The number in the answer of `chcp`, whatever the language: `Active code page: 850`, `Aktive Codepage: 850.` */
export function readChcp(answer: string | undefined): number | undefined {
  const found = /(\d{3,5})\D*$/.exec(answer ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}
