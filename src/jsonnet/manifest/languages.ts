import { JsonnetError } from '../errors.js';
import { indexValue, sliceValue } from '../indexing.js';
import { stack } from '../machine.js';
import { toText } from '../operators.js';
import { deepJoin } from '../std/arrays.js';
import { lengthOf } from '../std/core.js';
import { arrayOf, objectOf } from '../std/define.js';
import { force, isFunction, JsonnetArray, JsonnetObject, type Value } from '../values.js';
import { quote } from './json.js';
import { enterLevel } from './site.js';

/** INI: `main` without a head, then `sections`; a field that is an array gives a line for every element. */
export function manifestIni(ini: Value): string {
  const whole = objectOf(ini);
  const lines: string[] = [];
  const body = (value: Value) => {
    const section = objectOf(value);
    for (const name of section.visibleNames()) {
      const field = section.get(name);
      const values = field instanceof JsonnetArray ? field.elements.map(force) : [field];
      for (const item of values) lines.push(`${name} = ${toText(item)}`);
    }
  };
  if ((whole.visibilityOf('main') ?? 'hidden') !== 'hidden') body(whole.get('main'));
  const sections = objectOf(whole.get('sections'));
  for (const name of sections.visibleNames()) {
    lines.push(`[${name}]`);
    body(sections.get(name));
  }
  return [...lines, ''].join('\n');
}

/** A Python expression. */
export function manifestPython(value: Value): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return toText(value);
  if (isFunction(value)) throw new JsonnetError('a function has no Python form');
  enterLevel();
  const text =
    value instanceof JsonnetArray
      ? `[${value.elements.map((slot) => manifestPython(force(slot))).join(', ')}]`
      : `{${value
          .visibleNames()
          .map((name) => `${quote(name)}: ${manifestPython(value.get(name))}`)
          .join(', ')}}`;
  stack.depth--;
  return text;
}

/** Python assignments, one a line. */
export function manifestPythonVars(variables: Value): string {
  const object = objectOf(variables);
  return object
    .visibleNames()
    .map((name) => `${name} = ${manifestPython(object.get(name))}\n`)
    .join('');
}

/** XML from JsonML: `[tag, {attributes}?, ...children]`, strings as they are. */
export function manifestXml(value: Value): string {
  return element(arrayOf(value));
}

function element(value: Value): string {
  if (typeof value === 'string') return value;
  const tag = indexValue(value, 0);
  const second = lengthOf(value) > 1 ? indexValue(value, 1) : null;
  const hasAttributes = second instanceof JsonnetObject;
  let attributes = '';
  if (hasAttributes) {
    for (const name of second.visibleNames()) attributes += ` ${name}="${toText(second.get(name))}"`;
  }
  enterLevel();
  const children = arrayOf(sliceValue(value, hasAttributes ? 2 : 1, null, null));
  const inside = children.elements.map((slot) => element(force(slot))).join('');
  stack.depth--;
  const name = deepJoin(tag);
  return `<${name}${attributes}>${inside}</${name}>`;
}
