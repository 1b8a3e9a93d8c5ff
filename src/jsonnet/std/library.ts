import { JsonnetObject } from '../objects.js';
import type { Value } from '../values.js';
import { arrays } from './arrays.js';
import { core } from './core.js';
import { math } from './math.js';
import { objectMembers } from './objects.js';
import { strings } from './strings.js';

/** The part of `std` that is the same in every evaluation. */
export const LIBRARY: ReadonlyMap<string, Value> = new Map(
  Object.entries({ ...core, ...math, ...strings, ...arrays, ...objectMembers }),
);

/** `std` as an object: every member hidden, as in the reference. */
export function standardObject(members: Iterable<readonly [string, Value]>): JsonnetObject {
  return JsonnetObject.given([...LIBRARY, ...members], 'hidden');
}
