import type { SeenRun } from './run-choice.js';

/** Trials that have not started yet, and why. */
export interface Waiting {
  /** One phrase for people. */
  readonly why: string;
  readonly trials: readonly string[];
}

/** Why the trials of a run that goes on have not started yet, the most frequent reason first; none of any other run. */
export async function whyWaiting(seen: SeenRun, _now: number): Promise<Waiting[]> {
  if (seen.standing !== 'running') return [];
  return [];
}
