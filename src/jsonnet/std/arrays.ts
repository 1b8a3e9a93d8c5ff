import { apply } from '../calls.js';
import { JsonnetError } from '../errors.js';
import { sliceValue } from '../indexing.js';
import { checkLength, LONGEST_LAZY_ARRAY } from '../limits.js';
import { stack } from '../machine.js';
import { enterLevel } from '../manifest/site.js';
import { compare, equals, plus } from '../operators.js';
import { codePoints } from '../strings.js';
import { EMPTY_ARRAY, force, JsonnetArray, type Slot, typeName, type Value } from '../values.js';
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
import { sort } from './sets.js';

/** The elements of an array, or the characters of a string. */
export function elementsOf(value: Value): readonly Slot[] {
  if (typeof value === 'string') return codePoints(value);
  if (value instanceof JsonnetArray) return value.elements;
  throw new JsonnetError(`expected an array or a string, got ${typeName(value)}`);
}

function range(from: Value, to: Value): Value {
  const first = integerOf(from);
  const last = integerOf(to);
  checkLength(last - first + 1);
  if (last < first) return EMPTY_ARRAY;
  const elements: number[] = new Array(last - first + 1);
  for (let i = first; i <= last; i++) elements[i - first] = i;
  return new JsonnetArray(elements);
}

