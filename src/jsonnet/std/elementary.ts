/**
 * Elementary functions with the reference's last bit. Numbers are printed with 17 digits, so two libraries that differ
 * by one unit in the last place are told apart; V8's do differ from those of the reference, which are Go's for amd64.
 *
 * The methods are the published ones that Go uses too: rational approximations and their coefficients from the Cephes
 * library (S. Moshier) for sin, cos, tan, atan; FreeBSD's msun for log; N. Shibata's series (SLEEF, 2010) for exp.
 */

const view = new DataView(new ArrayBuffer(8));

function bitsOf(x: number): bigint {
  view.setFloat64(0, x);
  return view.getBigUint64(0);
}

function fromBits(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** Horner's scheme, the highest power's coefficient first. */
function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = coefficients[0]!;
  for (let i = 1; i < coefficients.length; i++) sum = sum * x + coefficients[i]!;
  return sum;
}

/** pi/4 in three parts, so that small multiples of each are exact. */
const QUARTER_PI = [0.7853981256484985, 3.774894707930798e-8, 2.6951514290790595e-15] as const;
/** From here on the three parts are not enough. */
const LARGE_ANGLE = 2 ** 29;

/** x = (octant + rest) in units of pi/4, with an even octant; the rest is given in radians. For x > 0. */
function reduceAngle(x: number): { octant: number; rest: number } {
  if (x >= LARGE_ANGLE) return reduceLargeAngle(x);
  let octant = Math.trunc(x * (4 / Math.PI));
  if (octant % 2 === 1) octant++;
  const rest = x - octant * QUARTER_PI[0] - octant * QUARTER_PI[1] - octant * QUARTER_PI[2];
  return { octant: octant % 8, rest };
}

/** Bits of 4/pi after the point that the largest double needs. */
const PRECISION = 1216n;
let fourOverPi: bigint | undefined;

/** 4/pi times 2^PRECISION, from Machin's formula. */
function scaledFourOverPi(): bigint {
  const one = 1n << (PRECISION * 2n);
  const inverseTangent = (n: bigint): bigint => {
    let sum = 0n;
    let power = one / n;
    for (let k = 1n; power !== 0n; k += 2n) {
      sum += k % 4n === 1n ? power / k : -(power / k);
      power /= n * n;
    }
    return sum;
  };
  const quarterPi = 4n * inverseTangent(5n) - inverseTangent(239n);
  return (one << PRECISION) / quarterPi;
}

function reduceLargeAngle(x: number): { octant: number; rest: number } {
  fourOverPi ??= scaledFourOverPi();
  const bits = bitsOf(x);
  const exponent = ((bits >> 52n) & 0x7ffn) - 1075n;
  const mantissa = (bits & 0xfffffffffffffn) | (1n << 52n);
  const product = mantissa * fourOverPi;
  const scale = PRECISION - exponent;
  const octant = Number((product >> scale) % 8n);
  const fraction = product & ((1n << scale) - 1n);
  // The reference cuts the fraction to 53 significant bits.
  const spare = BigInt(fraction.toString(2).length) - 53n;
  const kept = spare > 0n ? fraction >> spare : fraction;
  const rest = Number(kept) * 2 ** Number((spare > 0n ? spare : 0n) - scale);
  return octant % 2 === 1
    ? { octant: (octant + 1) % 8, rest: (rest - 1) * (Math.PI / 4) }
    : { octant, rest: rest * (Math.PI / 4) };
}

const SIN = [
  1.5896230157654656e-10, -2.5050747762857807e-8, 0.0000027557313621385722, -0.0001984126982958954,
  0.008333333333322118, -0.1666666666666663,
];
const COS = [
  -1.1358536521387682e-11, 2.087570084197473e-9, -2.755731417929674e-7, 0.000024801587288851704,
  -0.0013888888888873056, 0.041666666666666595,
];

/** sin and cos of an angle in [-pi/4, pi/4]. */
const sinNearZero = (z: number) => z + z * (z * z) * polynomial(z * z, SIN);
const cosNearZero = (z: number) => 1 - 0.5 * (z * z) + z * z * (z * z) * polynomial(z * z, COS);

export function sin(x: number): number {
  if (x === 0) return x;
  const { octant, rest } = reduceAngle(Math.abs(x));
  const value = octant % 4 === 2 ? cosNearZero(rest) : sinNearZero(rest);
  return x < 0 !== octant > 3 ? -value : value;
}

export function cos(x: number): number {
  if (x === 0) return 1;
  const { octant, rest } = reduceAngle(Math.abs(x));
  const value = octant % 4 === 2 ? sinNearZero(rest) : cosNearZero(rest);
  return octant === 2 || octant === 4 ? -value : value;
}

