/**
 * ISO 8601 with up to nanoseconds, as the engine takes it in `since`: seconds, a point, nanoseconds.
 * The engine means "from then on", so one nanosecond is added where "later than that" is wanted.
 */
export function engineTime(iso: string, addNanoseconds = 0): string {
  const fraction = /\.(\d{1,9})/.exec(iso)?.[1] ?? '';
  const seconds = BigInt(Date.parse(iso.replace(/\.\d+/, '')) / 1000);
  const nanoseconds = seconds * 1_000_000_000n + BigInt(fraction.padEnd(9, '0')) + BigInt(addNanoseconds);
  return `${nanoseconds / 1_000_000_000n}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}`;
}
