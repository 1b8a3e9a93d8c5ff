import { type Place, placeOf, type Region } from './errors.js';
import { force, JsonnetArray, JsonnetObject, Thunk, type Value } from './values.js';

/** Where the value at `path` below `root` was made; the nearest ancestor's place where that is not known. */
export function findPlace(root: Value, rootRegion: Region, path: readonly (string | number)[]): Place {
  let value = root;
  let region = rootRegion;
  for (const step of path) {
    if (value instanceof JsonnetArray && typeof step === 'number') {
      const slot = value.elements[step];
      if (slot === undefined) break;
      if (slot instanceof Thunk && slot.code.source.file !== '') region = slot.code;
      value = force(slot);
    } else if (value instanceof JsonnetObject && typeof step === 'string') {
      if (!value.has(step)) break;
      const field = value.regionOf(step);
      if (field && field.source.file !== '') region = field;
      value = value.get(step);
    } else break;
  }
  return placeOf(region);
}
