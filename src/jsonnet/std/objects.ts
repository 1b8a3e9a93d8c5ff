import { JsonnetObject } from '../objects.js';
import { force, JsonnetArray, type Slot, type Value } from '../values.js';
import { booleanOf, functionOf, functions, type Members, objectOf, stringOf } from './define.js';
import { lazyElements } from './lazy.js';

const names = (object: JsonnetObject, all: boolean) => (all ? object.allNames() : object.visibleNames());

function has(object: JsonnetObject, name: string, hidden: boolean): boolean {
  if (!object.has(name)) return false;
  return hidden || object.visibilities().get(name) !== 'hidden';
}

function get(object: Value, field: Value, fallback: Slot | undefined, hidden: Value | undefined): Value {
  const target = objectOf(object);
  const name = stringOf(field);
  if (has(target, name, hidden === undefined || booleanOf(hidden))) return target.get(name);
  return fallback === undefined ? null : force(fallback);
}

function values(object: JsonnetObject, all: boolean): Value {
  return new JsonnetArray(names(object, all).map((name) => object.slot(name)));
}

function keysValues(object: JsonnetObject, all: boolean): Value {
  return new JsonnetArray(
    names(object, all).map((name) =>
      JsonnetObject.given([
        ['key', name],
        ['value', object.slot(name)],
      ]),
    ),
  );
}

function mapWithKey(callee: Value, object: Value): Value {
  const func = functionOf(callee);
  const target = objectOf(object);
  const fields = target.visibleNames();
  const results = lazyElements(func, fields.length, (i) => [fields[i]!, target.slot(fields[i]!)]);
  return JsonnetObject.given(fields.map((name, i) => [name, results[i]!]));
}

export const objectMembers: Members = functions({
  objectFields: ['o', (o: Value) => new JsonnetArray(objectOf(o).visibleNames())],
  objectFieldsAll: ['o', (o: Value) => new JsonnetArray(objectOf(o).allNames())],
  objectFieldsEx: [
    'obj hidden',
    (o: Value, all: Value) => new JsonnetArray(names(objectOf(o), booleanOf(all))),
  ],
  objectHas: ['o f', (o: Value, f: Value) => has(objectOf(o), stringOf(f), false)],
  objectHasAll: ['o f', (o: Value, f: Value) => has(objectOf(o), stringOf(f), true)],
  objectHasEx: [
    'obj fname hidden',
    (o: Value, f: Value, h: Value) => has(objectOf(o), stringOf(f), booleanOf(h)),
  ],
  objectValues: ['o', (o: Value) => values(objectOf(o), false)],
  objectValuesAll: ['o', (o: Value) => values(objectOf(o), true)],
  objectKeysValues: ['o', (o: Value) => keysValues(objectOf(o), false)],
  objectKeysValuesAll: ['o', (o: Value) => keysValues(objectOf(o), true)],
  get: ['o f ~default? inc_hidden?', get],
  mapWithKey: ['func obj', mapWithKey],
});
