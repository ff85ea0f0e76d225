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
});
