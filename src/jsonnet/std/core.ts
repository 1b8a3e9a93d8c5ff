import { JsonnetError } from '../errors.js';
import { manifestJson } from '../manifest/json.js';
import { JsonnetObject } from '../objects.js';
import { equals, toText } from '../operators.js';
import { codePointLength } from '../strings.js';
import {
  type BuiltinBody,
  Closure,
  isFunction,
  JsonnetArray,
  type TypeName,
  typeName,
  type Value,
} from '../values.js';
import { functions, type Members } from './define.js';

function length(value: Value): number {
  if (typeof value === 'string') return codePointLength(value);
  if (value instanceof JsonnetArray) return value.elements.length;
  if (value instanceof JsonnetObject) return value.visibleNames().length;
  if (isFunction(value)) return (value instanceof Closure ? value.shape.parameters : value.parameters).length;
  throw new JsonnetError(
    `std.length works on strings, arrays, objects and functions, not on ${typeName(value)}`,
  );
}

const is = (type: TypeName): readonly [string, BuiltinBody] => [
  'v',
  (value: Value) => typeName(value) === type,
];

export const core: Members = functions({
  type: ['x', (value: Value) => typeName(value)],
  length: ['x', length],
  toString: ['a', (value: Value) => toText(value)] as const,
  equals: ['x y', (x: Value, y: Value) => equals(x, y)],
  isString: is('string'),
  isNumber: is('number'),
  isBoolean: is('boolean'),
  isObject: is('object'),
  isArray: is('array'),
  isFunction: is('function'),
  isNull: ['x', (value: Value) => value === null],
  manifestJson: ['value', (value: Value) => manifestJson(value)],
});
