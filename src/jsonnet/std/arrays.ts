import { apply } from '../calls.js';
import { JsonnetError } from '../errors.js';
import { compare, equals, finite } from '../operators.js';
import { codePoints } from '../strings.js';
import { force, JsonnetArray, type JsonnetFunction, type Slot, typeName, type Value } from '../values.js';
import {
  arrayOf,
  booleanOf,
  functionOf,
  functions,
  integerOf,
  type Members,
  numberOf,
  stringOf,
} from './define.js';
import { lazyElements } from './lazy.js';

/** More elements than this would not fit into the memory that Node gives itself. */
const LONGEST_ARRAY = 50_000_000;

function checkLength(length: number, what: string): void {
  if (length > LONGEST_ARRAY) {
    throw new JsonnetError(
      `${what} would make ${length} elements; the most that is possible is ${LONGEST_ARRAY}`,
    );
  }
}

/** The elements of an array, or the characters of a string. */
export function elementsOf(value: Value): readonly Slot[] {
  if (typeof value === 'string') return codePoints(value);
  return arrayOf(value).elements;
}

function range(from: Value, to: Value): Value {
  const first = integerOf(from);
  const last = integerOf(to);
  checkLength(last - first + 1, 'std.range');
  const elements: number[] = [];
  for (let i = first; i <= last; i++) elements.push(i);
  return new JsonnetArray(elements);
}

function makeArray(size: Value, make: Value): Value {
  const callee = functionOf(make);
  const length = numberOf(size);
  checkLength(length, 'std.makeArray');
  const count = integerOf(length);
  if (count < 0) throw new JsonnetError(`std.makeArray needs a size that is not negative, got ${count}`);
  return new JsonnetArray(lazyElements(callee, count, (i) => [i]));
}

function map(callee: Value, values: Value): Value {
  const func = functionOf(callee);
  const elements = elementsOf(values);
  return new JsonnetArray(lazyElements(func, elements.length, (i) => [elements[i]!]));
}

function mapWithIndex(callee: Value, values: Value): Value {
  const func = functionOf(callee);
  const elements = elementsOf(values);
  return new JsonnetArray(lazyElements(func, elements.length, (i) => [i, elements[i]!]));
}

function filter(callee: Value, values: Value): Value {
  const func = functionOf(callee);
  const kept = arrayOf(values).elements.filter((slot) => booleanOf(apply(func, slot)));
  return new JsonnetArray(kept);
}

function filterMap(test: Value, callee: Value, values: Value): Value {
  return map(functionOf(callee), filter(functionOf(test), arrayOf(values)));
}

function flatMap(callee: Value, values: Value): Value {
  const func = functionOf(callee);
  if (typeof values === 'string') {
    return codePoints(values)
      .map((c) => stringOf(apply(func, c)))
      .join('');
  }
  const result: Slot[] = [];
  for (const slot of arrayOf(values).elements)
    for (const item of arrayOf(apply(func, slot)).elements) result.push(item);
  return new JsonnetArray(result);
}

function foldl(callee: Value, values: Value, initial: Slot): Value {
  const func = functionOf(callee);
  const elements = elementsOf(values);
  let accumulated = initial;
  for (let i = 0; i < elements.length; i++) accumulated = apply(func, accumulated, elements[i]!);
  return force(accumulated);
}

function foldr(callee: Value, values: Value, initial: Slot): Value {
  const func = functionOf(callee);
  const elements = elementsOf(values);
  let accumulated = initial;
  for (let i = elements.length - 1; i >= 0; i--) accumulated = apply(func, elements[i]!, accumulated);
  return force(accumulated);
}

/** Joins strings by a string, arrays by an array; null elements are left out. */
export function join(separator: Value, values: Value): Value {
  const { elements } = arrayOf(values);
  if (typeof separator === 'string') {
    const parts: string[] = [];
    for (const slot of elements) {
      const value = force(slot);
      if (value === null) continue;
      parts.push(stringOf(value));
    }
    return parts.join(separator);
  }
  const between = arrayOf(separator).elements;
  const result: Slot[] = [];
  let first = true;
  for (const slot of elements) {
    const value = force(slot);
    if (value === null) continue;
    const part = arrayOf(value).elements;
    if (!first) for (const item of between) result.push(item);
    for (const item of part) result.push(item);
    first = false;
  }
  return new JsonnetArray(result);
}

