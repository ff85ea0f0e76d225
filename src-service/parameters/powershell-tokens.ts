/**
 * Cuts a PowerShell script into words, variables, strings and brackets, with their places. It knows just enough of the language to
 * never take a bracket inside a string or a comment for a bracket, whatever stands around it.
 * Not a parser: what a parameter block means is read from the syntax tree of that block.
 */

export type TokenKind = 'word' | 'variable' | 'string' | 'open' | 'close' | 'separator' | 'other';

export interface Token {
  kind: TokenKind;
  start: number;
  end: number;
  text: string;
  /** First on its line, or after `;`, `{` or `}`. */
  startsStatement: boolean;
}

export interface TokenMistake {
  offset: number;
  reason: string;
}

export interface TokenReading {
  tokens: Token[];
  /** The first certain mistake: a string, comment or bracket without its end, or a bracket too many. */
  mistake: TokenMistake | undefined;
}

// PowerShell takes typographic quotes for quotes.
const singleQuotes = "'\u2018\u2019\u201a\u201b";
const doubleQuotes = '"\u201c\u201d\u201e';
const blanks = ' \t\f\v\u00a0\u0085\u200b\u2060\ufeff';
const partners: Readonly<Record<string, string>> = { '(': ')', '{': '}' };

class Tokenizer {
  readonly tokens: Token[] = [];
  mistake: TokenMistake | undefined;
  private at = 0;
  private readonly open: { bracket: string; offset: number }[] = [];
  private startsStatement = true;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  read(): TokenReading {
    while (this.at < this.text.length && this.mistake === undefined) this.readOne();
    const unclosed = this.open.at(-1);
    if (unclosed !== undefined) this.fail(unclosed.offset, `the “${unclosed.bracket}” is never closed`);
    return { tokens: this.tokens, mistake: this.mistake };
  }

  private readOne(): void {
    const start = this.at;
    const character = this.text.charAt(start);
    if (blanks.includes(character)) this.at += 1;
    else if (character === '\n' || character === '\r') this.endStatement(start);
    else if (character === '#') this.at = this.endOfLine(start);
    else if (this.text.startsWith('<#', start)) this.skipTo('#>', start + 2, 'the comment that begins here has no end');
    else if (character === '`') this.at += this.text.startsWith('\r\n', start + 1) ? 3 : 2;
    else if (this.isHereString(start)) this.readHereString(start);
    else if (singleQuotes.includes(character) || doubleQuotes.includes(character)) this.readString(start);
    else if (character === '$') this.readVariable(start);
    else if (character === '@' && '({'.includes(this.text.charAt(start + 1))) this.push('other', start, start + 1);
    else if ('({['.includes(character)) this.readOpening(start, character);
    else if (')}]'.includes(character)) this.readClosing(start, character);
    else if (character === ';') this.endStatement(start);
    else if (',=|&'.includes(character)) this.push(character === ',' ? 'separator' : 'other', start, start + 1);
    else this.readWord(start);
  }

  private push(kind: TokenKind, start: number, end: number): void {
    this.tokens.push({ kind, start, end, text: this.text.slice(start, end), startsStatement: this.startsStatement });
    this.startsStatement = false;
    this.at = end;
  }

  private endStatement(start: number): void {
    this.startsStatement = true;
    this.at = start + 1;
  }

  private fail(offset: number, reason: string): void {
    this.mistake ??= { offset, reason };
    this.at = this.text.length;
    this.open.length = 0;
  }

  private skipTo(end: string, from: number, reason: string): void {
    const found = this.text.indexOf(end, from);
    if (found === -1) this.fail(from, reason);
    else this.at = found + end.length;
  }

  private endOfLine(from: number): number {
    const found = this.text.indexOf('\n', from);
    return found === -1 ? this.text.length : found;
  }

  private isHereString(start: number): boolean {
    const quote = this.text.charAt(start + 1);
    if (this.text.charAt(start) !== '@' || quote === '' || !(singleQuotes + doubleQuotes).includes(quote)) return false;
    return this.text.slice(start + 2, this.endOfLine(start)).trim() === '';
  }

