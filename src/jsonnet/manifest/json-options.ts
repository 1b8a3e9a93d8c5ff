import { JsonnetError } from '../errors.js';
import { stack } from '../machine.js';
import { force, isFunction, JsonnetArray, type JsonnetObject, type Value } from '../values.js';
import { formatPlain } from './number.js';
import { tooDeep } from './yaml.js';

/** The parts of `std.manifestJsonEx`. */
export interface JsonLayout {
  readonly indent: string;
  readonly newline: string;
  readonly keySeparator: string;
}

/** JSON laid out as asked; unlike the canonical form it has the shortest numbers, and leaves code points 127 to 159. */
export function manifestJsonWith(value: Value, layout: JsonLayout): string {
  return new Writer(layout).write(value, '', stack.limit);
}

class Writer {
  constructor(readonly layout: JsonLayout) {}

  /** @param left levels that may still be opened */
  write(value: Value, indent: string, left: number): string {
    if (left <= 0) throw tooDeep();
    switch (typeof value) {
      case 'boolean':
        return String(value);
      case 'number':
        return formatPlain(value);
      case 'string':
        return quotePlain(value);
    }
    if (value === null) return 'null';
    if (isFunction(value)) throw new JsonnetError('a function has no JSON form');
    return value instanceof JsonnetArray
      ? this.#array(value, indent, left)
      : this.#object(value, indent, left);
  }

  #array({ elements }: JsonnetArray, indent: string, left: number): string {
    const { newline } = this.layout;
    const inner = indent + this.layout.indent;
    let text = `[${newline}`;
    for (let i = 0; i < elements.length; i++) {
      text += (i > 0 ? `,${newline}` : '') + inner + this.write(force(elements[i]!), inner, left - 1);
    }
    return `${text}${newline}${indent}]`;
  }

  #object(object: JsonnetObject, indent: string, left: number): string {
    const { newline, keySeparator } = this.layout;
    const inner = indent + this.layout.indent;
    let text = `{${newline}`;
    let first = true;
    for (const name of object.visibleNames()) {
      const value = this.write(object.get(name), inner, left - 1);
      text += `${first ? '' : `,${newline}`}${inner}${quotePlain(name)}${keySeparator}${value}`;
      first = false;
    }
    return `${text}${newline}${indent}}`;
  }
}

/** JavaScript's own quoting, but that the two separators of lines are escaped. */
function quotePlain(text: string): string {
  const quoted = JSON.stringify(text);
  return /[\u2028\u2029]/.test(quoted)
    ? quoted.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
    : quoted;
}
