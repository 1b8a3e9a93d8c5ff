/**
 * The syntax tree, as the parser makes it and the compiler reads it.
 *
 * Places are offsets into the source text (UTF-16 units); lines and columns are worked out only when somebody asks.
 */

/** One file or snippet, with what is needed to turn offsets into lines. */
export class Source {
  #lineStarts: number[] | undefined;

  constructor(
    /** Shown in messages and places. */
    readonly file: string,
    readonly text: string,
    /** What relative imports are resolved against; empty for snippets that have no file. */
    readonly path: string = file,
  ) {}

  /** 1-based line and column (in UTF-16 units) of an offset. */
  locate(offset: number): { line: number; column: number } {
    this.#lineStarts ??= lineStartsOf(this.text);
    const starts = this.#lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - starts[low]! + 1 };
  }

  /** The text of a 1-based line, without its line break. */
  line(number: number): string {
    this.#lineStarts ??= lineStartsOf(this.text);
    const start = this.#lineStarts[number - 1];
    if (start === undefined) return '';
    const end = this.#lineStarts[number];
    return this.text.slice(start, end === undefined ? undefined : end - 1).replace(/\r$/, '');
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** A stretch of one source, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type BinaryOperator =
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '>'
  | '<='
  | '>='
  | 'in'
  | '=='
  | '!='
  | '&'
  | '^'
  | '|'
  | '&&'
  | '||';

export type UnaryOperator = '+' | '-' | '!' | '~';

/** `:` takes the visibility that it inherits, `::` hides, `:::` shows. */
export type Visibility = 'inherit' | 'hidden' | 'visible';

export interface Parameter extends Span {
  readonly name: string;
  readonly fallback: Node | undefined;
}

export interface Bind extends Span {
  readonly name: string;
  readonly value: Node;
}

export interface NamedArgument extends Span {
  readonly name: string;
  readonly value: Node;
}

/** One `for NAME in FROM if ... if ...` of a comprehension. */
export interface Loop {
  readonly name: string;
  readonly from: Node;
  readonly conditions: readonly Node[];
}

export interface Field extends Span {
  /** A `string` node for `name:` and `"name":`, anything for `[name]:`. */
  readonly name: Node;
  readonly computed: boolean;
  readonly visibility: Visibility;
  /** `+:` */
  readonly plus: boolean;
  readonly value: Node;
}

export interface Assertion extends Span {
  readonly test: Node;
  readonly message: Node | undefined;
}

export interface StringNode extends Span {
  readonly kind: 'string';
  readonly value: string;
  /** A text block is refused as an import path. */
  readonly block: boolean;
}

export interface FunctionNode extends Span {
  readonly kind: 'function';
  readonly name: string | undefined;
  readonly parameters: readonly Parameter[];
  readonly body: Node;
}

export interface CallNode extends Span {
  readonly kind: 'call';
  readonly target: Node;
  readonly positional: readonly Node[];
  readonly named: readonly NamedArgument[];
  readonly tailstrict: boolean;
}

export interface BinaryNode extends Span {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Node;
  readonly right: Node;
}

export interface ObjectNode extends Span {
  readonly kind: 'object';
  readonly fields: readonly Field[];
  readonly locals: readonly Bind[];
  readonly assertions: readonly Assertion[];
}

export interface ObjectComprehensionNode extends Span {
  readonly kind: 'object-comprehension';
  readonly field: Field;
  readonly locals: readonly Bind[];
  readonly loops: readonly Loop[];
}

export interface ArrayComprehensionNode extends Span {
  readonly kind: 'array-comprehension';
  readonly body: Node;
  readonly loops: readonly Loop[];
}

export interface IndexNode extends Span {
  readonly kind: 'index';
  readonly target: Node;
  readonly index: Node;
}

export interface LocalNode extends Span {
  readonly kind: 'local';
  readonly binds: readonly Bind[];
  readonly body: Node;
}

export interface ImportNode extends Span {
  readonly kind: 'import';
  readonly form: 'code' | 'string' | 'binary';
  readonly path: string;
}

export type Node =
  | StringNode
  | FunctionNode
  | CallNode
  | BinaryNode
  | ObjectNode
  | ObjectComprehensionNode
  | ArrayComprehensionNode
  | IndexNode
  | LocalNode
  | ImportNode
  | ({ readonly kind: 'literal'; readonly value: null | boolean } & Span)
  /** Infinite where the text is too large for a double: an error, but only when it is evaluated. */
  | ({ readonly kind: 'number'; readonly value: number } & Span)
  | ({ readonly kind: 'self' } & Span)
  | ({ readonly kind: 'dollar' } & Span)
  | ({ readonly kind: 'super'; readonly index: Node } & Span)
  | ({ readonly kind: 'in-super'; readonly index: Node } & Span)
  | ({ readonly kind: 'variable'; readonly name: string } & Span)
  | ({
      readonly kind: 'slice';
      readonly target: Node;
      readonly from: Node | undefined;
      readonly to: Node | undefined;
      readonly step: Node | undefined;
    } & Span)
  | ({ readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Node } & Span)
  | ({
      readonly kind: 'if';
      readonly test: Node;
      readonly then: Node;
      readonly otherwise: Node | undefined;
    } & Span)
  | ({ readonly kind: 'error'; readonly message: Node } & Span)
  | ({
      readonly kind: 'assert';
      readonly test: Node;
      readonly message: Node | undefined;
      readonly rest: Node;
    } & Span)
  | ({ readonly kind: 'array'; readonly elements: readonly Node[] } & Span);
