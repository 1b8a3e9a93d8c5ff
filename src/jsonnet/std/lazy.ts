import { apply } from '../calls.js';
import { checkLength, LONGEST_LAZY_ARRAY } from '../limits.js';
import { MANIFESTATION } from '../manifest/site.js';
import { Closure, Code, type Frame, type JsonnetFunction, type Slot, Thunk, type Value } from '../values.js';

/**
 * Elements that a function makes when they are wanted. Their place is the body of the function.
 * @param slots arguments of the function, for each element
 */
export function lazyElements(
  callee: JsonnetFunction,
  count: number,
  slots: (index: number) => Slot[],
): Slot[] {
  checkLength(count, LONGEST_LAZY_ARRAY);
  const code = callCode(callee);
  const elements: Slot[] = new Array(count);
  for (let i = 0; i < count; i++) elements[i] = new Thunk(code, slots(i) as Frame);
  return elements;
}

/** Code that calls a function with what its frame holds. */
function callCode(callee: JsonnetFunction): Code {
  const at = callee instanceof Closure ? callee.shape.body : MANIFESTATION;
  const run = (frame: Frame): Value => apply(callee, ...(frame as Slot[]));
  return new Code(run, at.source, at.start, at.end, '');
}

/** A value that native code works out when it is wanted; its place is that of `origin`. */
export function later(origin: Slot, compute: () => Value): Thunk {
  const at = origin instanceof Thunk ? origin.code : MANIFESTATION;
  return new Thunk(new Code(compute, at.source, at.start, at.end, ''), []);
}
