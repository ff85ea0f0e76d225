import { describe, expect, it } from 'vitest';
import { readDeclaration } from '../../src-service/parameters/read-declaration.ts';

describe('the parameters of Python, Bash and batch runbooks', () => {
  it('are read from the comment at the top, in their order', async () => {
    const script = `#!/bin/bash
# Copies files.
#
# .PARAMETER SourcePath string mandatory
# .PARAMETER Depth int default=3
# .parameter Note
set -eu
# .PARAMETER TooLate string
`;
    expect(await readDeclaration('Bash', 'copy', script)).toEqual({
      kind: 'read',
      declaration: [
        { name: 'SourcePath', type: 'System.String', isMandatory: true, defaultValue: null, position: 0 },
        { name: 'Depth', type: 'System.Int32', isMandatory: false, defaultValue: '3', position: 1 },
        { name: 'Note', type: 'System.String', isMandatory: false, defaultValue: null, position: 2 },
      ],
    });
  });

  it('are read from remarks of a batch file', async () => {
    const script = '@echo off\r\nrem .PARAMETER Folder string mandatory\r\n:: .PARAMETER Loud bool default=false\r\ndir %1\r\n';
    const reading = await readDeclaration('Batch', 'list', script);
    expect(reading).toMatchObject({ declaration: [{ name: 'Folder' }, { name: 'Loud', type: 'System.Boolean' }] });
  });

  it('are free where nothing is declared', async () => {
    expect(await readDeclaration('Python3', 'any', '"""Parameters: one, two."""\nprint(1)\n')).toEqual({
      kind: 'read',
      declaration: null,
    });
  });

  it.each([
    ['# .PARAMETER 1st string', 1, 'is no parameter name'],
    ['#\n# .PARAMETER A text', 2, 'has the type “text”'],
    ['# .PARAMETER A int maybe', 1, 'neither “mandatory” nor'],
    ['# .PARAMETER A int mandatory default=2', 1, 'is mandatory and has a default'],
    ['# .PARAMETER A int default=two', 1, 'the default of A: "two" is no whole number'],
    ['# .PARAMETER A\n# .PARAMETER a', 2, 'declared twice'],
    ['# .PARAMETER A\n# .PARAMETER B string mandatory', 2, 'mandatory but stands after A'],
  ])('that cannot be read are refused with their line: %j', async (script, line, reason) => {
    const reading = await readDeclaration('Bash', 'example', script);
    expect(reading).toMatchObject({ kind: 'invalid', line, reason: expect.stringContaining(reason) as string });
  });
});