const TAN_P = [-13093.693918138379, 1153516.6483858742, -17956525.197648488];
const TAN_Q = [1, 13681.296347069296, -1320892.3444021097, 25008380.18233579, -53869575.592945464];

export function tan(x: number): number {
  if (x === 0) return x;
  const { octant, rest } = reduceAngle(Math.abs(x));
  const square = rest * rest;
  let value = rest;
  if (square > 1e-14) value += rest * ((square * polynomial(square, TAN_P)) / polynomial(square, TAN_Q));
  if (octant % 4 === 2) value = -1 / value;
  return x < 0 ? -value : value;
}

const ATAN_P = [
  -0.8750608600031904, -16.157537187333652, -75.00855792314705, -122.88666844901361, -64.85021904942025,
];
const ATAN_Q = [
  1, 24.858464901423062, 165.02700983169885, 432.88106049129027, 485.3903996359137, 194.5506571482614,
];
/** tan(3 pi / 8) */
const TAN_3PI8 = 2.414213562373095;
/** What pi/2 lacks as a double. */
const HALF_PI_REST = 6.123233995736766e-17;

function atanOfPositive(x: number): number {
  const series = (z: number) => {
    const square = z * z;
    return z * ((square * polynomial(square, ATAN_P)) / polynomial(square, ATAN_Q)) + z;
  };
  if (x <= 0.66) return series(x);
  if (x > TAN_3PI8) return Math.PI / 2 - series(1 / x) + HALF_PI_REST;
  return Math.PI / 4 + series((x - 1) / (x + 1)) + 0.5 * HALF_PI_REST;
}

export function atan(x: number): number {
  if (x === 0) return x;
  return x > 0 ? atanOfPositive(x) : -atanOfPositive(-x);
}

export function asin(x: number): number {
  if (x === 0) return x;
  const size = Math.abs(x);
  if (size > 1) return Number.NaN;
  const other = Math.sqrt(1 - size * size);
  const angle = size > 0.7 ? Math.PI / 2 - atanOfPositive(other / size) : atanOfPositive(size / other);
  return x < 0 ? -angle : angle;
}

export function acos(x: number): number {
  return Math.PI / 2 - asin(x);
}

export function atan2(y: number, x: number): number {
  if (y === 0 || x === 0) return Math.atan2(y, x);
  const angle = atan(y / x);
  if (x > 0) return angle;
  return angle <= 0 ? angle + Math.PI : angle - Math.PI;
}

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const LOG_ODD = [0.14798198605116586, 0.1818357216161805, 0.2857142874366239, 0.6666666666666735];
const LOG_EVEN = [0.15313837699209373, 0.22222198432149784, 0.3999999999940942];

export function log(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (x < 0) return Number.NaN;
  // Taken from the bits as they are: like the reference, it does not treat subnormal numbers apart.
  const bits = bitsOf(x);
  let exponent = Number((bits >> 52n) & 0x7ffn) - 1022;
  let mantissa = fromBits((bits & 0xfffffffffffffn) | 0x3fe0000000000000n);
  if (mantissa <= Math.SQRT1_2) {
    mantissa *= 2;
    exponent--;
  }
  const f = mantissa - 1;
  const s = f / (2 + f);
  const s2 = s * s;
  const s4 = s2 * s2;
  const sum = s2 * polynomial(s4, LOG_ODD) + s4 * polynomial(s4, LOG_EVEN);
  const half = 0.5 * f * f;
  return exponent * LN2_HIGH - (half - (s * (half + sum) + exponent * LN2_LOW) - f);
}

/** a * b + c, rounded once. */
function fused(a: number, b: number, c: number): number {
  const [x, xe] = exactly(a);
  const [y, ye] = exactly(b);
  const [z, ze] = exactly(c);
  const low = Math.min(xe + ye, ze);
  const sum = ((x * y) << BigInt(xe + ye - low)) + (z << BigInt(ze - low));
  return rounded(sum, low);
}

/** x as an integer times a power of two. */
function exactly(x: number): [bigint, number] {
  const bits = bitsOf(Math.abs(x));
  const exponent = Number(bits >> 52n);
  const mantissa = exponent === 0 ? bits : (bits & 0xfffffffffffffn) | (1n << 52n);
  return [x < 0 ? -mantissa : mantissa, Math.max(1, exponent) - 1075];
}

