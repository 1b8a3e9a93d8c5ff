import { format } from './format.js';
import { mismatch, remainder } from './operators.js';
import type { Value } from './values.js';

/** `left % right`: a remainder, or formatting. */
export function modulo(left: Value, right: Value): Value {
  if (typeof left === 'number' && typeof right === 'number') return remainder(left, right);
  if (typeof left === 'string') return format(left, right);
  throw mismatch('%', left, right);
}
