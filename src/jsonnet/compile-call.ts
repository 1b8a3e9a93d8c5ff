import type { CallNode, Node } from './ast.js';
import { call, callable, frameIsTrimmable, type NamedSlot } from './calls.js';
import type { Compiler, Position } from './compiler.js';
import { JsonnetError } from './errors.js';
import { enter, stack } from './machine.js';
import type { Scope } from './scope.js';
import { Builtin, Closure, Code, type Frame, type Run, type Slot, type Value } from './values.js';

type MakeSlot = (frame: Frame) => Slot;

/** A call; how it is compiled depends on what is known of its target and on its place in the function around it. */
export function compileCall(compiler: Compiler, node: CallNode, scope: Scope, position: Position): Run {
  const builtin = knownBuiltin(compiler, node, scope);
  if (builtin) return builtinCall(compiler, node, builtin, scope);
  const target = compiler.run(node.target, scope);
  const slot = (argument: Node, label: string): MakeSlot =>
    namesSomething(compiler, node.target, scope) && argument.kind === 'string'
      ? compiler.fieldName(argument, scope)
      : compiler.slot(argument, scope, label);
  const positional = node.positional.map((argument) => slot(argument, 'argument'));
  const named = node.named.map(({ name, value }) => ({ name, make: slot(value, `argument ${name}`) }));
  const general = (frame: Frame): Value => {
    const callee = callable(target(frame), site);
    return call(callee, make(positional, frame), makeNamed(named, frame), site, position);
  };
  const site = new Code(
    general,
    compiler.source,
    node.start,
    node.end,
    callLabel(node.target),
    node.tailstrict,
  );
  if (named.length > 0 || node.tailstrict || positional.length > 3) return general;
  return plainCall(target, positional, site, position);
}

/** `std.extVar` and `std.native`: their argument is a name, in which no literal is replaced. */
function namesSomething(compiler: Compiler, target: Node, scope: Scope): boolean {
  const member = standardMember(compiler, target, scope);
  return member instanceof Builtin && (member.name === 'std.extVar' || member.name === 'std.native');
}

/** What `std.name` means, where a target is that and `std` is the standard library. */
function standardMember(compiler: Compiler, target: Node, scope: Scope): Value | undefined {
  if (target.kind !== 'index') return undefined;
  const { target: owner, index } = target;
  if (owner.kind !== 'variable' || index.kind !== 'string') return undefined;
  return compiler.standard(owner.name, index.value, scope);
}

function callLabel(target: Node): string {
  if (target.kind === 'variable') return `call of ${target.name}`;
  if (target.kind === 'index' && target.index.kind === 'string') return `call of ${target.index.value}`;
  return 'call';
}

function make(makers: readonly MakeSlot[], frame: Frame): Slot[] {
  const slots: Slot[] = new Array(makers.length);
  for (let i = 0; i < makers.length; i++) slots[i] = makers[i]!(frame);
  return slots;
}

function makeNamed(makers: readonly { name: string; make: MakeSlot }[], frame: Frame): NamedSlot[] {
  return makers.map(({ name, make }) => ({ name, slot: make(frame) }));
}

/** At most three positional arguments: fast when they are as many as a function of the program has parameters. */
function plainCall(target: Run, makers: readonly MakeSlot[], site: Code, position: Position): Run {
  const count = makers.length;
  const inner = position === 'inner';
  const [first, second, third] = makers;
  return (frame) => {
    const callee = target(frame);
    if (callee instanceof Closure && (inner || !frameIsTrimmable())) {
      const { shape } = callee;
      if (shape.parameters.length === count) {
        const own: Frame = new Array(shape.size);
        own[0] = callee.frame;
        if (first) own[1] = first(frame);
        if (second) own[2] = second(frame);
        if (third) own[3] = third(frame);
        enter(site);
        const value = shape.body.run(own);
        stack.depth--;
        return value;
      }
    }
    return call(callable(callee, site), make(makers, frame), [], site, position);
  };
}

/** The standard function that a target means, where that is known before evaluation. */
function knownBuiltin(compiler: Compiler, node: CallNode, scope: Scope): Builtin | undefined {
  const member = standardMember(compiler, node.target, scope);
  if (!(member instanceof Builtin) || node.named.length > 0) return undefined;
  if (node.positional.length > member.parameters.length) return undefined;
  const missing = member.parameters.slice(node.positional.length).some((parameter) => !parameter.optional);
  return missing ? undefined : member;
}

/** A call of a known standard function: arguments that it always wants are evaluated at once. */
function builtinCall(compiler: Compiler, node: CallNode, builtin: Builtin, scope: Scope): Run {
  const isName = namesSomething(compiler, node.target, scope);
  const makers = node.positional.map((argument, i): MakeSlot => {
    if (isName && argument.kind === 'string') return compiler.fieldName(argument, scope);
    if (builtin.parameters[i]!.lazy) return compiler.slot(argument, scope, 'argument');
    const code = compiler.code(argument, scope, 'argument');
    if (argument.kind === 'literal' || argument.kind === 'string' || argument.kind === 'variable')
      return code.run;
    return (frame) => {
      enter(code);
      const value = code.run(frame);
      stack.depth--;
      return value;
    };
  });
  const body = builtin.body as (...args: Slot[]) => Value;
  const at = { source: compiler.source, start: node.start, end: node.end };
  const fail = (error: unknown) => (error instanceof JsonnetError ? error.inCallOf(builtin.name, at) : error);
  const [first, second] = makers;
  if (builtin.name === 'std.trace' && first && second) {
    return (frame) => {
      const message = first(frame);
      const rest = second(frame);
      stack.traceSite = at;
      return body(message, rest);
    };
  }
  if (makers.length === 1 && first) {
    return (frame) => {
      const a = first(frame);
      try {
        return body(a);
      } catch (error) {
        throw fail(error);
      }
    };
  }
  if (makers.length === 2 && first && second) {
    return (frame) => {
      const a = first(frame);
      const b = second(frame);
      try {
        return body(a, b);
      } catch (error) {
        throw fail(error);
      }
    };
  }
  return (frame) => {
    const slots = make(makers, frame);
    try {
      return body(...slots);
    } catch (error) {
      throw fail(error);
    }
  };
}
