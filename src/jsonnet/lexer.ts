import type { Source } from './ast.js';
import { type JsonnetError, staticError } from './errors.js';
import { unescapeString } from './string-literal.js';

export type TokenKind =
  | 'identifier'
  | 'keyword'
  | 'number'
  | 'string'
  | 'text block'
  | 'operator'
  | 'symbol'
  | 'end';

/** A string's `text` is its value, a number's its digits without separators, every other's what was written. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export const KEYWORDS: ReadonlySet<string> = new Set([
  'assert',
  'else',
  'error',
  'false',
  'for',
  'function',
  'if',
  'import',
  'importbin',
  'importstr',
  'in',
  'local',
  'null',
  'self',
  'super',
  'tailstrict',
  'then',
  'true',
]);

const NEWLINE = 10;
const isSpace = (c: number) => c === 32 || c === 9 || c === 13 || c === NEWLINE;
const isDigit = (c: number) => c >= 48 && c <= 57;
const isIdentifierStart = (c: number) => (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95;
const OPERATOR_CHARACTERS = new Set(Array.from('!$:~+-&|^=<>*/%', (c) => c.charCodeAt(0)));
const SYMBOLS = new Set(Array.from('{}[],.();', (c) => c.charCodeAt(0)));
/** Operators that stand before their operand (and `$`): a longer operator does not end with one. */
const UNARY_ENDINGS = new Set(Array.from('+-~!$', (c) => c.charCodeAt(0)));

/** Cuts a source into tokens; the last is always `end`. @throws {JsonnetError} of kind `static` */
export function lex(source: Source): Token[] {
  return new Lexer(source).run();
}

