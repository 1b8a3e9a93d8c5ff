import { JsonnetError, nearest } from './errors.js';
import { enter, type Site, stack } from './machine.js';
import {
  Builtin,
  Closure,
  type Code,
  type Frame,
  type FunctionShape,
  force,
  isFunction,
  JsonnetArray,
  type JsonnetFunction,
  type Slot,
  Thunk,
  typeName,
  type Value,
} from './values.js';

export interface NamedSlot {
  readonly name: string;
  readonly slot: Slot;
}

/**
 * What a body returns instead of a value when it ends in another call and its own frame is not to be kept: whoever
 * entered the body makes that call. Only bodies entered by a `tailstrict` call do this.
 */
const TAIL: Value = new JsonnetArray([]);
const next = { body: undefined as Code | undefined, frame: [] as Frame, site: undefined as Site | undefined };

/** Whether the frame on top of the stack goes away when its function ends in a call. */
export function frameIsTrimmable(): boolean {
  return stack.depth > 0 && stack.sites[stack.depth - 1]!.tailstrict;
}

/** Enters a function's body with its frame filled. */
export function runBody(shape: FunctionShape, frame: Frame, site: Site): Value {
  enter(site);
  let value = shape.body.run(frame);
  while (value === TAIL) {
    const { body, frame: following, site: followingSite } = next;
    stack.sites[stack.depth - 1] = followingSite!;
    value = body!.run(following);
  }
  stack.depth--;
  return value;
}

/** Ends the running function in a call of another (or of itself), giving its stack frame up. */
function endInCall(shape: FunctionShape, frame: Frame, site: Site): Value {
  next.body = shape.body;
  next.frame = frame;
  next.site = site;
  return TAIL;
}

/** Any call. `ends` says that the call stands where its result is the result of the function around it. */
export function call(
  callee: JsonnetFunction,
  positional: readonly Slot[],
  named: readonly NamedSlot[],
  site: Site,
  position: 'inner' | 'operand' | 'tail',
): Value {
  if (callee instanceof Builtin) return callBuiltin(callee, positional, named, site);
  const frame = bindArguments(callee, positional, named, site);
  if (position === 'inner' || !frameIsTrimmable()) return runBody(callee.shape, frame, site);
  if (position === 'tail') return endInCall(callee.shape, frame, site);
  stack.depth--;
  const value = runBody(callee.shape, frame, site);
  stack.depth++;
  return value;
}

function bindArguments(
  callee: Closure,
  positional: readonly Slot[],
  named: readonly NamedSlot[],
  site: Site,
): Frame {
  const { shape } = callee;
  const { parameters } = shape;
  const frame: Frame = new Array(shape.size);
  frame[0] = callee.frame;
  if (positional.length > parameters.length)
    throw tooMany(shape.name, parameters.length, positional.length).at(site);
  for (let i = 0; i < positional.length; i++) frame[i + 1] = positional[i]!;
  for (const { name, slot } of named) {
    const index = parameters.findIndex((parameter) => parameter.name === name);
    if (index < 0) throw unknownParameter(shape.name, name, parameters).at(site);
    if (frame[index + 1] !== undefined)
      throw new JsonnetError(`the argument ${name} is given twice`).at(site);
    frame[index + 1] = slot;
  }
  for (let i = positional.length; i < parameters.length; i++) {
    if (frame[i + 1] !== undefined) continue;
    const { fallback, name } = parameters[i]!;
    if (!fallback) throw missing(shape.name, name).at(site);
    frame[i + 1] = new Thunk(fallback, frame);
  }
  if (site.tailstrict) {
    for (let i = 1; i <= parameters.length; i++) frame[i] = force(frame[i] as Slot);
  }
  return frame;
}

export function callBuiltin(
  callee: Builtin,
  positional: readonly Slot[],
  named: readonly NamedSlot[],
  site: Site,
): Value {
  const { parameters, body, name } = callee;
  if (positional.length > parameters.length)
    throw tooMany(name, parameters.length, positional.length).at(site);
  const slots: (Slot | undefined)[] = positional.slice();
  for (const { name: parameter, slot } of named) {
    const index = parameters.findIndex((candidate) => candidate.name === parameter);
    if (index < 0) throw unknownParameter(name, parameter, parameters).at(site);
    if (slots[index] !== undefined)
      throw new JsonnetError(`the argument ${parameter} is given twice`).at(site);
    slots[index] = slot;
  }
  for (let i = 0; i < parameters.length; i++) {
    const slot = slots[i];
    const { optional, lazy, name: parameter } = parameters[i]!;
    if (slot === undefined) {
      if (!optional) throw missing(name, parameter).at(site);
      slots[i] = undefined;
    } else if (!lazy) slots[i] = force(slot);
  }
  try {
    return (body as (...args: (Slot | undefined)[]) => Value)(...slots);
  } catch (error) {
    throw error instanceof JsonnetError ? error.inCallOf(name, site) : error;
  }
}

/** Calls a function from native code. */
export function apply(callee: JsonnetFunction, ...slots: readonly Slot[]): Value {
  if (callee instanceof Closure) {
    const { shape } = callee;
    if (slots.length === shape.parameters.length) {
      const frame: Frame = new Array(shape.size);
      frame[0] = callee.frame;
      for (let i = 0; i < slots.length; i++) frame[i + 1] = slots[i]!;
      enter(shape.body);
      const value = shape.body.run(frame);
      stack.depth--;
      return value;
    }
    return runBody(shape, bindArguments(callee, slots, [], shape.body), shape.body);
  }
  return callBuiltin(callee, slots, [], stack.sites[stack.depth - 1]!);
}

export function callable(value: Value, site: Site): JsonnetFunction {
  if (isFunction(value)) return value;
  throw new JsonnetError(`only a function can be called, not ${typeName(value)}`).at(site);
}

function tooMany(name: string | undefined, expected: number, got: number): JsonnetError {
  const plural = expected === 1 ? 'argument' : 'arguments';
  return new JsonnetError(`${name ?? 'this function'} takes at most ${expected} ${plural}, got ${got}`);
}

function unknownParameter(
  name: string | undefined,
  given: string,
  parameters: readonly { readonly name: string }[],
): JsonnetError {
  const near = nearest(
    given,
    parameters.map((parameter) => parameter.name),
  );
  const hint = near === undefined ? '' : ` (did you mean "${near}"?)`;
  return new JsonnetError(`${name ?? 'this function'} has no parameter ${given}${hint}`);
}

function missing(name: string | undefined, parameter: string): JsonnetError {
  return new JsonnetError(`${name ?? 'this function'} needs the argument ${parameter}, which is missing`);
}
