import { modulo } from '../modulo.js';
import { compare, divide, finite, remainder } from '../operators.js';
import { force, type Slot, type Value } from '../values.js';
import { booleanOf, functions, type Members, numberOf } from './define.js';
import { acos, asin, atan, atan2, binaryParts, cos, exp, log, power, sin, tan } from './elementary.js';

type Unary = readonly [string, (x: Value) => Value];

const unary = (compute: (x: number) => number): Unary => ['x', (x) => finite(compute(numberOf(x)))];
const test = (holds: (x: number) => boolean): Unary => ['x', (x) => holds(numberOf(x))];

function hypotenuse(x: number, y: number): number {
  const large = Math.max(Math.abs(x), Math.abs(y));
  const ratio = Math.min(Math.abs(x), Math.abs(y)) / large;
  return large === 0 ? 0 : large * Math.sqrt(1 + ratio * ratio);
}

/** Half away from zero. */
function round(x: number): number {
  const whole = Math.trunc(x);
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
}

function clamp(x: Value, low: Slot, high: Slot): Value {
  if (compare(x, force(low)) < 0) return force(low);
  return compare(x, force(high)) > 0 ? force(high) : x;
}

export const math: Members = {
  pi: Math.PI,
  ...functions({
    abs: ['n', (n: Value) => (numberOf(n) > 0 ? n : -numberOf(n))],
    sign: ['n', (n: Value) => (numberOf(n) > 0 ? 1 : numberOf(n) < 0 ? -1 : 0)],
    max: ['a b', (a: Value, b: Value) => (numberOf(a) > numberOf(b) ? a : b)],
    min: ['a b', (a: Value, b: Value) => (numberOf(a) < numberOf(b) ? a : b)],
    clamp: ['x ~minVal ~maxVal', clamp],
    floor: unary(Math.floor),
    ceil: unary(Math.ceil),
    round: unary(round),
    sqrt: unary(Math.sqrt),
    hypot: ['x y', (x: Value, y: Value) => finite(hypotenuse(numberOf(x), numberOf(y)))],
    sin: unary(sin),
    cos: unary(cos),
    tan: unary(tan),
    asin: unary(asin),
    acos: unary(acos),
    atan: unary(atan),
    atan2: ['y x', (y: Value, x: Value) => finite(atan2(numberOf(y), numberOf(x)))],
    exp: unary(exp),
    log: unary(log),
    log2: unary((x) => divide(finite(log(x)), log(2))),
    log10: unary((x) => divide(finite(log(x)), log(10))),
    pow: ['x n', (x: Value, n: Value) => finite(power(numberOf(x), numberOf(n)))],
    mantissa: unary((x) => binaryParts(x).mantissa),
    exponent: unary((x) => binaryParts(x).exponent),
    deg2rad: unary((x) => finite(x * Math.PI) / 180),
    rad2deg: unary((x) => finite(x * 180) / Math.PI),
    mod: ['a b', modulo],
    modulo: ['x y', (x: Value, y: Value) => remainder(numberOf(x), numberOf(y))],
    isEven: test((x) => Math.trunc(x) % 2 === 0),
    isOdd: test((x) => Math.trunc(x) % 2 !== 0),
    isInteger: test(Number.isInteger),
    isDecimal: test((x) => !Number.isInteger(x)),
    xor: ['x y', (x: Value, y: Value) => booleanOf(x) !== booleanOf(y)],
    xnor: ['x y', (x: Value, y: Value) => booleanOf(x) === booleanOf(y)],
  }),
};