function makeArray(size: Value, make: Value): Value {
  checkLength(numberOf(size), LONGEST_LAZY_ARRAY);
  const count = integerOf(size);
  return new JsonnetArray(lazyElements(functionOf(make), Math.max(0, count), (i) => [i]));
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

function filter(callee: Value, values: Value): JsonnetArray {
  const { elements } = arrayOf(values);
  const func = functionOf(callee);
  return new JsonnetArray(elements.filter((slot) => booleanOf(apply(func, slot))));
}

function filterMap(test: Value, callee: Value, values: Value): Value {
  functionOf(callee);
  return map(callee, filter(functionOf(test), values));
}

function flatMap(callee: Value, values: Value): Value {
  const func = functionOf(callee);
  if (typeof values === 'string') {
    let text = '';
    for (const point of codePoints(values)) text += stringOf(apply(func, point));
    return text;
  }
  const result: Slot[] = [];
  for (const slot of arrayOf(values).elements) append(result, arrayOf(apply(func, slot)).elements);
  return new JsonnetArray(result);
}

function append(to: Slot[], slots: readonly Slot[]): void {
  checkLength(to.length + slots.length);
  for (let i = 0; i < slots.length; i++) to.push(slots[i]!);
}

function foldl(callee: Value, values: Value, initial: Value): Value {
  const func = functionOf(callee);
  const elements = elementsOf(values);
  let accumulated = initial;
  for (let i = 0; i < elements.length; i++) accumulated = apply(func, accumulated, elements[i]!);
  return accumulated;
}

function foldr(callee: Value, values: Value, initial: Value): Value {
  const func = functionOf(callee);
  const elements = elementsOf(values);
  let accumulated = initial;
  for (let i = elements.length - 1; i >= 0; i--) accumulated = apply(func, elements[i]!, accumulated);
  return accumulated;
}

/** Joins strings by a string, arrays by an array; null elements are left out. */
export function join(separator: Value, values: Value): Value {
  const { elements } = arrayOf(values);
  if (typeof separator === 'string') {
    let text = '';
    let first = true;
    for (const slot of elements) {
      const value = force(slot);
      if (value === null) continue;
      text += first ? stringOf(value) : separator + stringOf(value);
      first = false;
    }
    return text;
  }
  if (!(separator instanceof JsonnetArray)) {
    throw new JsonnetError(`a separator is a string or an array, not ${typeName(separator)}`);
  }
  const result: Slot[] = [];
  let first = true;
  for (const slot of elements) {
    const value = force(slot);
    if (value === null) continue;
    if (!first) append(result, separator.elements);
    append(result, arrayOf(value).elements);
    first = false;
  }
  return new JsonnetArray(result);
}

/** `[] + a + b + ...`, hence a text as soon as one of them is a string. */
function flattenArrays(values: Value): Value {
  const forced = elementsOf(values).map(force);
  if (!forced.every((value) => value instanceof JsonnetArray)) return forced.reduce<Value>(plus, EMPTY_ARRAY);
  const result: Slot[] = [];
  for (const { elements } of forced) append(result, elements);
  return new JsonnetArray(result);
}

function flattenDeep(value: Value): Value {
  const result: Slot[] = [];
  const collect = (slot: Slot): void => {
    const inner = force(slot);
    if (!(inner instanceof JsonnetArray)) result.push(slot);
    else {
      enterLevel();
      for (const item of inner.elements) collect(item);
      stack.depth--;
    }
  };
  collect(value);
  return new JsonnetArray(result);
}

export function deepJoin(value: Value): string {
  if (typeof value === 'string') return value;
  if (!(value instanceof JsonnetArray))
    throw new JsonnetError(`expected a string or an array, got ${typeName(value)}`);
  enterLevel();
  let text = '';
  for (const slot of value.elements) text += deepJoin(force(slot));
  stack.depth--;
  return text;
}

function count(values: Value, wanted: Slot): number {
  return arrayOf(values).elements.filter((slot) => equals(force(slot), force(wanted))).length;
}

/** Whether an array has an element, or a string a part. */
export function isMember(values: Value, wanted: Value): boolean {
  if (typeof values === 'string') return values.includes(stringOf(wanted));
  return indexIn(arrayOf(values), wanted) >= 0;
}

function indexIn({ elements }: JsonnetArray, wanted: Value): number {
  return elements.findIndex((slot) => equals(force(slot), wanted));
}

function find(wanted: Slot, values: Value): Value {
  const found: number[] = [];
  const { elements } = arrayOf(values);
  for (let i = 0; i < elements.length; i++) if (equals(force(elements[i]!), force(wanted))) found.push(i);
  return new JsonnetArray(found);
}

function remove(values: Value, wanted: Value): Value {
  const array = arrayOf(values);
  const index = indexIn(array, wanted);
  return index < 0 ? array : removeAt(array, index);
}

function removeAt(values: Value, at: Value): Value {
  const { elements } = arrayOf(values);
  const index = integerOf(at);
  if (index < 0 || index >= elements.length) {
    throw new JsonnetError(`index ${index} is out of bounds: an array of length ${elements.length}`);
  }
  return new JsonnetArray(elements.toSpliced(index, 1));
}

/** V8's longest string has about 2^29 units; the check gives a better message than V8's. */
const LONGEST_STRING = 2 ** 29 - 25;

function repeat(what: Value, times: Value): Value {
  if (typeof what !== 'string' && !(what instanceof JsonnetArray)) {
    throw new JsonnetError(`std.repeat repeats strings and arrays, not ${typeName(what)}`);
  }
  const wanted = numberOf(times);
  if (typeof what === 'string') {
    if (wanted * what.length > LONGEST_STRING)
      throw new JsonnetError('std.repeat would make too long a string');
    return what.repeat(Math.max(0, integerOf(times)));
  }
  checkLength(what.elements.length * wanted);
  const number = integerOf(times);
  const result: Slot[] = [];
  for (let i = 0; i < number; i++) append(result, what.elements);
  return new JsonnetArray(result);
}

function sum(values: Value): number {
  let total = 0;
  for (const slot of arrayOf(values).elements) total += numberOf(force(slot));
  return total;
}

function average(values: Value): number {
  const { elements } = arrayOf(values);
  if (elements.length === 0) throw new JsonnetError('an empty array has no average');
  return sum(values) / elements.length;
}

/** The first element whose key no other is `better` than. */
function extreme(better: (order: number) => boolean) {
  return (values: Value, key: Value | undefined, onEmpty: Value | undefined): Value => {
    const { elements } = arrayOf(values);
    const func = key === undefined ? undefined : functionOf(key);
    const keyOf = (slot: Slot) => (func ? apply(func, slot) : force(slot));
    if (elements.length === 0) {
      if (onEmpty === undefined) throw new JsonnetError('expected at least one element, the array is empty');
      return onEmpty;
    }
    let best = force(elements[0]!);
    let bestKey = keyOf(elements[0]!);
    for (let i = 1; i < elements.length; i++) {
      const value = force(elements[i]!);
      const current = keyOf(elements[i]!);
      if (!better(compare(current, bestKey))) continue;
      best = value;
      bestKey = current;
    }
    return best;
  };
}

/** Whether all elements (or any) are `true`; stops at the first that decides. */
function decided(by: boolean) {
  return (values: Value): boolean => {
    for (const slot of arrayOf(values).elements) if (booleanOf(force(slot)) === by) return by;
    return !by;
  };
}

export const arrays: Members = functions({
  range: ['from to', range],
  makeArray: ['sz func', makeArray],
  map: ['func arr', map],
  mapWithIndex: ['func arr', mapWithIndex],
  filter: ['func arr', filter],
  filterMap: ['filter_func map_func arr', filterMap],
  flatMap: ['func arr', flatMap],
  $flatMapArray: ['func arr', (callee: Value, values: Value) => flatMap(callee, arrayOf(values))],
  foldl: ['func arr init', foldl],
  foldr: ['func arr init', foldr],
  join: ['sep arr', join],
  lines: ['arr', (values: Value) => join('\n', plus(values, new JsonnetArray([''])))],
  deepJoin: ['arr', deepJoin],
  flattenArrays: ['arrs', flattenArrays],
  flattenDeepArray: ['value', flattenDeep],
  sort: ['arr keyF?', sort],
  count: ['arr ~x', count],
  member: ['arr x', isMember],
  contains: ['arr elem', (values: Value, wanted: Value) => indexIn(arrayOf(values), wanted) >= 0],
  find: ['~value arr', find],
  remove: ['arr elem', remove],
  removeAt: ['arr i', removeAt],
  repeat: ['what count', repeat],
  reverse: ['arr', (values: Value) => new JsonnetArray(arrayOf(values).elements.toReversed())],
  slice: ['indexable index end step', sliceValue],
  sum: ['arr', sum],
  avg: ['arr', average],
  minArray: ['arr keyF? onEmpty?', extreme((order) => order < 0)],
  maxArray: ['arr keyF? onEmpty?', extreme((order) => order > 0)],
  all: ['arr', decided(false)],
  any: ['arr', decided(true)],
});
