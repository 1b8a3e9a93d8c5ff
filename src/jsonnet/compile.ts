import type { Bind, FunctionNode, LocalNode, Node, Source, Span } from './ast.js';
import {
  compileDollar,
  compileIndex,
  compileInSuper,
  compileSelf,
  compileSlice,
  compileSuper,
} from './compile-access.js';
import { compileCall } from './compile-call.js';
import { compileArrayComprehension } from './compile-loops.js';
import { compileObject, compileObjectComprehension } from './compile-object.js';
import { compileBinary, compileUnary } from './compile-operators.js';
import type { Compiler, Position, Surroundings } from './compiler.js';
import { JsonnetError, nearest, type Region, staticError } from './errors.js';
import { toText } from './operators.js';
import { FrameLayout, Scope } from './scope.js';
import {
  Closure,
  Code,
  type CompiledParameter,
  EMPTY_ARRAY,
  type Frame,
  type FunctionShape,
  JsonnetArray,
  type Run,
  type Slot,
  Thunk,
  typeName,
  type Value,
} from './values.js';
import { readSlot } from './variables.js';

/** Turns a syntax tree into closures, with every variable resolved to a slot. */
export class ClosureCompiler implements Compiler {
  constructor(
    readonly source: Source,
    readonly surroundings: Surroundings,
  ) {}

  /** A whole file: its code runs in a frame whose slot 1 is `std`. */
  file(node: Node): { code: Code; size: number } {
    const layout = new FrameLayout('file', undefined);
    const scope = new Scope(layout, undefined);
    scope.define('std');
    const code = this.code(node, new Scope(layout, scope), `file ${this.source.file}`);
    return { code, size: layout.size };
  }

  code(node: Node, scope: Scope, label: string, position: Position = 'inner'): Code {
    return new Code(this.run(node, scope, position), this.source, node.start, node.end, label);
  }

  wrap(run: Run, { start, end }: Span, label: string): Code {
    return new Code(run, this.source, start, end, label);
  }

  fail(message: string, node: Span): JsonnetError {
    return staticError(message, this.#region(node));
  }

  run(node: Node, scope: Scope, position: Position = 'inner'): Run {
    switch (node.kind) {
      case 'literal': {
        const { value } = node;
        return () => value;
      }
      case 'number':
        return this.#number(node);
      case 'string': {
        const value = this.surroundings.literals.get(node.value) ?? node.value;
        return () => value;
      }
      case 'variable':
        return this.#variable(node.name, node, scope);
      case 'self':
        return compileSelf(this, node, scope);
      case 'dollar':
        return compileDollar(this, node, scope);
      case 'super':
        return compileSuper(this, node, scope);
      case 'in-super':
        return compileInSuper(this, node, scope);
      case 'index':
        return compileIndex(this, node, scope);
      case 'slice':
        return compileSlice(this, node, scope);
      case 'call':
        return compileCall(this, node, scope, position);
      case 'unary':
        return compileUnary(this, node, scope, position);
      case 'binary':
        return compileBinary(this, node, scope, position);
      case 'if':
        return this.#if(node, scope, position);
      case 'local':
        return this.#local(node, scope, position);
      case 'function':
        return this.#function(node, scope);
      case 'error':
        return this.#error(node, scope);
      case 'assert':
        return this.#assert(node, scope, position);
      case 'import':
        return this.#import(node);
      case 'array':
        return this.#array(node.elements, scope);
      case 'array-comprehension':
        return compileArrayComprehension(this, node, scope);
      case 'object':
        return compileObject(this, node, scope);
      case 'object-comprehension':
        return compileObjectComprehension(this, node, scope);
    }
  }

  /** For what may be evaluated later or never: constants and known variables as they are, everything else put off. */
  slot(node: Node, scope: Scope, label: string): (frame: Frame) => Slot {
    if (isConstant(node)) return this.run(node, scope);
    const code = this.code(node, scope, label);
    if (node.kind === 'variable') {
      const address = scope.find(node.name)!;
      if (address.hops === 0) {
        const { slot } = address;
        return (frame) => {
          const known = frame[slot] as Slot | undefined;
          if (known instanceof Thunk) return known.value ?? new Thunk(code, frame);
          return known === undefined ? new Thunk(code, frame) : known;
        };
      }
    }
    if (node.kind === 'function') return code.run;
    return (frame) => new Thunk(code, frame);
  }

  #variable(name: string, node: Span, scope: Scope): Run {
    const address = scope.find(name);
    if (!address) {
      const near = nearest(name, scope.names());
      const hint = near === undefined ? '' : ` (did you mean "${near}"?)`;
      throw this.fail(`unknown variable: ${name}${hint}`, node);
    }
    return readSlot(address.hops, address.slot);
  }

  #number(node: Node & { kind: 'number' }): Run {
    const { value } = node;
    if (Number.isFinite(value)) return () => value;
    return () => {
      throw new JsonnetError('overflow: this number is too large').at(this.#region(node));
    };
  }

