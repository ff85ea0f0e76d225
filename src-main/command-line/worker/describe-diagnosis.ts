/** Findings in words, for a terminal. */
import { diagnosticTitles, type Diagnosis, type Finding, type PathTest } from '../../../src-contract/diagnostics.ts';
import type { CommandIo } from '../command-io.ts';
import { paint, plainText, type Colour } from '../terminal-text.ts';

const marks: Record<Finding['result'], { word: string; colour: Colour | undefined }> = {
  good: { word: 'good', colour: undefined },
  attention: { word: 'ATTENTION', colour: 'yellow' },
  failed: { word: 'FAILED', colour: 'red' },
  'not-checked': { word: 'not checked', colour: 'grey' },
};

export function describeDiagnosis({ findings, tookMs }: Diagnosis, stdout: CommandIo['stdout']): string {
  const failed = findings.filter(({ result }) => result === 'failed').length;
  const seconds = (tookMs / 1000).toFixed(1);
  const sum = failed === 0 ? 'Nothing is wrong' : `${failed === 1 ? 'One thing is' : `${String(failed)} things are`} wrong`;
  return `${findings.map((one) => describeFinding(one, stdout)).join('\n')}\n${sum} (looked for ${seconds} s).\n`;
}

function describeFinding({ rule, result, sentence, evidence, repair }: Finding, stdout: CommandIo['stdout']): string {
  const { word, colour } = marks[result];
  const mark = colour === undefined ? word : paint(stdout, colour, word);
  const facts = evidence.map(({ name, value }) => `    ${name}: ${value}\n`).join('');
  const next = repair === null ? '' : `  → ${repair}\n`;
  return `${diagnosticTitles[rule]}: ${mark}\n${plainText(`  ${sentence}\n${facts}${next}`)}`;
}

export function describePathTest({ sentence, evidence, repair }: PathTest): string {
  const facts = evidence.map(({ name, value }) => `  ${name}: ${value}\n`).join('');
  return plainText(`${sentence}\n${facts}${repair === null ? '' : `→ ${repair}\n`}`);
}
