import { finite, modulo, remainder } from '../operators.js';
import type { Value } from '../values.js';
import { functions, type Members, numberOf } from './define.js';

type Unary = readonly [string, (x: Value) => Value];

const unary = (compute: (x: number) => number): Unary => ['x', (x) => finite(compute(numberOf(x)))];

export const math: Members = {
  pi: Math.PI,
  ...functions({
    abs: ['n', (n: Value) => Math.abs(numberOf(n))],
    sign: ['n', (n: Value) => Math.sign(numberOf(n))],
    max: ['a b', (a: Value, b: Value) => Math.max(numberOf(a), numberOf(b))],
    min: ['a b', (a: Value, b: Value) => Math.min(numberOf(a), numberOf(b))],
    clamp: [
      'x minVal maxVal',
      (x: Value, low: Value, high: Value) => Math.max(numberOf(low), Math.min(numberOf(high), numberOf(x))),
    ],
    floor: unary(Math.floor),
    ceil: unary(Math.ceil),
    sqrt: unary(Math.sqrt),
    sin: unary(Math.sin),
    cos: unary(Math.cos),
    tan: unary(Math.tan),
    asin: unary(Math.asin),
    acos: unary(Math.acos),
    atan: unary(Math.atan),
    exp: unary(Math.exp),
    log: unary(Math.log),
    round: unary(Math.round),
    pow: ['x n', (x: Value, n: Value) => finite(numberOf(x) ** numberOf(n))],
    mod: ['a b', modulo],
    modulo: ['x y', (x: Value, y: Value) => remainder(numberOf(x), numberOf(y))],
    isEven: ['x', (x: Value) => Math.trunc(numberOf(x)) % 2 === 0],
    isOdd: ['x', (x: Value) => Math.trunc(numberOf(x)) % 2 !== 0],
    isInteger: ['x', (x: Value) => Number.isInteger(numberOf(x))],
    isDecimal: ['x', (x: Value) => !Number.isInteger(numberOf(x))],
  }),
};
