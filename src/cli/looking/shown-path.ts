import { relative } from 'node:path';

/** A path as people would type it: relative where that is shorter. */
export function shownPath(cwd: string, path: string): string {
  const from = relative(cwd, path);
  return from !== '' && from.length < path.length ? from : path;
}