class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(readonly source: Source) {
    this.#text = source.text;
  }

  run(): Token[] {
    const text = this.#text;
    for (;;) {
      while (isSpace(text.charCodeAt(this.#at))) this.#at++;
      if (this.#at >= text.length) break;
      this.#token(text.charCodeAt(this.#at));
    }
    this.#tokens.push({ kind: 'end', text: '', start: text.length, end: text.length });
    return this.#tokens;
  }

  #token(c: number): void {
    const text = this.#text;
    if (isIdentifierStart(c)) {
      const start = this.#at;
      let at = start + 1;
      for (let d = text.charCodeAt(at); isIdentifierStart(d) || isDigit(d); d = text.charCodeAt(++at));
      this.#at = at;
      const word = text.slice(start, at);
      this.#push(KEYWORDS.has(word) ? 'keyword' : 'identifier', word, start);
    } else if (SYMBOLS.has(c)) {
      this.#at++;
      this.#push('symbol', text[this.#at - 1]!, this.#at - 1);
    } else if (isDigit(c)) this.#number();
    else if (c === 34 || c === 39) this.#quoted(c);
    else if (c === 64) this.#verbatim();
    else if (c === 35 || text.startsWith('//', this.#at)) this.#lineComment();
    else if (text.startsWith('/*', this.#at)) this.#blockComment();
    else if (text.startsWith('|||', this.#at)) this.#textBlock();
    else if (OPERATOR_CHARACTERS.has(c)) this.#operator();
    else {
      const shown = JSON.stringify(String.fromCodePoint(text.codePointAt(this.#at)!));
      throw this.#fail(`this character has no meaning here: ${shown}`, this.#at);
    }
  }

  #push(kind: TokenKind, text: string, start: number): void {
    this.#tokens.push({ kind, text, start, end: this.#at });
  }

  #fail(message: string, start: number, end = start + 1): JsonnetError {
    return staticError(message, { source: this.source, start, end });
  }

  #lineComment(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#text.length : end;
  }

  #blockComment(): void {
    const end = this.#text.indexOf('*/', this.#at + 2);
    if (end < 0) throw this.#fail('this comment is never closed: */ is missing', this.#at, this.#at + 2);
    this.#at = end + 2;
  }

  /**
   * A run of operator characters is one operator, unless it ends with a unary one: then each is one by itself, as the
   * reference has it. So `a == -1` needs its space, and `a - -1` does not.
   */
  #operator(): void {
    const text = this.#text;
    const start = this.#at;
    let end = start + 1;
    for (let c = text.charCodeAt(end); OPERATOR_CHARACTERS.has(c); c = text.charCodeAt(++end)) {
      if (c === 47 && (text[end + 1] === '/' || text[end + 1] === '*')) break;
      if (c === 124 && text.startsWith('|||', end)) break;
    }
    if (!UNARY_ENDINGS.has(text.charCodeAt(end - 1))) {
      this.#at = end;
      this.#push('operator', text.slice(start, end), start);
      return;
    }
    while (this.#at < end) {
      const c = text[this.#at++]!;
      this.#push(c === '$' ? 'symbol' : 'operator', c, this.#at - 1);
    }
  }

  /** Digits with single `_` between them. */
  #digits(): void {
    const text = this.#text;
    if (!isDigit(text.charCodeAt(this.#at))) throw this.#junk('a digit');
    for (;;) {
      while (isDigit(text.charCodeAt(this.#at))) this.#at++;
      if (text.charCodeAt(this.#at) !== 95) return;
      this.#at++;
      if (!isDigit(text.charCodeAt(this.#at))) throw this.#junk('a digit after "_"');
    }
  }

  #junk(expected: string): JsonnetError {
    const found = this.#at < this.#text.length ? JSON.stringify(this.#text[this.#at]) : 'the end of the file';
    return this.#fail(`this number is not complete: expected ${expected}, found ${found}`, this.#at);
  }

  #number(): void {
    const text = this.#text;
    const start = this.#at;
    if (text[start] === '0') {
      this.#at++;
      if (text[this.#at] === '_')
        throw this.#fail('a number that begins with 0 has no "_" after it', this.#at);
    } else this.#digits();
    if (text[this.#at] === '.') {
      this.#at++;
      this.#digits();
    }
    if (text[this.#at] === 'e' || text[this.#at] === 'E') {
      this.#at++;
      if (text[this.#at] === '+' || text[this.#at] === '-') this.#at++;
      this.#digits();
    }
    this.#push('number', text.slice(start, this.#at).replaceAll('_', ''), start);
  }

  #quoted(quote: number): void {
    const text = this.#text;
    const start = this.#at;
    let escaped = false;
    let at = start + 1;
    for (;;) {
      const c = text.charCodeAt(at);
      if (c === quote) break;
      if (at >= text.length) throw this.#fail('this string is never closed', start);
      if (c === 92) {
        escaped = true;
        at++;
      }
      at++;
    }
    this.#at = at + 1;
    const raw = text.slice(start + 1, at);
    const value = escaped
      ? unescapeString(raw, (message, from, to) => this.#fail(message, start + 1 + from, start + 1 + to))
      : raw;
    this.#push('string', value, start);
  }

  #verbatim(): void {
    const start = this.#at;
    const quote = this.#text[start + 1];
    if (quote !== '"' && quote !== "'") throw this.#fail('a quote is expected after "@"', start);
    let value = '';
    let from = start + 2;
    for (;;) {
      const end = this.#text.indexOf(quote, from);
      if (end < 0) throw this.#fail('this string is never closed', start);
      value += this.#text.slice(from, end);
      if (this.#text[end + 1] !== quote) {
        this.#at = end + 1;
        break;
      }
      value += quote;
      from = end + 2;
    }
    this.#push('string', value, start);
  }

  #textBlock(): void {
    const text = this.#text;
    const start = this.#at;
    let at = start + 3;
    const chomp = text[at] === '-';
    if (chomp) at++;
    while (text[at] === ' ' || text[at] === '\t' || text[at] === '\r') at++;
    if (text[at] !== '\n') throw this.#fail('a text block begins on the line after "|||"', start, start + 3);
    at++;
    const parts: string[] = [];
    const blankLines = () => {
      const from = at;
      while (text[at] === '\n') at++;
      if (at > from) parts.push(text.slice(from, at));
    };
    blankLines();
    let indentEnd = at;
    while (text[indentEnd] === ' ' || text[indentEnd] === '\t') indentEnd++;
    const indent = text.slice(at, indentEnd);
    if (indent === '') throw this.#fail("a text block's first line must be indented", start, start + 3);
    while (text.startsWith(indent, at)) {
      const end = text.indexOf('\n', at);
      if (end < 0) throw this.#fail('this text block is never closed: ||| is missing', start, start + 3);
      parts.push(text.slice(at + indent.length, end + 1));
      at = end + 1;
      blankLines();
    }
    while (text[at] === ' ' || text[at] === '\t') at++;
    if (!text.startsWith('|||', at)) {
      throw this.#fail('this line is indented less than its text block, and is not "|||"', at, at + 1);
    }
    this.#at = at + 3;
    const value = parts.join('');
    this.#push('text block', chomp ? value.slice(0, -1) : value, start);
  }
}
