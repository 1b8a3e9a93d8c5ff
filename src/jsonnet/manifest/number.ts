/** A number as the reference prints it: integers in full, everything else with 17 significant digits at most. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) {
    if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value);
    return BigInt(value).toString();
  }
  // Only sums can be this; the reference prints them so.
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  return formatFully(value);
}

/** Significant digits that tell every double from its neighbours. */
const DIGITS = 17;

/** C's `%.17g`: 17 significant digits, less the zeros at their end, with an exponent where the number is far from 1. */
function formatFully(value: number): string {
  const size = Math.abs(value);
  const [mantissa, exponentText] = significant(size).split('e') as [string, string];
  const exponent = Number(exponentText);
  const digits = (mantissa[0]! + mantissa.slice(2)).replace(/0+$/, '');
  const sign = value < 0 ? '-' : '';
  if (exponent >= DIGITS || exponent < -4) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return sign + whole + (fraction === '' ? '' : `.${fraction}`);
}

/** `d.ddd...e+x` with 17 digits. JavaScript rounds what lies in the middle up, C to the even digit. */
function significant(value: number): string {
  const rounded = value.toExponential(DIGITS - 1);
  const lastDigit = rounded.charCodeAt(DIGITS);
  if (lastDigit % 2 === 0) return rounded;
  // Odd: perhaps rounded up from a number whose digits end in a 5 behind the last one.
  const [digits, exponent] = value.toExponential(DIGITS).split('e') as [string, string];
  if (!digits.endsWith('5')) return rounded;
  const exact = value.toExponential(100).split('e')[0]!;
  const isTie = /^0*$/.test(exact.slice(digits.length));
  return isTie && digits.charCodeAt(DIGITS) % 2 === 0 ? `${digits.slice(0, -1)}e${exponent}` : rounded;
}

/** The shortest digits that mean the same number, never with an exponent. */
export function formatPlain(value: number): string {
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  const [mantissa, exponentText] = text.split('e') as [string, string | undefined];
  if (exponentText === undefined) return text;
  const exponent = Number(exponentText);
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (exponent > 0) return sign + digits.padEnd(exponent + 1, '0');
  return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
}