  private readHereString(start: number): void {
    const quotes = singleQuotes.includes(this.text.charAt(start + 1)) ? singleQuotes : doubleQuotes;
    for (let line = this.endOfLine(start) + 1; line < this.text.length; line = this.endOfLine(line) + 1) {
      const first = this.text.charAt(line);
      if (first !== '' && quotes.includes(first) && this.text.charAt(line + 1) === '@') {
        this.push('string', start, line + 2);
        return;
      }
    }
    this.fail(start, 'the here-string that begins here has no end');
  }

  private readString(start: number): void {
    const expands = doubleQuotes.includes(this.text.charAt(start));
    const quotes = expands ? doubleQuotes : singleQuotes;
    let at = start + 1;
    while (at < this.text.length) {
      const character = this.text.charAt(at);
      if (expands && character === '`') at += 2;
      else if (expands && this.text.startsWith('$(', at)) at = this.endOfSubExpression(at + 1);
      else if (!quotes.includes(character)) at += 1;
      else if (quotes.includes(this.text.charAt(at + 1)) && at + 1 < this.text.length) at += 2;
      else {
        this.push('string', start, at + 1);
        return;
      }
    }
    this.fail(start, 'the string that begins here has no end');
  }

  /** `$( … )` inside a string is a script of its own; `open` is its bracket. Answers the place after the closing one. */
  private endOfSubExpression(open: number): number {
    const inner = new Tokenizer(this.text);
    inner.at = open;
    do inner.readOne();
    while (inner.open.length > 0 && inner.at < this.text.length);
    if (inner.mistake !== undefined) this.fail(inner.mistake.offset, inner.mistake.reason);
    return inner.at;
  }

  private readVariable(start: number): void {
    if (this.text.charAt(start + 1) === '{') {
      this.readBracedVariable(start);
      return;
    }
    let end = start + 1;
    while (end < this.text.length && /[\p{L}\p{N}_:?^$]/u.test(this.text.charAt(end))) end += 1;
    this.push('variable', start, end);
  }

  private readBracedVariable(start: number): void {
    for (let at = start + 2; at < this.text.length; at += 1) {
      if (this.text.startsWith('`u{', at)) at = this.text.indexOf('}', at);
      else if (this.text.charAt(at) === '`') at += 1;
      else if (this.text.charAt(at) === '}') {
        this.push('variable', start, at + 1);
        return;
      }
      if (at === -1) break;
    }
    this.fail(start, 'the variable name that begins here has no end');
  }

  private readOpening(start: number, character: string): void {
    // Square brackets are not counted: as plain argument text they need no partner.
    if (character !== '[') this.open.push({ bracket: character, offset: start });
    this.push('open', start, start + 1);
    if (character === '{') this.startsStatement = true;
  }

  private readClosing(start: number, character: string): void {
    if (character !== ']') {
      const opened = this.open.pop();
      if (opened === undefined) {
        this.fail(start, `the “${character}” closes nothing`);
        return;
      }
      if (partners[opened.bracket] !== character) {
        this.fail(
          start,
          `“${character}” stands where the “${opened.bracket}” of line ${lineOf(this.text, opened.offset)} should be closed`,
        );
        return;
      }
    }
    this.push('close', start, start + 1);
    if (character === '}') this.startsStatement = true;
  }

  private readWord(start: number): void {
    let end = start + 1;
    const stops = blanks + '\r\n(){}[];,|&=`$' + singleQuotes + doubleQuotes;
    while (end < this.text.length && !stops.includes(this.text.charAt(end))) end += 1;
    this.push('word', start, end);
    // Everything after the stop-parsing token is plain text to the end of the line.
    if (this.tokens.at(-1)?.text === '--%') this.at = this.endOfLine(end);
  }
}

export function tokenize(text: string): TokenReading {
  return new Tokenizer(text).read();
}

/** 1-based. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}