  #region({ start, end }: Span): Region {
    return { source: this.source, start, end };
  }

  /** An index or a name of a field: never one of the literals that are replaced. */
  fieldName(node: Node, scope: Scope): Run {
    if (node.kind !== 'string') return this.run(node, scope);
    const { value } = node;
    return () => value;
  }

  /** The member of the standard library that `std.name` means here, if `variable` is the file's own `std`. */
  standard(variable: string, name: string, scope: Scope): Value | undefined {
    if (variable !== 'std' || !scope.find('std')?.standard) return undefined;
    return this.surroundings.standard(this.source, name);
  }

  #if(node: Node & { kind: 'if' }, scope: Scope, position: Position): Run {
    const test = this.condition(node.test, scope);
    const then = this.run(node.then, scope, position);
    const otherwise: Run = node.otherwise ? this.run(node.otherwise, scope, position) : () => null;
    return (frame) => (test(frame) ? then(frame) : otherwise(frame));
  }

  /** An expression that has to be a boolean. */
  condition(node: Node, scope: Scope, position: Position = 'inner'): (frame: Frame) => boolean {
    const run = this.run(node, scope, position);
    const at = this.#region(node);
    return (frame) => {
      const value = run(frame);
      if (value === true) return true;
      if (value === false) return false;
      throw new JsonnetError(`a condition is true or false, not ${typeName(value)}`).at(at);
    };
  }

  /** Gives every variable of a `local` its slot, then compiles their values, which may use each other. */
  #bind(binds: readonly Bind[], scope: Scope): { slot: number; make: (frame: Frame) => Slot }[] {
    const slots = binds.map(({ name }) => scope.define(name));
    return binds.map((bind, i) => ({ slot: slots[i]!, make: this.#put(bind, scope) }));
  }

  /** A variable's value, put off; functions and constants need no putting off. */
  #put(bind: Bind, scope: Scope): (frame: Frame) => Slot {
    const { value } = bind;
    if (value.kind === 'variable') {
      const code = this.code(value, scope, `variable ${bind.name}`);
      return (frame) => new Thunk(code, frame);
    }
    return this.slot(value, scope, `variable ${bind.name}`);
  }

  #local(node: LocalNode, outerScope: Scope, position: Position): Run {
    const scope = new Scope(outerScope.layout, outerScope);
    const binds = this.#bind(node.binds, scope);
    const body = this.run(node.body, scope, position);
    if (binds.length === 1) {
      const { slot, make } = binds[0]!;
      return (frame) => {
        frame[slot] = make(frame);
        return body(frame);
      };
    }
    return (frame) => {
      for (const { slot, make } of binds) frame[slot] = make(frame);
      return body(frame);
    };
  }

  #function(node: FunctionNode, outerScope: Scope): Run {
    const shape = this.#functionShape(node, outerScope);
    return (frame) => new Closure(shape, frame);
  }

  #functionShape(node: FunctionNode, outerScope: Scope): FunctionShape {
    const layout = new FrameLayout('function', outerScope.layout);
    const scope = new Scope(layout, outerScope);
    for (const { name } of node.parameters) scope.define(name);
    const parameters: CompiledParameter[] = node.parameters.map(({ name, fallback }) => ({
      name,
      fallback: fallback ? this.code(fallback, scope, `parameter ${name}`) : undefined,
    }));
    const body = this.code(node.body, scope, node.name ? `function ${node.name}` : 'function', 'tail');
    return { name: node.name, parameters, body, size: layout.size };
  }

  #error(node: Node & { kind: 'error' }, scope: Scope): Run {
    const message = this.run(node.message, scope);
    const at = this.#region(node);
    return (frame) => {
      throw new JsonnetError(toText(message(frame))).at(at);
    };
  }

  #assert(node: Node & { kind: 'assert' }, scope: Scope, position: Position): Run {
    const check = this.assertion(node, 'assertion failed', scope);
    const rest = this.run(node.rest, scope, position);
    return (frame) => {
      check(frame);
      return rest(frame);
    };
  }

  assertion(
    node: { readonly test: Node; readonly message: Node | undefined } & Span,
    fallback: string,
    scope: Scope,
  ): Run {
    const test = this.condition(node.test, scope);
    const message = node.message ? this.run(node.message, scope) : () => fallback;
    const at = this.#region(node.test);
    return (frame) => {
      if (!test(frame)) throw new JsonnetError(toText(message(frame))).at(at);
      return true;
    };
  }

  #import(node: Node & { kind: 'import' }): Run {
    const { surroundings, source } = this;
    const { path, form } = node;
    const at = this.#region(node);
    const load = {
      code: () => surroundings.importCode(source, path),
      string: () => surroundings.importString(source, path),
      binary: () => surroundings.importBinary(source, path),
    }[form];
    return () => {
      try {
        return load();
      } catch (error) {
        throw error instanceof JsonnetError ? error.at(at) : error;
      }
    };
  }

  #array(nodes: readonly Node[], scope: Scope): Run {
    if (nodes.length === 0) return () => EMPTY_ARRAY;
    const makers = nodes.map((node) => this.#element(node, scope));
    return (frame) => {
      const elements: Slot[] = new Array(makers.length);
      for (let i = 0; i < makers.length; i++) elements[i] = makers[i]!(frame);
      return new JsonnetArray(elements);
    };
  }

  /** An element of an array: always a thunk, even if ready, for it knows its place. */
  #element(node: Node, scope: Scope): (frame: Frame) => Slot {
    const code = this.code(node, scope, 'element');
    if (isConstant(node)) {
      const ready = Thunk.ready(code, code.run([]));
      return () => ready;
    }
    return (frame) => new Thunk(code, frame);
  }
}

/** Whether a node's value is known at once. */
function isConstant(node: Node): boolean {
  return (
    node.kind === 'literal' ||
    node.kind === 'string' ||
    (node.kind === 'number' && Number.isFinite(node.value))
  );
}
