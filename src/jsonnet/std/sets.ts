import { apply } from '../calls.js';
import { indexValue, sliceValue } from '../indexing.js';
import { compare, equals, plus } from '../operators.js';
import { codePoints } from '../strings.js';
import { force, JsonnetArray, type Slot, type Value } from '../values.js';
import { lengthOf } from './core.js';
import { arrayOf, functionOf, functions, type Members } from './define.js';
import { later } from './lazy.js';

type Key = (slot: Slot) => Value;

/** What elements are compared by; a key function is looked at only when there is something to compare. */
function keyOf(key: Slot | undefined): Key {
  return key === undefined ? force : (slot) => apply(functionOf(force(key)), slot);
}

/** Elements in ascending order of keys; equal ones stay in their order. */
export function sort(values: Value, key?: Value): JsonnetArray {
  const { elements } = arrayOf(values);
  const func = key === undefined ? undefined : functionOf(key);
  const keyed = elements.map((slot) => ({ slot, key: func ? apply(func, slot) : force(slot) }));
  keyed.sort(comparison(keyed));
  return new JsonnetArray(keyed.map(({ slot }) => slot));
}

type Keyed = { readonly key: Value };

function comparison(keyed: readonly Keyed[]): (a: Keyed, b: Keyed) => number {
  if (keyed.every(({ key }) => typeof key === 'number'))
    return (a, b) => (a.key as number) - (b.key as number);
  return (a, b) => compare(a.key, b.key);
}

function uniq(values: Value, key?: Slot): JsonnetArray {
  const elements = typeof values === 'string' ? codePoints(values) : arrayOf(values).elements;
  if (elements.length < 2) return new JsonnetArray(elements);
  const by = keyOf(key);
  const result: Slot[] = [elements[0]!];
  let last = by(elements[0]!);
  for (let i = 1; i < elements.length; i++) {
    const current = by(elements[i]!);
    if (equals(last, current)) continue;
    result.push(elements[i]!);
    last = current;
  }
  return new JsonnetArray(result);
}

/** Goes through two sorted lists at once; strings count as lists of characters. */
class Merge {
  i = 0;
  j = 0;
  readonly kept: Slot[] = [];
  readonly #aLength: number;
  #bLength: number | undefined;
  readonly #by: Key;

  constructor(
    readonly a: Value,
    readonly b: Value,
    key: Slot | undefined,
  ) {
    this.#aLength = lengthOf(a);
    this.#by = keyOf(key);
  }

  get aDone(): boolean {
    return this.i >= this.#aLength;
  }

  get bDone(): boolean {
    // Looked at late: nobody minds what it is while the other list is empty.
    this.#bLength ??= lengthOf(this.b);
    return this.j >= this.#bLength;
  }

  /** Negative where the next of `a` comes first, 0 where both are the same. */
  order(): number {
    const aKey = this.#by(slotAt(this.a, this.i));
    const bKey = this.#by(slotAt(this.b, this.j));
    if (equals(aKey, bKey)) return 0;
    return compare(aKey, bKey) < 0 ? -1 : 1;
  }

  keepA(): void {
    this.kept.push(slotAt(this.a, this.i));
  }

  keepB(): void {
    this.kept.push(slotAt(this.b, this.j));
  }

  /** What is kept, and the rest of one of the two. */
  with(rest: Value, from: number): Value {
    return plus(new JsonnetArray(this.kept), sliceValue(rest, from, null, null));
  }
}

function slotAt(values: Value, index: number): Slot {
  return values instanceof JsonnetArray
    ? values.elements[index]!
    : later(null, () => indexValue(values, index));
}

function union(a: Value, b: Value, key?: Slot): Value {
  const merge = new Merge(a, b, key);
  for (;;) {
    if (merge.aDone) return merge.with(b, merge.j);
    if (merge.bDone) return merge.with(a, merge.i);
    const order = merge.order();
    if (order <= 0) merge.keepA();
    else merge.keepB();
    if (order <= 0) merge.i++;
    if (order >= 0) merge.j++;
  }
}

function intersection(a: Value, b: Value, key?: Slot): JsonnetArray {
  const merge = new Merge(a, b, key);
  while (!merge.aDone && !merge.bDone) {
    const order = merge.order();
    if (order === 0) merge.keepA();
    if (order <= 0) merge.i++;
    if (order >= 0) merge.j++;
  }
  return new JsonnetArray(merge.kept);
}

function difference(a: Value, b: Value, key?: Slot): Value {
  const merge = new Merge(a, b, key);
  for (;;) {
    if (merge.aDone) return new JsonnetArray(merge.kept);
    if (merge.bDone) return merge.with(a, merge.i);
    const order = merge.order();
    if (order < 0) merge.keepA();
    if (order <= 0) merge.i++;
    if (order >= 0) merge.j++;
  }
}

export const sets: Members = functions({
  uniq: ['arr ~keyF?', uniq],
  set: ['arr keyF?', (values: Value, key?: Value) => uniq(sort(values, key), key)],
  setUnion: ['a b ~keyF?', union],
  setInter: ['a b ~keyF?', intersection],
  setDiff: ['a b ~keyF?', difference],
  setMember: [
    '~x arr ~keyF?',
    (x: Slot, values: Value, key?: Slot) =>
      intersection(new JsonnetArray([x]), values, key).elements.length > 0,
  ],
});
