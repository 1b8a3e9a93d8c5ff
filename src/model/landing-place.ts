import { basename } from 'node:path/posix';

/**
 * Where an output lands in the trial's results folder: a relative path keeps its folders, so that `a/score.json` and
 * `b/score.json` stay apart; of an absolute one only the last part says anything to people.
 */
export function landingPlace(path: string): string {
  return path.startsWith('/') ? basename(path) : path;
}
