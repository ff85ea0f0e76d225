/**
 * Finds the parameter block that a runbook is started with, and cuts it out so that every character keeps its place.
 *
 * Why not give the whole script to the grammar: tree-sitter-powershell 0.26.4 takes valid scripts for broken ones (`-Name A, B`,
 * `$dir\file`, `a ?? b`, `foreach -parallel -throttlelimit 3 (…)`, `InlineScript {…} -PSComputerName s`; one public runbook in
 * ten). A runbook must not be refused for what stands outside its parameters, so only their block goes through the grammar.
 */
import { lineOf, tokenize, type Token } from './powershell-tokens.ts';

export type ParameterBlockSearch =
  /** `script` is the runbook with everything but `[attributes] param(…)` blanked. */
  { kind: 'found'; script: string } | { kind: 'none' } | { kind: 'broken'; line: number; reason: string };

export interface SearchOptions {
  script: string;
  /** For workflow runbooks: the workflow of this name is started, or the only one there is. */
  workflowName: string | undefined;
}

export function findParameterBlock(options: SearchOptions): ParameterBlockSearch {
  const { tokens, mistake } = tokenize(options.script);
  if (mistake !== undefined) return { kind: 'broken', line: lineOf(options.script, mistake.offset), reason: mistake.reason };
  if (options.workflowName === undefined) return cut(options.script, tokens, 0);
  return findInWorkflow(options.script, tokens, options.workflowName);
}

function findInWorkflow(script: string, tokens: Token[], name: string): ParameterBlockSearch {
  const workflows = listWorkflows(tokens);
  const chosen = workflows.find((one) => one.name.toLowerCase() === name.toLowerCase()) ?? workflows[0];
  if (chosen === undefined) return { kind: 'broken', line: 1, reason: 'there is no workflow in this script' };
  if (chosen.name.toLowerCase() !== name.toLowerCase() && workflows.length > 1) {
    const names = workflows.map((one) => one.name).join(', ');
    return { kind: 'broken', line: 1, reason: `none of its workflows (${names}) has the runbook’s name` };
  }
  const after = tokens[chosen.bodyIndex];
  if (after?.text === '{') return cut(script, tokens, chosen.bodyIndex + 1);
  // workflow Name (…) { }: as if it began with `param`.
  const close = findClosing(tokens, chosen.bodyIndex);
  const end = tokens[close]?.end;
  if (after?.text !== '(' || end === undefined) return { kind: 'none' };
  return { kind: 'found', script: `${blank(script.slice(0, after.start - 5))}param${blankOutside(script, after.start, end)}` };
}

interface FoundWorkflow {
  name: string;
  /** Index of the token after the name. */
  bodyIndex: number;
}

function listWorkflows(tokens: Token[]): FoundWorkflow[] {
  const found: FoundWorkflow[] = [];
  let depth = 0;
  tokens.forEach((token, index) => {
    if (token.kind === 'open' && token.text !== '[') depth += 1;
    else if (token.kind === 'close' && token.text !== ']') depth -= 1;
    else if (depth === 0 && token.startsStatement && isWord(token, 'workflow')) {
      const name = tokens[index + 1];
      if (name?.kind === 'word') found.push({ name: name.text, bodyIndex: index + 2 });
    }
  });
  return found;
}

/** From `from` on: `using …` statements, attributes, `param`, its brackets. */
function cut(script: string, tokens: Token[], from: number): ParameterBlockSearch {
  let index = from;
  while (isWord(tokens[index], 'using') && tokens[index]?.startsStatement === true) {
    index += 1;
    while (tokens[index]?.startsStatement === false) index += 1;
  }
  const first = index;
  while (tokens[index]?.text === '[') index = findClosing(tokens, index) + 1;
  if (!isWord(tokens[index], 'param') || tokens[index + 1]?.text !== '(') return { kind: 'none' };
  const unclosed = findUnclosed(tokens, index + 1);
  if (unclosed !== undefined) {
    return { kind: 'broken', line: lineOf(script, unclosed.start), reason: `the “${unclosed.text}” is never closed` };
  }
  const end = tokens[findClosing(tokens, index + 1)]?.end;
  const start = tokens[first]?.start;
  if (start === undefined || end === undefined) return { kind: 'none' };
  return { kind: 'found', script: blank(script.slice(0, start)) + blankOutside(script, start, end) };
}

/** Index of the token that closes the bracket at `open`; past the end when nothing does. */
function findClosing(tokens: Token[], open: number): number {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    if (tokens[index]?.kind === 'open') depth += 1;
    else if (tokens[index]?.kind === 'close') depth -= 1;
    if (depth === 0) return index;
  }
  return tokens.length;
}

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** The bracket inside the block at `open` that another kind of bracket closes. Only square ones can be left: the tokenizer counts the rest. */
function findUnclosed(tokens: Token[], open: number): Token | undefined {
  const opened: Token[] = [];
  for (const token of tokens.slice(open)) {
    if (token.kind === 'open') opened.push(token);
    if (token.kind !== 'close') continue;
    const last = opened.pop();
    if (last !== undefined && closers[last.text] !== token.text) return last;
    if (opened.length === 0) return undefined;
  }
  return undefined;
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.toLowerCase() === word;
}

function blankOutside(script: string, start: number, end: number): string {
  return script.slice(start, end) + blank(script.slice(end));
}

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, ' ');
}

/**
 * The same block with what the grammar may stumble over, and parameters do not depend on, made plain: script blocks inside
 * validation attributes, and defaults (each becomes a `0`).
 */
export function simplifyBlock(script: string): string {
  const { tokens } = tokenize(script);
  const param = tokens.findIndex((token) => isWord(token, 'param'));
  const characters = script.split('');
  const wipe = (start: number, end: number) => {
    for (let at = start; at < end; at += 1) if (!/[\r\n]/.test(characters[at] ?? '')) characters[at] = ' ';
  };
  for (let index = param + 2, depth = 0; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) break;
    if (depth === 0 && token.text === '=' && token.kind === 'other') {
      const end = endOfDefault(tokens, index + 1);
      wipe(token.end, tokens[end - 1]?.end ?? token.end);
      characters[tokens[index + 1]?.start ?? token.end] = '0';
      index = end - 1;
    } else if (token.text === '{') {
      const close = findClosing(tokens, index);
      const end = tokens[close]?.start ?? token.end;
      wipe(token.end, end);
      // The grammar wants a statement in it.
      if (end > token.end) characters[token.end] = '0';
      index = close;
    } else if (token.kind === 'open') depth += 1;
    else if (token.kind === 'close') depth -= 1;
  }
  return characters.join('');
}

/** The text of the default whose `=` stands at `offset`, without the comments after it. */
export function readDefaultText(script: string, offset: number): string {
  const { tokens } = tokenize(script);
  const equals = tokens.findIndex((token) => token.start === offset);
  const end = tokens[endOfDefault(tokens, equals + 1) - 1]?.end;
  return script.slice(offset + 1, end).trim();
}

/** Index of the `,` or `)` that ends the default which begins at `from`. */
function endOfDefault(tokens: Token[], from: number): number {
  let index = from;
  while (index < tokens.length) {
    const token = tokens[index];
    if (token?.kind === 'separator' || token?.kind === 'close') return index;
    index = token?.kind === 'open' ? findClosing(tokens, index) + 1 : index + 1;
  }
  return index;
}
