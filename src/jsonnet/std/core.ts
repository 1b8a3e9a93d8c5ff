import { JsonnetError } from '../errors.js';
import { indexValue } from '../indexing.js';
import { quote } from '../manifest/json.js';
import { compare, equals, toText } from '../operators.js';
import { codePointLength } from '../strings.js';
import {
  type BuiltinBody,
  Closure,
  isFunction,
  JsonnetArray,
  JsonnetObject,
  type TypeName,
  typeName,
  type Value,
} from '../values.js';
import { functions, type Members } from './define.js';

/** Characters, elements, visible fields, or parameters that must be given. */
export function lengthOf(value: Value): number {
  if (typeof value === 'string') return codePointLength(value);
  if (value instanceof JsonnetArray) return value.elements.length;
  if (value instanceof JsonnetObject) return value.visibleNames().length;
  if (value instanceof Closure) return value.shape.parameters.filter(({ fallback }) => !fallback).length;
  if (isFunction(value)) return value.parameters.filter(({ optional }) => !optional).length;
  throw new JsonnetError(`expected a string, an array, an object or a function, got ${typeName(value)}`);
}

const is = (type: TypeName): readonly [string, BuiltinBody] => [
  'v',
  (value: Value) => typeName(value) === type,
];

function assertEqual(a: Value, b: Value): Value {
  if (equals(a, b)) return true;
  const shown = (value: Value) => (typeof value === 'string' ? quote(value) : toText(value));
  throw new JsonnetError(`Assertion failed. ${shown(a)} != ${shown(b)}`);
}

function primitiveEquals(x: Value, y: Value): boolean {
  const type = typeName(x);
  if (type !== typeName(y)) return false;
  if (type === 'array' || type === 'object') {
    throw new JsonnetError(`std.primitiveEquals compares primitive values, not ${type}s`);
  }
  return equals(x, y);
}

/** The reference's three-way comparison, which it has for its own use. */
function threeWay(x: Value, y: Value): number {
  const type = typeName(x);
  if (type !== typeName(y)) throw new JsonnetError(`${type} and ${typeName(y)} have no order`);
  return type === 'array' ? compareSequences(x, y) : Math.sign(compare(x, y));
}

/** Of anything that has a length and elements. */
function compareSequences(x: Value, y: Value): number {
  const lengths = [lengthOf(x), lengthOf(y)] as const;
  for (let i = 0; i < Math.min(...lengths); i++) {
    const order = threeWay(indexValue(x, i), indexValue(y, i));
    if (order !== 0) return order;
  }
  return Math.sign(lengths[0] - lengths[1]);
}

export const core: Members = functions({
  type: ['x', (value: Value) => typeName(value)],
  length: ['x', lengthOf],
  id: ['x', (value: Value) => value],
  toString: ['a', (value: Value) => toText(value)] as const,
  equals: ['x y', (x: Value, y: Value) => equals(x, y)],
  primitiveEquals: ['x y', primitiveEquals],
  assertEqual: ['a b', assertEqual],
  isString: is('string'),
  isNumber: is('number'),
  isBoolean: is('boolean'),
  isObject: is('object'),
  isArray: is('array'),
  isFunction: is('function'),
  isNull: ['x', (value: Value) => value === null],
  __compare: ['v1 v2', threeWay],
  __compare_array: ['arr1 arr2', compareSequences],
  __array_less: ['arr1 arr2', (x: Value, y: Value) => compareSequences(x, y) < 0],
  __array_greater: ['arr1 arr2', (x: Value, y: Value) => compareSequences(x, y) > 0],
  __array_less_or_equal: ['arr1 arr2', (x: Value, y: Value) => compareSequences(x, y) <= 0],
  __array_greater_or_equal: ['arr1 arr2', (x: Value, y: Value) => compareSequences(x, y) >= 0],
});
