import type { Trial } from '../model/trial.js';

const MASK = '***';
/** Shorter values are no secrets, and would blot out half of every line. */
const SHORTEST = 4;

/** Masks the values of secrets wherever a message quotes a log line. */
export function secretMask(
  passed: Readonly<Record<string, string>>,
  trials: readonly Pick<Trial, 'env'>[],
): (text: string) => string {
  const values = new Set(Object.values(passed));
  for (const { env } of trials) {
    for (const value of Object.values(env))
      if (value.kind === 'value' && value.secret) values.add(value.value);
  }
  // A key file has many lines, and messages quote one.
  const lines = [...values].flatMap((value) => [value, ...value.split(/\r?\n/)]);
  // The longest first: a secret may be part of another.
  const masked = [...new Set(lines)]
    .filter((value) => value.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return (text) => masked.reduce((line, value) => line.replaceAll(value, MASK), text);
}
