import { JsonnetError } from '../errors.js';
import { format } from '../format.js';
import { quote } from '../manifest/json.js';
import { toText } from '../operators.js';
import { codePointLength, codePointSlice } from '../strings.js';
import { JsonnetArray, type Value } from '../values.js';
import { elementsOf } from './arrays.js';
import { functions, integerOf, type Members, numberOf, stringOf } from './define.js';

function splitLimit(text: Value, separator: Value, limit: Value): Value {
  const between = stringOf(separator);
  if (between === '') throw new JsonnetError('a separator cannot be empty');
  const parts = stringOf(text).split(between);
  const most = integerOf(limit);
  if (most < 0 || parts.length <= most + 1) return new JsonnetArray(parts);
  return new JsonnetArray([...parts.slice(0, most), parts.slice(most).join(between)]);
}

function parseInteger(text: string, base: 8 | 10 | 16): number {
  const digits = base === 10 ? text.replace(/^-/, '') : text;
  const valid = base === 10 ? /^[0-9]+$/ : base === 16 ? /^[0-9a-fA-F]+$/ : /^[0-7]+$/;
  if (!valid.test(digits)) throw new JsonnetError(`not an integer of base ${base}: ${quote(text)}`);
  const value = Number.parseInt(digits, base);
  return digits === text ? value : -value;
}

const caseless = (text: string, change: (text: string) => string) => text.replace(/[A-Za-z]+/g, change);

export const strings: Members = functions({
  format: ['str vals', (template: Value, values: Value) => format(stringOf(template), values)],
  substr: [
    'str from len',
    (text: Value, from: Value, length: Value) =>
      codePointSlice(stringOf(text), numberOf(from), numberOf(from) + numberOf(length)),
  ],
  startsWith: ['a b', (a: Value, b: Value) => stringOf(a).startsWith(stringOf(b))],
  endsWith: ['a b', (a: Value, b: Value) => stringOf(a).endsWith(stringOf(b))],
  split: ['str c', (text: Value, separator: Value) => splitLimit(text, separator, -1)],
  splitLimit: ['str c maxsplits', splitLimit],
  strReplace: [
    'str from to',
    (text: Value, from: Value, to: Value) => stringOf(text).replaceAll(stringOf(from), () => stringOf(to)),
  ],
  asciiUpper: ['str', (text: Value) => caseless(stringOf(text), (word) => word.toUpperCase())],
  asciiLower: ['str', (text: Value) => caseless(stringOf(text), (word) => word.toLowerCase())],
  stringChars: ['str', (text: Value) => new JsonnetArray(elementsOf(stringOf(text)))],
  parseInt: ['str', (text: Value) => parseInteger(stringOf(text), 10)],
  parseOctal: ['str', (text: Value) => parseInteger(stringOf(text), 8)],
  parseHex: ['str', (text: Value) => parseInteger(stringOf(text), 16)],
  char: ['n', (n: Value) => String.fromCodePoint(integerOf(n))],
  codepoint: ['str', (text: Value) => stringOf(text).codePointAt(0)!],
  escapeStringJson: ['str_', (value: Value) => quote(toText(value))],
  isEmpty: ['str', (text: Value) => codePointLength(stringOf(text)) === 0],
  trim: ['str', (text: Value) => stringOf(text).trim()],
});
