/** Findings in words, for a terminal. */
import { diagnosticTitles, type Diagnosis, type Finding, type PathTest } from '../../../src-contract/diagnostics.ts';
import type { CommandIo } from '../command-io.ts';
import { paint, plainText, type Colour } from '../terminal-text.ts';

const marks: Record<Finding['result'], { word: string; colour: Colour | undefined }> = {
  good: { word: 'good', colour: undefined },
  attention: { word: 'ATTENTION', colour: 'yellow' },
  failed: { word: 'WRONG', colour: 'red' },
  'not-checked': { word: 'not checked', colour: 'grey' },
};

export function describeDiagnosis({ findings, tookMs }: Diagnosis, stdout: CommandIo['stdout']): string {
  const seconds = (tookMs / 1000).toFixed(1);
  return `${findings.map((one) => describeFinding(one, stdout)).join('\n')}\n${sum(findings)} (looked for ${seconds} s).\n`;
}

/** As the window says it. */
function sum(findings: readonly Finding[]): string {
  const count = (result: Finding['result']): number => findings.filter((one) => one.result === result).length;
  const [failed, attention] = [count('failed'), count('attention')];
  if (failed > 0) return failed === 1 ? 'One thing is wrong' : `${String(failed)} things are wrong`;
  if (attention === 0) return 'Nothing is wrong';
  return `Nothing is wrong; ${attention === 1 ? 'one thing wants' : `${String(attention)} things want`} your attention`;
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