function flattenArrays(values: Value): Value {
  const result: Slot[] = [];
  for (const slot of arrayOf(values).elements)
    for (const item of arrayOf(force(slot)).elements) result.push(item);
  return new JsonnetArray(result);
}

function flattenDeep(value: Value): Value {
  const result: Slot[] = [];
  const collect = (slot: Slot): void => {
    const inner = force(slot);
    if (inner instanceof JsonnetArray) inner.elements.forEach(collect);
    else result.push(slot);
  };
  collect(value);
  return new JsonnetArray(result);
}

/** Elements with their keys, in ascending order of keys; equal ones stay in their order. */
function sorted(values: Value, key: JsonnetFunction | undefined): { slot: Slot; key: Value }[] {
  const keyed = elementsOf(values).map((slot) => ({ slot, key: key ? apply(key, slot) : force(slot) }));
  return keyed.sort((a, b) => compare(a.key, b.key));
}

const keyFunction = (key: Value | undefined) => (key === undefined ? undefined : functionOf(key));

function sort(values: Value, key?: Value): Value {
  return new JsonnetArray(sorted(values, keyFunction(key)).map(({ slot }) => slot));
}

function uniq(values: Value, key?: Value): Value {
  const func = keyFunction(key);
  const result: Slot[] = [];
  let last: Value | undefined;
  for (const slot of elementsOf(values)) {
    const current = func ? apply(func, slot) : force(slot);
    if (last === undefined || !equals(last, current)) result.push(slot);
    last = current;
  }
  return new JsonnetArray(result);
}

const set = (values: Value, key?: Value) => uniq(sort(values, key), key);

function count(values: Value, wanted: Value): number {
  return arrayOf(values).elements.filter((slot) => equals(force(slot), wanted)).length;
}

function member(values: Value, wanted: Value): boolean {
  if (typeof values === 'string') return values.includes(stringOf(wanted));
  return arrayOf(values).elements.some((slot) => equals(force(slot), wanted));
}

function find(wanted: Value, values: Value): Value {
  const found: number[] = [];
  arrayOf(values).elements.forEach((slot, i) => {
    if (equals(force(slot), wanted)) found.push(i);
  });
  return new JsonnetArray(found);
}

function repeat(what: Value, times: Value): Value {
  const number = integerOf(times);
  if (number < 0) throw new JsonnetError(`std.repeat needs a count that is not negative, got ${number}`);
  if (typeof what === 'string') return what.repeat(number);
  const { elements } = arrayOf(what);
  checkLength(elements.length * number, 'std.repeat');
  const result: Slot[] = [];
  for (let i = 0; i < number; i++) for (const item of elements) result.push(item);
  return new JsonnetArray(result);
}

function sum(values: Value): number {
  let total = 0;
  for (const slot of arrayOf(values).elements) total = finite(total + numberOf(force(slot)));
  return total;
}

export const arrays: Members = functions({
  range: ['from to', range],
  makeArray: ['sz func', makeArray],
  map: ['func arr', map],
  mapWithIndex: ['func arr', mapWithIndex],
  filter: ['func arr', filter],
  filterMap: ['filter_func map_func arr', filterMap],
  flatMap: ['func arr', flatMap],
  foldl: ['func arr ~init', foldl],
  foldr: ['func arr ~init', foldr],
  join: ['sep arr', join],
  lines: ['arr', (values: Value) => join('\n', new JsonnetArray([...arrayOf(values).elements, '']))],
  deepJoin: ['arr', deepJoin],
  flattenArrays: ['arrs', flattenArrays],
  flattenDeepArray: ['value', flattenDeep],
  sort: ['arr keyF?', sort],
  uniq: ['arr keyF?', uniq],
  set: ['arr keyF?', set],
  count: ['arr x', count],
  member: ['arr x', member],
  contains: ['arr elem', (values: Value, wanted: Value) => member(arrayOf(values), wanted)],
  find: ['value arr', find],
  repeat: ['what count', repeat],
  reverse: ['arr', (values: Value) => new JsonnetArray(elementsOf(values).toReversed())],
  sum: ['arr', sum],
  all: ['arr', (values: Value) => arrayOf(values).elements.every((slot) => booleanOf(force(slot)))],
  any: ['arr', (values: Value) => arrayOf(values).elements.some((slot) => booleanOf(force(slot)))],
});

function deepJoin(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof JsonnetArray) return value.elements.map((slot) => deepJoin(force(slot))).join('');
  throw new JsonnetError(`std.deepJoin joins strings and arrays of them, not ${typeName(value)}`);
}
