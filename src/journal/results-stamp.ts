import { lstat } from 'node:fs/promises';
import { errnoOf } from '../util/errno.js';
import { visitFolder } from '../util/visit-folder.js';

/**
 * A text that is another one whenever a file below the folder has come, gone or changed. No link is followed; what may not
 * be looked into, or goes while it is looked at, counts as it is.
 */
export async function stampOf(folder: string): Promise<string> {
  let entries = 0;
  let bytes = 0;
  let latest = 0;
  const count = async (path: Buffer) => {
    const there = await lstat(path).catch(ignore);
    entries += 1;
    bytes += there?.size ?? 0;
    latest = Math.max(latest, there?.mtimeMs ?? 0, there?.ctimeMs ?? 0);
  };
  await visitFolder(folder, { enter: count, entry: count, closed: () => {} });
  return `${entries} ${bytes} ${latest}`;
}

function ignore(error: unknown): undefined {
  if (errnoOf(error) === undefined) throw error;
}
