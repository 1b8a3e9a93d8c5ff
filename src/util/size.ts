/** Powers of 1024, as `docker` reads its sizes. */
const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/**
 * Bytes of a size such as `512m`, `8g`, `8Gi`, `1.5GB` (all binary, case does not matter) or a number of bytes.
 * undefined = not a size.
 */
export function parseSize(written: string | number): number | undefined {
  if (typeof written === 'number') return Number.isSafeInteger(written) && written >= 0 ? written : undefined;
  const match = /^(\d+(?:\.\d+)?)\s*(?:b|([kmgt])(?:i?b?))?$/i.exec(written.trim());
  if (match === null) return undefined;
  const bytes = Math.round(Number(match[1]) * FACTORS[(match[2] ?? '').toLowerCase()]!);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `512 MiB`, `1.5 GiB`, `100 B`: at most one decimal place. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let amount = bytes;
  let unit = 0;
  while (unit < units.length - 1 && Math.round(amount * 10) / 10 >= 1024) {
    amount /= 1024;
    unit += 1;
  }
  return `${Math.round(amount * 10) / 10} ${units[unit]}`;
}
