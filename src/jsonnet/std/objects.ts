import { JsonnetError } from '../errors.js';
import { stack } from '../machine.js';
import { enterLevel } from '../manifest/site.js';
import { LayeredObject } from '../objects.js';
import { force, JsonnetArray, JsonnetObject, type Slot, Thunk, type Value } from '../values.js';
import { booleanOf, functionOf, functions, type Members, objectOf, stringOf } from './define.js';
import { later, lazyElements } from './lazy.js';

const namesOf = (object: JsonnetObject, all: boolean) => (all ? object.allNames() : object.visibleNames());

function has(object: Value, name: Value, hidden: boolean): boolean {
  const visibility = objectOf(object).visibilityOf(stringOf(name));
  return visibility !== undefined && (hidden || visibility !== 'hidden');
}

function get(object: Value, field: Value, fallback: Slot | undefined, hidden: Value | undefined): Value {
  if (has(object, field, hidden === undefined || booleanOf(hidden)))
    return objectOf(object).get(stringOf(field));
  return fallback === undefined ? null : force(fallback);
}

function values(object: Value, all: boolean): Value {
  const target = objectOf(object);
  return new JsonnetArray(namesOf(target, all).map((name) => target.slot(name)));
}

function keysValues(object: Value, all: boolean): Value {
  const target = objectOf(object);
  return new JsonnetArray(
    namesOf(target, all).map((name) =>
      LayeredObject.given([
        ['key', name],
        ['value', target.slot(name)],
      ]),
    ),
  );
}

function mapWithKey(callee: Value, object: Value): Value {
  const func = functionOf(callee);
  const target = objectOf(object);
  const names = target.visibleNames();
  const results = lazyElements(func, names.length, (i) => [names[i]!, target.slot(names[i]!)]);
  return LayeredObject.given(names.map((name, i) => [name, results[i]!]));
}

/** RFC 7396; the fields of the result are worked out when they are wanted. */
function mergePatch(target: Slot, patch: Value): Value {
  if (!(patch instanceof JsonnetObject)) return patch;
  const base = force(target);
  const fields = new Map<string, Slot>();
  if (base instanceof JsonnetObject)
    for (const name of base.visibleNames()) fields.set(name, base.slot(name));
  for (const name of patch.visibleNames()) {
    if (patch.get(name) === null) fields.delete(name);
    else {
      const old = fields.get(name) ?? null;
      fields.set(
        name,
        later(patch.slot(name), () => mergePatch(old instanceof Thunk ? old.force() : old, patch.get(name))),
      );
    }
  }
  return LayeredObject.given(fields);
}

/** Without nulls, and without arrays and objects that are empty or become so. */
function prune(value: Value): Value {
  if (!(value instanceof JsonnetArray || value instanceof JsonnetObject)) return value;
  enterLevel();
  let result: Value;
  if (value instanceof JsonnetArray) {
    const kept: Slot[] = [];
    for (const slot of value.elements) {
      const pruned = prune(force(slot));
      if (hasContent(pruned)) kept.push(slot instanceof Thunk ? Thunk.ready(slot.code, pruned) : pruned);
    }
    result = new JsonnetArray(kept);
  } else {
    const kept: [string, Slot][] = [];
    for (const name of value.visibleNames()) {
      const pruned = prune(value.get(name));
      const slot = value.slot(name);
      if (hasContent(pruned))
        kept.push([name, slot instanceof Thunk ? Thunk.ready(slot.code, pruned) : pruned]);
    }
    result = LayeredObject.given(kept);
  }
  stack.depth--;
  return result;
}

function hasContent(value: Value): boolean {
  if (value === null) return false;
  if (value instanceof JsonnetArray) return value.elements.length > 0;
  return !(value instanceof JsonnetObject) || value.visibleNames().length > 0;
}

/** The reference has it for its own use only: what it takes cannot be written in a program. */
function flatMerge(): never {
  throw new JsonnetError('std["$objectFlatMerge"] is not for programs');
}

export const objectMembers: Members = functions({
  objectFields: ['o', (o: Value) => new JsonnetArray(objectOf(o).visibleNames())],
  objectFieldsAll: ['o', (o: Value) => new JsonnetArray(objectOf(o).allNames())],
  objectFieldsEx: [
    'obj hidden',
    (o: Value, all: Value) => new JsonnetArray(namesOf(objectOf(o), booleanOf(all))),
  ],
  objectHas: ['o f', (o: Value, f: Value) => has(o, f, false)],
  objectHasAll: ['o f', (o: Value, f: Value) => has(o, f, true)],
  objectHasEx: ['obj fname hidden', (o: Value, f: Value, hidden: Value) => has(o, f, booleanOf(hidden))],
  objectValues: ['o', (o: Value) => values(o, false)],
  objectValuesAll: ['o', (o: Value) => values(o, true)],
  objectKeysValues: ['o', (o: Value) => keysValues(o, false)],
  objectKeysValuesAll: ['o', (o: Value) => keysValues(o, true)],
  objectRemoveKey: ['obj key', (o: Value, key: Value) => objectOf(o).without(stringOf(key))],
  get: ['o f ~default? inc_hidden?', get],
  mapWithKey: ['func obj', mapWithKey],
  mergePatch: ['~target patch', mergePatch],
  prune: ['a', prune],
  $objectFlatMerge: ['x', flatMerge],
});
