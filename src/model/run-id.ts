import { customRandom } from 'nanoid';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/**
 * A new run id: 12 characters of `[a-z0-9]`, the first a letter, so that it is fit for the names of containers, DNS,
 * buckets and Kubernetes. `random` gives so many uniformly distributed bytes (such as `crypto.randomBytes`).
 */
export function newRunId(random: (bytes: number) => Uint8Array): string {
  return customRandom(LETTERS, 1, random)() + customRandom(`${LETTERS}0123456789`, 11, random)();
}

/** Whether it has the form that `newRunId` makes; `--uuid` accepts nothing else. */
export function isRunId(text: string): boolean {
  return /^[a-z][a-z0-9]{11}$/.test(text);
}
