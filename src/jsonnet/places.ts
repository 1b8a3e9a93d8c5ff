import { type Place, placeOf, type Region } from './errors.js';
import { JsonnetObject } from './objects.js';
import { force, JsonnetArray, Thunk, type Value } from './values.js';

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
      const definition = value.definition(step);
      if (!definition) break;
      if (!('slot' in definition)) region = definition.code;
      else if (definition.slot instanceof Thunk && definition.slot.code.source.file !== '') {
        region = definition.slot.code;
      }
      value = value.get(step);
    } else break;
  }
  return placeOf(region);
}
