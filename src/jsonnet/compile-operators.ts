import type { BinaryNode, BinaryOperator, Node } from './ast.js';
import type { Compiler, Position } from './compiler.js';
import { JsonnetError, type Region } from './errors.js';
import { modulo } from './modulo.js';
import { bits, compare, complement, divide, equals, finite, mismatch, plus } from './operators.js';
import type { Scope } from './scope.js';
import { JsonnetObject, type Run, typeName, type Value } from './values.js';

type Operation = (left: Value, right: Value) => Value;

const OPERATIONS: Readonly<Record<Exclude<BinaryOperator, '&&' | '||' | '+'>, Operation>> = {
  '-': (l, r) => arithmetic('-', l, r),
  '*': (l, r) => arithmetic('*', l, r),
  '/': (l, r) => arithmetic('/', l, r),
  '%': modulo,
  '==': (l, r) => equals(l, r),
  '!=': (l, r) => !equals(l, r),
  '<': (l, r) => compare(l, r) < 0,
  '<=': (l, r) => compare(l, r) <= 0,
  '>': (l, r) => compare(l, r) > 0,
  '>=': (l, r) => compare(l, r) >= 0,
  '&': (l, r) => bits('&', l, r),
  '|': (l, r) => bits('|', l, r),
  '^': (l, r) => bits('^', l, r),
  '<<': (l, r) => bits('<<', l, r),
  '>>': (l, r) => bits('>>', l, r),
  in: (l, r) => {
    if (!(r instanceof JsonnetObject))
      throw new JsonnetError(`"in" needs an object after it, not ${typeName(r)}`);
    if (typeof l !== 'string') throw new JsonnetError(`"in" needs a string before it, not ${typeName(l)}`);
    return r.visibilityOf(l) !== undefined;
  },
};

function arithmetic(operator: '-' | '*' | '/', left: Value, right: Value): number {
  if (typeof left !== 'number' || typeof right !== 'number') throw mismatch(operator, left, right);
  switch (operator) {
    case '-':
      return finite(left - right);
    case '*':
      return finite(left * right);
    case '/':
      return divide(left, right);
  }
}

export function compileUnary(
  compiler: Compiler,
  node: Node & { kind: 'unary' },
  scope: Scope,
  position: Position,
): Run {
  const { operator } = node;
  const operand = compiler.run(node.operand, scope, operandOf(position));
  const at = { source: compiler.source, start: node.start, end: node.end };
  if (operator === '!') {
    return (frame) => {
      const value = operand(frame);
      if (typeof value !== 'boolean') throw unary(operator, value).at(at);
      return !value;
    };
  }
  return (frame) => {
    const value = operand(frame);
    if (typeof value !== 'number') throw unary(operator, value).at(at);
    if (operator === '-') return -value;
    if (operator === '+') return value;
    return complement(value);
  };
}

function unary(operator: string, value: Value): JsonnetError {
  return new JsonnetError(`the operator ${operator} cannot be used on ${typeName(value)}`);
}

function operandOf(position: Position): Position {
  return position === 'inner' ? 'inner' : 'operand';
}

/**
 * Binary operators. A chain that groups to the left is evaluated by a loop, so that it may be of any length; the
 * operators that arithmetic is made of get closures of their own.
 */
export function compileBinary(compiler: Compiler, node: BinaryNode, scope: Scope, position: Position): Run {
  if (node.operator === '&&' || node.operator === '||')
    return compileLogical(compiler, node, scope, position);
  const links: BinaryNode[] = [node];
  let first = node.left;
  while (first.kind === 'binary' && first.operator !== '&&' && first.operator !== '||') {
    links.push(first);
    first = first.left;
  }
  links.reverse();
  const start = compiler.run(first, scope);
  const steps = links.map((link) => ({
    operate: operation(link.operator, { source: compiler.source, start: link.start, end: link.end }),
    right: compiler.run(link.right, scope, link === node ? operandOf(position) : 'inner'),
  }));
  if (steps.length === 1) {
    const { operate, right } = steps[0]!;
    return (
      specialised(node.operator, start, right, operate) ?? ((frame) => operate(start(frame), right(frame)))
    );
  }
  return (frame) => {
    let value = start(frame);
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      value = step.operate(value, step.right(frame));
    }
    return value;
  };
}

/** The operation with its errors placed. */
function operation(operator: BinaryOperator, at: Region): Operation {
  if (operator === '+') return (left, right) => placed(plus, left, right, at);
  const operate = OPERATIONS[operator as keyof typeof OPERATIONS];
  return (left, right) => placed(operate, left, right, at);
}

function placed(operate: Operation, left: Value, right: Value, at: Region): Value {
  try {
    return operate(left, right);
  } catch (error) {
    throw error instanceof JsonnetError ? error.at(at) : error;
  }
}

/** Operators on two numbers without a detour; whatever is not two numbers goes the general way. */
function specialised(operator: BinaryOperator, left: Run, right: Run, general: Operation): Run | undefined {
  switch (operator) {
    case '+':
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (typeof a === 'number' && typeof b === 'number') {
          const sum = a + b;
          if (sum - sum === 0) return sum;
        }
        return general(a, b);
      };
    case '-':
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (typeof a === 'number' && typeof b === 'number') {
          const difference = a - b;
          if (difference - difference === 0) return difference;
        }
        return general(a, b);
      };
    case '*':
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        if (typeof a === 'number' && typeof b === 'number') {
          const product = a * b;
          if (product - product === 0) return product;
        }
        return general(a, b);
      };
    case '==':
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        return typeof a === 'number' || typeof a === 'string' ? a === b : general(a, b);
      };
    case '<':
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        return typeof a === 'number' && typeof b === 'number' ? a < b : general(a, b);
      };
    case '>':
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        return typeof a === 'number' && typeof b === 'number' ? a > b : general(a, b);
      };
    case '<=':
      return (frame) => {
        const a = left(frame);
        const b = right(frame);
        return typeof a === 'number' && typeof b === 'number' ? a <= b : general(a, b);
      };
    default:
      return undefined;
  }
}

/** `&&` and `||`; chains of them are loops too. */
function compileLogical(compiler: Compiler, node: BinaryNode, scope: Scope, position: Position): Run {
  const { operator } = node;
  const operands: Node[] = [];
  let first: Node = node;
  while (first.kind === 'binary' && first.operator === operator) {
    operands.push(first.right);
    first = first.left;
  }
  operands.push(first);
  operands.reverse();
  const decisive = operator === '||';
  const tests = operands.map((operand, i) => {
    const last = i === operands.length - 1;
    return compiler.condition(operand, scope, last ? operandOf(position) : 'inner');
  });
  if (tests.length === 2) {
    const [a, b] = tests as [(typeof tests)[0], (typeof tests)[0]];
    return decisive ? (frame) => a(frame) || b(frame) : (frame) => a(frame) && b(frame);
  }
  return (frame) => {
    for (const test of tests) if (test(frame) === decisive) return decisive;
    return !decisive;
  };
}
