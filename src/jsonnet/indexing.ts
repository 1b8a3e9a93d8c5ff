import { JsonnetError } from './errors.js';
import { codePointAt, codePointLength, codePointSlice, codePoints } from './strings.js';
import { EMPTY_ARRAY, JsonnetArray, JsonnetObject, typeName, type Value } from './values.js';

/** `target[index]` */
export function indexValue(target: Value, index: Value): Value {
  if (target instanceof JsonnetObject) {
    if (typeof index !== 'string')
      throw new JsonnetError(`an object is indexed by a string, not by ${typeName(index)}`);
    return target.get(index);
  }
  if (target instanceof JsonnetArray) {
    return target.at(position(index, target.elements.length, 'an array'));
  }
  if (typeof target === 'string')
    return codePointAt(target, position(index, codePointLength(target), 'a string'));
  throw new JsonnetError(`${typeName(target)} has no fields or elements, so it cannot be indexed`);
}

function position(index: Value, length: number, what: string): number {
  if (typeof index !== 'number')
    throw new JsonnetError(`${what} is indexed by a number, not by ${typeName(index)}`);
  const at = Math.trunc(index);
  if (at >= 0 && at < length) return at;
  throw new JsonnetError(`index ${index} is out of bounds: ${what} of length ${length}`);
}

/** `target[from:to:step]`; null stands for a bound that was left out. Bounds may be fractions: they are cut off. */
export function sliceValue(target: Value, from: Value, to: Value, step: Value): Value {
  const isArray = target instanceof JsonnetArray;
  if (!isArray && typeof target !== 'string') {
    throw new JsonnetError(`only arrays and strings have slices, not ${typeName(target)}`);
  }
  const length = isArray ? target.elements.length : codePointLength(target);
  const bound = (value: Value, absent: number, name: string): number => {
    if (value === null) return absent;
    if (typeof value !== 'number')
      throw new JsonnetError(`the ${name} of a slice is a number, not ${typeName(value)}`);
    return value;
  };
  const start = bound(from, 0, 'beginning');
  const stop = bound(to, length, 'end');
  const stride = bound(step, 1, 'step');
  if (stride <= 0) throw new JsonnetError(`the step of a slice is above 0, not ${stride}`);
  const first = start < 0 ? Math.max(0, length + start) : start;
  const last = Math.min(length, stop < 0 ? length + stop : stop);
  if (first >= last) return isArray ? EMPTY_ARRAY : '';
  if (stride === 1 && Number.isInteger(first)) {
    const end = Math.ceil(last);
    return isArray ? new JsonnetArray(target.elements.slice(first, end)) : codePointSlice(target, first, end);
  }
  if (isArray) return new JsonnetArray(every(target.elements, first, last, stride));
  return every(codePoints(target), first, last, stride).join('');
}

function every<T>(items: readonly T[], first: number, last: number, stride: number): T[] {
  const result: T[] = [];
  for (let i = first; i < last; i += stride) result.push(items[Math.trunc(i)]!);
  return result;
}
