/** A number as the reference prints it: integers in full, everything else with 17 significant digits at most. */
export function formatNumber(value: number): string {
  if (Number.isInteger(value)) {
    if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value);
    return BigInt(value).toString();
  }
  // Only sums can be this; the reference prints them so.
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  return formatGeneral(value, 17);
}

/** C's `%.<precision>g`. */
export function formatGeneral(value: number, precision: number): string {
  const [mantissa, exponentText] = value.toExponential(precision - 1).split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < precision) {
    return withoutTrailingZeros(value.toFixed(Math.min(100, precision - 1 - exponent)));
  }
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${withoutTrailingZeros(mantissa)}e${exponent < 0 ? '-' : '+'}${digits}`;
}

function withoutTrailingZeros(text: string): string {
  if (!text.includes('.')) return text;
  let end = text.length;
  while (text.charCodeAt(end - 1) === 48) end--;
  if (text.charCodeAt(end - 1) === 46) end--;
  return text.slice(0, end);
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
