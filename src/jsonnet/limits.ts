import { JsonnetError } from './errors.js';

/** More elements than this would not fit into the memory that Node gives itself, and the process would die. */
const LONGEST_ARRAY = 50_000_000;

/** The same for elements that are put off, which take a hundred bytes each. */
export const LONGEST_LAZY_ARRAY = 10_000_000;

/** @throws {JsonnetError} where an array would have more elements than there can be */
export function checkLength(length: number, most = LONGEST_ARRAY): void {
  if (length > most)
    throw new JsonnetError(`an array of ${length} elements is too long: the most is ${most}`);
}
