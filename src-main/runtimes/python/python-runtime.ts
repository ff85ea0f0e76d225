/** Python 3: parameters are positional arguments; both streams unbuffered, or a line would be seen when 8 KiB are full. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { argumentText, scriptFileName, type RuntimeDefinition } from '../runtime.ts';

export const pythonRuntime: RuntimeDefinition = {
  kinds: ['Python3'],
  async prepare({ executable, runbookName, script, parameters, workFolder }) {
    const file = path.join(workFolder, scriptFileName(runbookName, '.py'));
    await writeFile(file, script, { mode: 0o600 });
    const values = parameters.map((parameter) => argumentText(parameter.value));
    return {
      file: executable,
      arguments: ['-u', file, ...values],
      // Of child interpreters too. Without the encoding, a host whose locale is C refuses to print anything but ASCII.
      environment: { PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8' },
    };
  },
};
