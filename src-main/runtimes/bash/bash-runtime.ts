/** Bash: parameters are positional arguments, output is live because Bash itself buffers nothing. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { argumentText, scriptFileName, type RuntimeDefinition } from '../runtime.ts';

export const bashRuntime: RuntimeDefinition = {
  kinds: ['Bash'],
  async prepare({ executable, runbookName, script, parameters, workFolder }) {
    const file = path.join(workFolder, scriptFileName(runbookName, '.sh'));
    // Written in a portal on Windows, a script has line ends that Bash takes for part of the words.
    await writeFile(file, script.replaceAll('\r\n', '\n'), { mode: 0o600 });
    const values = parameters.map((parameter) => argumentText(parameter.value));
    return { file: executable, arguments: [file, ...values], environment: {} };
  },
};
