/**
 * The blocks of a script, from its tokens: what each bracket belongs to. Not from the grammar's tree, because tree-sitter-powershell rejects
 * one public runbook in ten for what stands somewhere else in it (parameter-block.ts has the list, and it holds workflow syntax); the tokens
 * are certain about brackets, strings and comments whatever the script says, and keep the author's lines.
 */
import type { Token } from '../parameters/powershell-tokens.ts';

export type BlockKind =
  | 'workflow'
  | 'function'
  | 'parallel'
  | 'sequence'
  | 'fan'
  | 'inline-script'
  /** foreach, for, while, do. */
  | 'loop'
  | 'switch'
  /** if, else, try, catch, a clause of switch. */
  | 'body'
  | 'finally'
  /** begin, process, end and the like. */
  | 'named'
  | 'script-block'
  | 'condition'
  /** ( ), $( ), @( ), @{ } and square brackets. */
  | 'expression'
  | 'parameters';

export interface Block {
  kind: BlockKind;
  /** Of a workflow or function. */
  name: string;
  /** The block is what is assigned: `$x = if … { }` counts 1, `$a = $b = if … { }` 2. */
  assignments: number;
}

interface Level extends Block {
  /** The word that the statement began with, in lower case; '' when it began with something else or was closed. */
  head: string;
  /** Words of the statement so far, in lower case. */
  words: string[];
  equals: number;
  /** The statement has a `|` that is no part of a bracket. */
  piped: boolean;
  /** In a switch: a script block that is a condition has just been closed. */
  conditionClosed: boolean;
}

export interface Place {
  /** From the outside in. Good for this visit only. */
  blocks: readonly Block[];
  token: Token;
  /** The word stands where a command or keyword does. */
  startsCommand: boolean;
  /** Of its statement; the token is not among them yet. */
  words: readonly string[];
  head: string;
  assignments: number;
  /** What stands before it in the script. */
  previous: Token | undefined;
  next: Token | undefined;
  /** A pipe stands before it in its statement, or after it. A function, because looking ahead at every token takes the square of the time. */
  isPiped: () => boolean;
}

/** Deeper than anything that somebody wrote. What is deeper is not looked into: every token looks at the blocks around it. */
export const maxDepth = 200;

const conditionHeads = new Set(['if', 'elseif', 'while', 'until', 'for', 'foreach', 'switch']);
const plainBodies = new Set(['if', 'elseif', 'else', 'try', 'catch']);
const namedBlocks = new Set(['begin', 'process', 'end', 'dynamicparam', 'clean']);

/**
 * Visits the tokens in their order, until `visit` answers false. Answers the bracket that stands deeper than `maxDepth`, where the visit ended
 * too; else undefined.
 */
export function visitPlaces(tokens: readonly Token[], visit: (place: Place) => boolean): Token | undefined {
  let level = levelOf({ kind: 'expression', name: '', assignments: 0 });
  const outer: Level[] = [];
  const blocks: Level[] = [];
  for (const [index, token] of tokens.entries()) {
    const previous = tokens[index - 1];
    const opensBlock = token.kind === 'open' && token.text === '{';
    if (token.startsStatement && !opensBlock && token.kind !== 'close') beginStatement(level, token);
    const startsCommand =
      token.kind === 'word' && (token.startsStatement || previous?.text === '(' || isOperator(previous, '=|&'));
    if (startsCommand && isOperator(previous, '=')) level.head = token.text.toLowerCase();
    const goesOn = visit({
      blocks,
      token,
      startsCommand,
      words: level.words,
      head: level.head,
      assignments: level.equals,
      previous,
      next: tokens[index + 1],
      isPiped: () => level.piped || isPipedLater(tokens, index),
    });
    if (!goesOn) return undefined;
    note(level, token);
    if (token.kind === 'open') {
      if (blocks.length === maxDepth) return token;
      const inner = levelOf(describeBlock(level, token, previous));
      outer.push(level);
      blocks.push(inner);
      level = inner;
    } else if (token.kind === 'close') {
      const around = outer.pop();
      const closed = blocks.pop();
      if (around === undefined || closed === undefined) continue;
      level = around;
      if (token.text === '}') close(level, closed);
    }
  }
  return undefined;
}

function levelOf(block: Block): Level {
  return { ...block, head: '', words: [], equals: 0, piped: false, conditionClosed: false };
}

function beginStatement(level: Level, token: Token): void {
  level.head = token.kind === 'word' ? token.text.toLowerCase() : '';
  level.words = [];
  level.equals = 0;
  level.piped = false;
}

function note(level: Level, token: Token): void {
  if (token.kind === 'word') level.words.push(token.text.toLowerCase());
  else if (isOperator(token, '=')) level.equals += 1;
  else if (isOperator(token, '|')) level.piped = true;
}

function close(outer: Level, closed: Level): void {
  outer.conditionClosed = outer.kind === 'switch' && closed.kind === 'script-block';
  if (closed.kind !== 'script-block' && closed.kind !== 'expression') outer.head = '';
}

/** To the end of the statement, leaving out what is in brackets. */
function isPipedLater(tokens: readonly Token[], from: number): boolean {
  let depth = 0;
  for (let index = from + 1; index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token === undefined) return false;
    // An InlineScript's block may stand on the line below, and so may its parameters.
    if (depth === 0 && token.startsStatement && token.text !== '{' && !token.text.startsWith('-')) return isOperator(token, '|');
    if (token.kind === 'open') depth += 1;
    else if (token.kind === 'close') depth -= 1;
    if (depth < 0) return false;
    if (depth === 0 && isOperator(token, '|')) return true;
  }
  return false;
}

function isOperator(token: Token | undefined, characters: string): boolean {
  return token?.kind === 'other' && characters.includes(token.text);
}

function describeBlock(level: Level, token: Token, previous: Token | undefined): Block {
  const { head, words } = level;
  const block = (kind: BlockKind, name = ''): Block => ({ kind, name, assignments: level.equals });
  if (token.text === '(') {
    if (previous?.kind === 'other' || previous?.text === '$') return block('expression');
    if (head === 'param') return block('parameters');
    return block(conditionHeads.has(head) ? 'condition' : 'expression');
  }
  if (token.text === '[' || isOperator(previous, '@')) return block('expression');
  if (level.kind === 'switch') {
    if (token.startsStatement && !level.conditionClosed) return block('script-block');
    return block('body');
  }
  if (head === 'workflow' || head === 'function' || head === 'filter')
    return block(head === 'workflow' ? 'workflow' : 'function', words[1] ?? '');
  if (head === 'parallel') return block('parallel');
  if (head === 'sequence') return block('sequence');
  if (head === 'inlinescript') return block('inline-script');
  if (head === 'foreach') return block(words.includes('-parallel') ? 'fan' : 'loop');
  if (head === 'for' || head === 'while' || head === 'do') return block('loop');
  if (head === 'switch') return block('switch');
  if (head === 'finally') return block('finally');
  if (plainBodies.has(head)) return block('body');
  return block(namedBlocks.has(head) ? 'named' : 'script-block');
}
