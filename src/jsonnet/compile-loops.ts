import type { ArrayComprehensionNode, Loop } from './ast.js';
import type { Compiler } from './compiler.js';
import { JsonnetError } from './errors.js';
import { checkLength, LONGEST_LAZY_ARRAY } from './limits.js';
import { enter, stack } from './machine.js';
import { FrameLayout, Scope } from './scope.js';
import { type Code, type Frame, JsonnetArray, type Run, type Slot, Thunk, typeName } from './values.js';

/** Runs the turns of a comprehension, collecting into `into`. */
type Turns<T> = (frame: Frame, into: T) => void;

/** Compiles `for`s and `if`s around a body; every turn of a `for` has a frame of its own with the variable in slot 1. */
export function compileLoops<T>(
  compiler: Compiler,
  loops: readonly Loop[],
  scope: Scope,
  body: (turn: Scope) => Turns<T>,
): Turns<T> {
  const [loop, ...rest] = loops;
  if (!loop) return body(scope);
  const from = compiler.code(loop.from, scope, `values of ${loop.name}`);
  const layout = new FrameLayout('loop', scope.layout);
  const turn = new Scope(layout, scope);
  turn.define(loop.name);
  const conditions = loop.conditions.map((condition) => compiler.condition(condition, turn));
  const inner = compileLoops(compiler, rest, turn, body);
  return (frame, into) => {
    const array = valuesOf(from, frame);
    const { elements } = array;
    enter(from);
    for (let i = 0; i < elements.length; i++) {
      const own: Frame = [frame, elements[i]!];
      let holds = true;
      for (let c = 0; holds && c < conditions.length; c++) holds = conditions[c]!(own);
      if (holds) inner(own, into);
    }
    stack.depth--;
  };
}

function valuesOf(from: Code, frame: Frame): JsonnetArray {
  enter(from);
  const array = from.run(frame);
  stack.depth--;
  if (array instanceof JsonnetArray) return array;
  throw new JsonnetError(`a comprehension goes through an array, not ${typeName(array)}`).at(from);
}

/** `[body for ...]` */
export function compileArrayComprehension(
  compiler: Compiler,
  node: ArrayComprehensionNode,
  scope: Scope,
): Run {
  const turns = compileLoops<Slot[]>(compiler, node.loops, scope, (turn) => {
    const code = compiler.code(node.body, turn, 'element');
    return (frame, into) => {
      if (into.length >= LONGEST_LAZY_ARRAY) checkLength(into.length + 1, LONGEST_LAZY_ARRAY);
      into.push(new Thunk(code, frame));
    };
  });
  return (frame) => {
    const elements: Slot[] = [];
    turns(frame, elements);
    return new JsonnetArray(elements);
  };
}
