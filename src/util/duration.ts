/** Milliseconds in each unit that a duration may name; the longest spellings first, so that `ms` is not read as `m`. */
const UNITS: readonly (readonly [string, number])[] = [
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
];

/**
 * Milliseconds of a duration such as `90s`, `1h30m`, `1.5h` or `250ms`; a plain number, quoted or not, is seconds.
 * undefined = not a duration. Units go from large to small, each once.
 */
export function parseDuration(written: string | number): number | undefined {
  if (typeof written === 'number') return wholeMilliseconds(written * 1000);
  const text = written.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return wholeMilliseconds(Number(text) * 1000);
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) return undefined;
  let total = 0;
  let last = Number.POSITIVE_INFINITY;
  for (const [, amount, unit] of parts) {
    const size = UNITS.find(([name]) => name === unit)![1];
    if (size >= last) return undefined;
    last = size;
    total += Number(amount) * size;
  }
  return wholeMilliseconds(total);
}

function wholeMilliseconds(value: number): number | undefined {
  return Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;
}

/** `1h30m`, `2m05s`, `9.5s`, `80ms`: short, for people; at most two units. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  if (milliseconds < 9950) return `${Math.round(milliseconds / 100) / 10}s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return twoUnits(seconds, 60, 'm', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return twoUnits(minutes, 60, 'h', 'm');
  return twoUnits(Math.round(minutes / 60), 24, 'd', 'h');
}

function twoUnits(amount: number, base: number, large: string, small: string): string {
  const rest = amount % base;
  const head = `${Math.floor(amount / base)}${large}`;
  return rest === 0 ? head : `${head}${String(rest).padStart(2, '0')}${small}`;
}
