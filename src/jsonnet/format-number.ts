import { formatNumber } from './manifest/number.js';
import { divide, finite, remainder } from './operators.js';
import { log, power } from './std/elementary.js';

/**
 * Numbers by `%` as the reference makes them. It computes digits with doubles, so that its results are not always the
 * nearest decimal ("%.0e" % 1000 is 10e+02): the same steps are taken here.
 */

export interface Flags {
  /** `#` */
  readonly alternative: boolean;
  readonly blank: boolean;
  readonly sign: boolean;
  /** The letter of the conversion. */
  readonly conversion: string;
}

/**
 * @param zeroWidth width to be filled with zeros, 0 for none
 * @param precision as given, if it was
 */
export function formatNumeric(
  flags: Flags,
  value: number,
  zeroWidth: number,
  precision: number | undefined,
): string {
  const capitals = flags.conversion !== flags.conversion.toLowerCase();
  switch (flags.conversion.toLowerCase()) {
    case 'd':
    case 'i':
    case 'u':
      return whole(flags, value, zeroWidth, precision ?? 0, 10, '');
    case 'o':
      return whole(flags, value, zeroWidth, precision ?? 0, 8, flags.alternative ? '0' : '');
    case 'x':
      return hexadecimal(flags, Math.floor(value), zeroWidth, precision ?? 0, capitals);
    case 'f':
      return decimal(flags, value, zeroWidth, true, precision ?? 6);
    case 'e':
      return scientific(flags, value, zeroWidth, true, capitals, precision ?? 6);
    default:
      return general(flags, value, zeroWidth, capitals, precision ?? 6);
  }
}

function signOf(flags: Flags, negative: boolean): string {
  return negative ? '-' : flags.sign ? '+' : flags.blank ? ' ' : '';
}

/** Zeros before `digits` up to a width that may be a fraction. */
function zeros(digits: string, width: number): string {
  return digits.padStart(Math.ceil(width), '0');
}

/** Digits by repeated division, which is exact up to 2^53 only. A negative precision leads to numbers that are not whole. */
function digitsOf(size: number, radix: 8 | 10): string {
  if (Number.isSafeInteger(size)) return size.toString(radix);
  let digits = '';
  for (let rest = size; rest !== 0; rest = Math.floor(rest / radix))
    digits = formatNumber(rest % radix) + digits;
  return digits;
}

function integer(
  flags: { readonly blank: boolean; readonly sign: boolean },
  negative: boolean,
  size: number,
  zeroWidth: number,
  leastDigits: number,
  radix: 8 | 10,
  prefix: string,
): string {
  const digits = size === 0 ? '0' : prefix + digitsOf(size, radix);
  const width = zeroWidth - (negative || flags.blank || flags.sign ? 1 : 0);
  return signOf(flags as Flags, negative) + zeros(digits, Math.max(width, leastDigits));
}

function whole(
  flags: Flags,
  value: number,
  zeroWidth: number,
  leastDigits: number,
  radix: 8 | 10,
  prefix: string,
): string {
  return integer(flags, value <= -1, Math.floor(Math.abs(value)), zeroWidth, leastDigits, radix, prefix);
}

function hexadecimal(
  flags: Flags,
  value: number,
  zeroWidth: number,
  leastDigits: number,
  capitals: boolean,
): string {
  const negative = value < 0;
  const prefix = flags.alternative ? '0x' : '';
  // Division by 16 is exact, so the digits are too.
  const digits = BigInt(Math.abs(value)).toString(16);
  const width = zeroWidth - (negative || flags.blank || flags.sign ? 1 : 0) - prefix.length;
  const text = prefix + zeros(digits, Math.max(width, leastDigits));
  return signOf(flags, negative) + (capitals ? text.toUpperCase() : text);
}

const UNSIGNED = { blank: false, sign: false };

/** @param trailing whether zeros at the end of the fraction stay */
function decimal(
  flags: Flags,
  value: number,
  zeroWidth: number,
  trailing: boolean,
  precision: number,
): string {
  const size = Math.abs(value);
  const denominator = finite(power(10, precision));
  const numerator = finite(size * denominator) + 0.5;
  const wholePart =
    size === 0 ? 0 * divide(numerator, denominator) : Math.floor(divide(numerator, denominator));
  const fraction = remainder(Math.floor(numerator), denominator);
  const hasPoint = precision !== 0 || flags.alternative;
  const width = zeroWidth - precision - (hasPoint ? 1 : 0);
  const text = integer(flags, value < 0, wholePart, width, 0, 10, '');
  if (precision === 0) return flags.alternative ? `${text}.` : text;
  if (!trailing && fraction === 0) return text;
  const digits = integer(UNSIGNED, false, fraction, precision, 0, 10, '');
  return `${text}.${trailing ? digits : digits.replace(/0+$/, '')}`;
}

/** The power of ten of the first digit, as far as logarithms of doubles tell. */
function exponentOf(value: number): number {
  return value === 0 ? 0 : Math.floor(log(Math.abs(value)) / log(10));
}

/** The smallest exponent there is; its power of ten is 0 as a double. */
const LOWEST_EXPONENT = -324;

function scientific(
  flags: Flags,
  value: number,
  zeroWidth: number,
  trailing: boolean,
  capitals: boolean,
  precision: number,
): string {
  const exponent = exponentOf(value);
  const digits = integer({ blank: false, sign: true }, exponent < 0, Math.abs(exponent), 3, 0, 10, '');
  const suffix = (capitals ? 'E' : 'e') + digits;
  const mantissa =
    exponent === LOWEST_EXPONENT
      ? divide(value * 10, power(10, exponent + 1))
      : divide(value, power(10, exponent));
  return decimal(flags, mantissa, zeroWidth - suffix.length, trailing, precision) + suffix;
}

function general(
  flags: Flags,
  value: number,
  zeroWidth: number,
  capitals: boolean,
  precision: number,
): string {
  const exponent = exponentOf(value);
  if (exponent < -4 || exponent >= precision) {
    return scientific(flags, value, zeroWidth, flags.alternative, capitals, precision - 1);
  }
  const before = Math.max(1, exponent + 1);
  return decimal(flags, value, zeroWidth, flags.alternative, precision - before);
}
