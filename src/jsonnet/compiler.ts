import type { Node, Source, Span } from './ast.js';
import type { JsonnetError } from './errors.js';
import type { Scope } from './scope.js';
import type { Code, Frame, Run, Slot, Value } from './values.js';

/** What compiled code needs from the evaluation that it belongs to. */
export interface Surroundings {
  readonly literals: ReadonlyMap<string, string>;
  importCode(from: Source, path: string): Value;
  importString(from: Source, path: string): Value;
  importBinary(from: Source, path: string): Value;
  /** A member of the standard library, as an unshadowed `std.name` sees it. */
  standard(source: Source, name: string): Value | undefined;
}

/**
 * Where a call stands. In `tail` position its result is the function's; `operand` is the last operand of an operator
 * there, which the reference counts as if it were (no frame is kept), though something remains to be done.
 */
export type Position = 'inner' | 'operand' | 'tail';

/** The compiler as its parts see it: each part compiles some forms, and asks this for what is inside them. */
export interface Compiler {
  readonly source: Source;
  readonly surroundings: Surroundings;

  run(node: Node, scope: Scope, position?: Position): Run;

  /** An expression with its place and its name in a stack. */
  code(node: Node, scope: Scope, label: string, position?: Position): Code;

  /** Code that was compiled already, with a place and a name. */
  wrap(run: Run, span: Span, label: string): Code;

  /** For what may be evaluated later or never: constants and known variables as they are, everything else put off. */
  slot(node: Node, scope: Scope, label: string): (frame: Frame) => Slot;

  /** An expression that has to be a boolean. */
  condition(node: Node, scope: Scope, position?: Position): (frame: Frame) => boolean;

  /** An index or a name of a field: never one of the literals that are replaced. */
  fieldName(node: Node, scope: Scope): Run;

  /** Checks a condition; its result has no meaning. */
  assertion(
    node: { readonly test: Node; readonly message: Node | undefined } & Span,
    fallback: string,
    scope: Scope,
  ): Run;

  /** The member of the standard library that `std.name` means here, if `variable` is the file's own `std`. */
  standard(variable: string, name: string, scope: Scope): Value | undefined;

  /** An error that the text alone shows. */
  fail(message: string, span: Span): JsonnetError;
}
