import { LayeredObject } from '../objects.js';
import type { JsonnetObject, Value } from '../values.js';
import { arrays } from './arrays.js';
import { core } from './core.js';
import { encoding } from './encoding.js';
import { manifestation } from './manifestation.js';
import { math } from './math.js';
import { objectMembers } from './objects.js';
import { sets } from './sets.js';
import { strings } from './strings.js';

/** The part of `std` that is the same in every evaluation. */
export const LIBRARY: ReadonlyMap<string, Value> = new Map(
  Object.entries({
    ...core,
    ...math,
    ...strings,
    ...arrays,
    ...sets,
    ...objectMembers,
    ...encoding,
    ...manifestation,
  }),
);

/** `std` as an object: every member hidden, as in the reference. */
export function standardObject(members: Iterable<readonly [string, Value]>): JsonnetObject {
  return LayeredObject.given([...LIBRARY, ...members], 'hidden');
}
