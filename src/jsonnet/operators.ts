import { JsonnetError } from './errors.js';
import { checkLength } from './limits.js';
import { manifestOneLine } from './manifest/json.js';
import { compareStrings } from './strings.js';
import { isFunction, JsonnetArray, JsonnetObject, Thunk, typeName, type Value } from './values.js';

/** Strings stay as they are, everything else becomes JSON on one line. */
export function toText(value: Value): string {
  return typeof value === 'string' ? value : manifestOneLine(value);
}

/** A result of arithmetic. @throws {JsonnetError} when it is not finite */
export function finite(value: number): number {
  if (value - value === 0) return value;
  throw new JsonnetError(
    Number.isNaN(value) ? 'this is not a number (NaN)' : 'overflow: the number is too large',
  );
}

export function plus(left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') return finite(left + right);
  if (typeof right === 'string') return toText(left) + right;
  if (typeof left === 'string') return left + toText(right);
  if (left instanceof JsonnetArray && right instanceof JsonnetArray) {
    if (left.elements.length === 0) return right;
    if (right.elements.length === 0) return left;
    checkLength(left.elements.length + right.elements.length);
    return new JsonnetArray(left.elements.concat(right.elements));
  }
  if (left instanceof JsonnetObject && right instanceof JsonnetObject) return left.extendedBy(right);
  throw mismatch('+', left, right);
}

export function divide(left: number, right: number): number {
  if (right === 0) throw new JsonnetError('division by zero');
  return finite(left / right);
}

export function remainder(left: number, right: number): number {
  if (right === 0) throw new JsonnetError('division by zero');
  return left % right;
}

export function mismatch(operator: string, left: Value, right: Value): JsonnetError {
  return new JsonnetError(
    `the operator ${operator} cannot be used on ${typeName(left)} and ${typeName(right)}`,
  );
}

/** Negative, zero or positive; for two numbers, two strings, or two arrays (element by element). */
export function compare(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'string' && typeof right === 'string') return compareStrings(left, right);
  if (left instanceof JsonnetArray && right instanceof JsonnetArray) {
    const length = Math.min(left.elements.length, right.elements.length);
    for (let i = 0; i < length; i++) {
      const order = compare(left.at(i), right.at(i));
      if (order !== 0) return order;
    }
    return left.elements.length - right.elements.length;
  }
  const [a, b] = [typeName(left), typeName(right)];
  throw new JsonnetError(a === b ? `values of type ${a} have no order` : `${a} and ${b} have no order`);
}

export function equals(left: Value, right: Value): boolean {
  if (left === right && (typeof left !== 'object' || left === null)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (left instanceof JsonnetArray) {
    if (!(right instanceof JsonnetArray) || left.elements.length !== right.elements.length) return false;
    for (let i = 0; i < left.elements.length; i++) {
      const a = left.elements[i]!;
      const b = right.elements[i]!;
      if (!equals(a instanceof Thunk ? a.force() : a, b instanceof Thunk ? b.force() : b)) return false;
    }
    return true;
  }
  if (left instanceof JsonnetObject) {
    if (!(right instanceof JsonnetObject)) return false;
    const names = left.visibleNames();
    const others = right.visibleNames();
    if (names.length !== others.length) return false;
    for (let i = 0; i < names.length; i++) if (names[i] !== others[i]) return false;
    for (const name of names) if (!equals(left.get(name), right.get(name))) return false;
    return true;
  }
  if (isFunction(left) && isFunction(right)) throw new JsonnetError('functions cannot be compared');
  return false;
}

/** `&`, `|`, `^`, `<<` and `>>`, on integers of 53 bits, computed in 64. */
export function bits(operator: '&' | '|' | '^' | '<<' | '>>', left: Value, right: Value): number {
  if (typeof left !== 'number' || typeof right !== 'number') throw mismatch(operator, left, right);
  const shifts = operator === '<<' || operator === '>>';
  if ((left | 0) === left && (right | 0) === right && !shifts) {
    return operator === '&' ? left & right : operator === '|' ? left | right : left ^ right;
  }
  const a = safeInteger(left);
  const b = safeInteger(right);
  if (shifts && right < 0) throw new JsonnetError('a shift by a negative number of bits');
  switch (operator) {
    case '&':
      return Number(a & b);
    case '|':
      return Number(a | b);
    case '^':
      return Number(a ^ b);
    case '<<':
      return Number(BigInt.asIntN(64, a << (b % 64n)));
    case '>>':
      return Number(a >> (b % 64n));
  }
}

function safeInteger(value: number): bigint {
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw new JsonnetError(`bitwise operators work on numbers of at most 53 bits, not on ${value}`);
  }
  return BigInt(Math.trunc(value));
}

/** `~`: beyond 64 bits the reference takes the lowest number there is. */
export function complement(value: number): number {
  const inRange = value >= -(2 ** 63) && value < 2 ** 63;
  return Number(~(inRange ? BigInt(Math.trunc(value)) : -(2n ** 63n)));
}
