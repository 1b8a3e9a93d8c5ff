import { JsonnetError } from '../errors.js';
import {
  Builtin,
  type BuiltinBody,
  isFunction,
  JsonnetArray,
  type JsonnetFunction,
  type JsonnetObject,
  type TypeName,
  typeName,
  type Value,
} from '../values.js';

/** Members of the standard library, by name. */
export type Members = Record<string, Value>;

/**
 * A standard function. Parameters are written as one string, `"value indent newline?"`: `?` marks one that may be
 * left out, `~` before a name one that is passed without being evaluated.
 */
export function builtin(name: string, parameters: string, body: BuiltinBody): Builtin {
  const names = parameters === '' ? [] : parameters.split(' ');
  return new Builtin(
    `std.${name}`,
    names.map((text) => ({
      name: text.replace(/[~?]/g, ''),
      optional: text.endsWith('?'),
      lazy: text.startsWith('~'),
    })),
    body,
  );
}

/** Makes the members from a table of name → [parameters, body]. */
export function functions(table: Readonly<Record<string, readonly [string, BuiltinBody]>>): Members {
  const members: Members = {};
  for (const [name, [parameters, body]] of Object.entries(table))
    members[name] = builtin(name, parameters, body);
  return members;
}

function expected(type: TypeName | string, value: Value): JsonnetError {
  return new JsonnetError(`expected ${type}, got ${typeName(value)}`);
}

export function numberOf(value: Value): number {
  if (typeof value === 'number') return value;
  throw expected('a number', value);
}

/** An integer of 32 bits: what lengths, indexes and counts are. */
export function integerOf(value: Value): number {
  const number = numberOf(value);
  if ((number | 0) === number) return number | 0;
  throw new JsonnetError(
    Number.isInteger(number) ? `too large: ${number}` : `expected a whole number, got ${number}`,
  );
}

export function stringOf(value: Value): string {
  if (typeof value === 'string') return value;
  throw expected('a string', value);
}

export function booleanOf(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw expected('a boolean', value);
}

export function arrayOf(value: Value): JsonnetArray {
  if (value instanceof JsonnetArray) return value;
  throw expected('an array', value);
}

export function functionOf(value: Value): JsonnetFunction {
  if (isFunction(value)) return value;
  throw expected('a function', value);
}

export function objectOf(value: Value): JsonnetObject {
  if (typeName(value) === 'object') return value as JsonnetObject;
  throw expected('an object', value);
}
