import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * What tells experiments apart on an engine: the machine, the user and the file's real path, as one short hash.
 * The path alone is needed, so that `kill -f FILE` works when the file is faulty or gone.
 */
export async function experimentId(file: string, host: string, uid: number): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([host, uid, await realPathOf(file)]));
  return hash.digest('hex').slice(0, 32);
}

/** The path with links resolved as far as it exists: a file that is gone keeps the identity it had. */
export async function realPathOf(file: string): Promise<string> {
  const absolute = resolve(file);
  try {
    return await realpath(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(await realPathOf(parent), basename(absolute));
  }
}
