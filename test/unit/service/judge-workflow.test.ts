import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { judgeWorkflow } from '../../../src-service/workflows/judge-workflow.ts';

const folder = path.join(import.meta.dirname, '../../fixtures/workflows');
const cases = z
  .array(z.object({ name: z.string(), script: z.string(), line: z.int().nullable(), reason: z.string().nullable() }))
  .parse(JSON.parse(readFileSync(path.join(folder, 'verdicts.json'), 'utf8')));

describe('publishing judges a workflow', () => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', (_name, { script, line, reason }) => {
    const verdict = judgeWorkflow(script, 'Test-Runbook');
    expect(verdict).toEqual(reason === null ? { kind: 'translatable' } : { kind: 'native-only', line, reason });
    // The lines stay the author's, whatever ends them.
    expect(judgeWorkflow(script.replaceAll('\n', '\r\n'), 'test-runbook')).toEqual(verdict);
  });

  it('as translatable, the one that copies files', () => {
    const script = readFileSync(path.join(folder, 'Copy-LocalFiles.ps1'), 'utf8');
    expect(judgeWorkflow(script, 'Copy-LocalFiles')).toEqual({ kind: 'translatable' });
  });

  it.each([
    [
      'nested without end',
      `workflow wf {${'if ($true) {\n'.repeat(200_000)}1${'}\n'.repeat(200_000)}}`,
      'brackets stand more than 200 deep',
    ],
    ['of one long line', `workflow wf { $x = @(${'1,'.repeat(1_000_000)}1) }`, undefined],
    ['of one long row of parallel blocks', `workflow wf { $x ${'= parallel { 1 } '.repeat(150_000)} }`, undefined],
  ])('in a time that grows with the script alone: %s', { timeout: 60_000 }, (_what, script, reason) => {
    const start = performance.now();
    const verdict = judgeWorkflow(script, 'wf');
    expect(performance.now() - start).toBeLessThan(30_000);
    expect(verdict).toEqual(
      reason === undefined ? { kind: 'translatable' } : { kind: 'native-only', line: expect.any(Number) as number, reason },
    );
  });
});