/** The double nearest to value * 2^exponent, ties to even; only for results that are not subnormal. */
function rounded(value: bigint, exponent: number): number {
  const size = value < 0n ? -value : value;
  const spare = size.toString(2).length - 53;
  if (spare <= 0) return Number(value) * 2 ** exponent;
  const unit = 1n << BigInt(spare);
  let kept = size / unit;
  const rest = size % unit;
  if (rest * 2n > unit || (rest * 2n === unit && kept % 2n === 1n)) kept++;
  const result = Number(kept) * 2 ** (exponent + spare);
  return value < 0n ? -result : result;
}

const LN2_UPPER = 0.693147180559663;
const LN2_LOWER = 2.8235290563031577e-13;
const EXP_OVERFLOW = 709.782712893384;
/** 1/8!, 1/7!, ... 1/3!, 1/2!, 1 */
const EXP_SERIES = [
  0.0000248015873015873, 0.0001984126984126984, 0.001388888888888889, 0.008333333333333333,
  0.041666666666666664, 0.16666666666666666, 0.5, 1,
];

export function exp(x: number): number {
  if (x > EXP_OVERFLOW) return Number.POSITIVE_INFINITY;
  if (x < -800) return 0;
  const exponent = roundHalfEven(x * Math.LOG2E);
  const reduced = fused(-exponent, LN2_LOWER, fused(-exponent, LN2_UPPER, x)) * 0.0625;
  let sum = EXP_SERIES[0]!;
  for (let i = 1; i < EXP_SERIES.length; i++) sum = fused(sum, reduced, EXP_SERIES[i]!);
  // e^16r - 1 by squaring four times: (1 + y)^2 - 1 = y * (2 + y).
  let less = reduced * sum;
  for (let i = 0; i < 3; i++) less *= less + 2;
  return scale(fused(less, less + 2, 1), exponent);
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** x * 2^exponent, in two steps where one would overflow or underflow on its way. */
function scale(x: number, exponent: number): number {
  if (exponent > 1023) return x * 2 ** 1023 * 2 ** Math.min(exponent - 1023, 1023);
  if (exponent < -1022) return x * 2 ** -1022 * 2 ** Math.max(exponent + 1022, -1074);
  return x * 2 ** exponent;
}

/** x as m * 2^e with |m| in [0.5, 1). */
export function binaryParts(x: number): { mantissa: number; exponent: number } {
  if (x === 0) return { mantissa: x, exponent: 0 };
  if (Math.abs(x) < 2 ** -1022) {
    const { mantissa, exponent } = binaryParts(x * 2 ** 52);
    return { mantissa, exponent: exponent - 52 };
  }
  const bits = bitsOf(x);
  const exponent = Number((bits >> 52n) & 0x7ffn) - 1022;
  return { mantissa: fromBits((bits & ~(0x7ffn << 52n)) | (0x3fen << 52n)), exponent };
}

/** x^y by repeated squaring of the mantissa, and exp and log for the fraction of y. */
export function power(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (y === 1) return x;
  if (x === 0) return x ** y;
  if (y === 0.5) return Math.sqrt(x);
  if (y === -0.5) return 1 / Math.sqrt(x);
  let whole = Math.trunc(Math.abs(y));
  let fraction = Math.abs(y) - whole;
  if (fraction !== 0 && x < 0) return Number.NaN;
  if (whole >= 2 ** 63) {
    if (x === -1) return 1;
    return Math.abs(x) < 1 === y > 0 ? 0 : Number.POSITIVE_INFINITY;
  }
  let result = 1;
  let resultExponent = 0;
  if (fraction !== 0) {
    if (fraction > 0.5) {
      fraction--;
      whole++;
    }
    result = exp(fraction * log(x));
  }
  let { mantissa, exponent } = binaryParts(x);
  for (let rest = whole; rest !== 0; rest = Math.floor(rest / 2)) {
    if (Math.abs(exponent) > 4096) {
      resultExponent += exponent;
      break;
    }
    if (rest % 2 === 1) {
      result *= mantissa;
      resultExponent += exponent;
    }
    mantissa *= mantissa;
    exponent *= 2;
    if (mantissa < 0.5) {
      mantissa *= 2;
      exponent--;
    }
  }
  return y < 0 ? scaleOnce(1 / result, -resultExponent) : scaleOnce(result, resultExponent);
}

/** x * 2^exponent, rounded once even if the result is subnormal. */
function scaleOnce(x: number, exponent: number): number {
  const parts = binaryParts(x);
  const total = parts.exponent + exponent;
  if (total > 1024) return x > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  if (total < -1075) return x < 0 ? -0 : 0;
  if (total >= -1021) return parts.mantissa * 2 * 2 ** (total - 1);
  return parts.mantissa * 2 ** (total + 53) * 2 ** -53;
}
