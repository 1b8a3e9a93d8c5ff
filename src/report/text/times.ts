const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (n: number): string => String(n).padStart(2, '0');

/**
 * Milliseconds that have passed, in the two largest units that matter: `0.4s`, `12s`, `3m07s`, `2h05m`, `3d04h`.
 * Tenths below ten seconds only. Cut, not rounded, so that an age never runs ahead of the clock, and as wide a second
 * later as it was before, so that a display does not flicker.
 */
export function formatAge(ms: number): string {
  const t = Math.max(0, ms);
  if (t < 10 * SECOND) return `${(Math.floor(t / 100) / 10).toFixed(1)}s`;
  if (t < MINUTE) return `${Math.floor(t / SECOND)}s`;
  if (t < HOUR) return `${Math.floor(t / MINUTE)}m${two(Math.floor((t % MINUTE) / SECOND))}s`;
  if (t < DAY) return `${Math.floor(t / HOUR)}h${two(Math.floor((t % HOUR) / MINUTE))}m`;
  return `${Math.floor(t / DAY)}d${two(Math.floor((t % DAY) / HOUR))}h`;
}

/** An estimate, no finer than it can be: `a few seconds`, `about 40s`, `about 3m`, `about 1h20m`, `about 3d`. */
export function formatEstimate(ms: number): string {
  if (ms < 10 * SECOND) return 'a few seconds';
  if (ms < MINUTE) return `about ${Math.ceil(ms / (10 * SECOND)) * 10}s`;
  if (ms < HOUR) return `about ${Math.ceil(ms / MINUTE)}m`;
  if (ms >= DAY) return `about ${Math.ceil(ms / DAY)}d`;
  const minutes = Math.ceil(ms / (10 * MINUTE)) * 10;
  const rest = minutes % 60 === 0 ? '' : `${minutes % 60}m`;
  return `about ${Math.floor(minutes / 60)}h${rest}`;
}

/** Milliseconds from `from` to `to` (ISO 8601, or milliseconds since the epoch); undefined where one is not known. */
export function between(from: string | null, to: string | number | null): number | undefined {
  if (from === null || to === null) return undefined;
  const ms = (typeof to === 'number' ? to : Date.parse(to)) - Date.parse(from);
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Local wall-clock time, `14:03:59`. */
export function formatTime(iso: string): string {
  const date = new Date(iso);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Local date and time, `2026-11-21 14:03`. */
export function formatDate(iso: string): string {
  const date = new Date(iso);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
