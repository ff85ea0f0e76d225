/**
 * A job's parameters for a batch file. cmd.exe reads its command line by rules of its own, and pastes `%1` into a line before it looks for
 * commands in it: whoever may start a job could otherwise make it run what they like. So every value goes into the environment, from where
 * `!NAME!` gives it untouched. As `%1`, `%2` … only those are handed over besides that no line of a batch file takes for anything but text.
 */
import { argumentText, type RunbookParameter } from '../runtime.ts';

const prefix = 'AUTOMATION_PARAMETER_';
/** Windows keeps no longer variable; name, sign and end count. */
const longestVariable = 32_767;
/** Ends the text, a command, or begins something else, quoted or not. Everything below a blank is a control character. */
const dangerous = /["%!&|<>^\u0000-\u001f\u007f]/;
const plain = /^[A-Za-z0-9_.:\\/@+#~-]+$/;
const identifier = /^[A-Za-z][A-Za-z0-9_]*$/;

/** By number, and by name where the name can be one of a variable. */
export function parameterVariables(parameters: readonly RunbookParameter[]): Record<string, string> {
  return Object.fromEntries(
    parameters.flatMap(({ name, value }, index) => {
      const text = argumentText(value);
      const byNumber = [`${prefix}${String(index + 1)}`, text];
      return identifier.test(name) ? [byNumber, [`${prefix}${name}`, text]] : [byNumber];
    }),
  ) as Record<string, string>;
}

/** What stands behind the batch file's name, in a line of a batch file. A value that is not for there leaves its place empty. */
export function positionalWords(parameters: readonly RunbookParameter[]): string {
  return parameters
    .map(({ value }) => argumentText(value))
    .map((text) => (plain.test(text) ? ` ${text}` : dangerous.test(text) ? ' ""' : ` "${text}"`))
    .join('');
}

/** Why these parameters cannot be handed to this script; undefined when they can. */
export function refuseParameters(script: string, parameters: readonly RunbookParameter[]): string | undefined {
  for (const [index, { name, value }] of parameters.entries()) {
    const text = argumentText(value);
    const variable = `${prefix}${identifier.test(name) ? name : String(index + 1)}`;
    if (text.includes('\0')) return `The value of “${name}” holds a zero byte, which no variable of Windows can.`;
    if (variable.length + text.length + 2 > longestVariable)
      return `The value of “${name}” has ${String(text.length)} characters; a variable of Windows holds no more than ${String(longestVariable)}. Hand over the path of a file.`;
    if (dangerous.test(text) && readsPosition(script, index + 1))
      return (
        `The value of “${name}” holds a character that cmd.exe takes for more than text (" % ! & | < > ^ or a line end), and the runbook reads its ` +
        `parameters by place (%${String(index + 1)}, %*, shift). Read !${variable}! instead, after “setlocal EnableDelayedExpansion”.`
      );
  }
  return undefined;
}

/** `%1`, `%~1`, `%~dp1`, `%~$PATH:1`, `%*`, and with `shift` any. In a subroutine these are its own: taken for the runbook's all the same. */
function readsPosition(script: string, place: number): boolean {
  const read = new RegExp(`%(?:\\*|(?:~[a-z]*(?:\\$[^:%\\r\\n]+:)?)?${String(place)})`, 'i');
  return read.test(script) || /(?:^|[\s&|(@])shift(?:$|[\s&|)/])/im.test(script);
}
