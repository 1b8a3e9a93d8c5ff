import { isEnded, type RunState } from '../model/run-state.js';
import { between } from './text/times.js';

/** Fewer ends than this say too little. */
const LEAST_ENDS = 3;
/** The rate is taken from this many latest ends: it follows changes, and one odd pause doesn't matter. */
const WINDOW = 50;

/**
 * Milliseconds until the batch trials are done, or undefined while too little is known. The larger of two estimates,
 * because each leaves something out:
 *
 * - By work: what the trials still take (the mean of those that succeeded; of a running one, less its age), divided by
 *   how many run or start now, and never less than the longest of them. The mean and not the median: remaining work is a sum, and a
 *   few long trials are part of it. It leaves out what the engine needs for starting and removing, which is most of the
 *   time where trials are short.
 * - By rate: how fast the last 50 ended, for all that remain. It contains every overhead, but is blind to waves:
 *   four equal trials at once end at the same moment, and seem infinitely fast.
 *
 * Trials that failed have often stopped early, so their durations say nothing of the others'; they count for the rate.
 * Only what ended since the latest start of a supervisor counts: a resumed run's pause is not work.
 */
export function estimateRemaining(state: RunState, now: number): number | undefined {
  const durations: number[] = [];
  const ends: number[] = [];
  const ages: number[] = [];
  let remaining = 0;
  for (const trial of state.trials.values()) {
    if (trial.kind !== 'batch') continue;
    if (!isEnded(trial.state)) {
      remaining += 1;
      if (trial.state === 'starting') ages.push(0);
      else if (trial.state === 'running') ages.push(between(trial.startedAt, now) ?? 0);
      continue;
    }
    if (trial.finishedAt === null || trial.finishedAt < state.supervisedSince) continue;
    ends.push(Date.parse(trial.finishedAt));
    const duration = between(trial.startedAt, trial.finishedAt);
    if (trial.state === 'succeeded' && duration !== undefined) durations.push(duration);
  }
  if (remaining === 0) return 0;
  if (ends.length < LEAST_ENDS || durations.length === 0) return undefined;

  const mean = durations.reduce((sum, duration) => sum + duration, 0) / durations.length;
  const left = ages.map((age) => Math.max(0, mean - age));
  const waiting = remaining - ages.length;
  const work = waiting * mean + left.reduce((sum, ms) => sum + ms, 0);
  const longest = Math.max(waiting > 0 ? mean : 0, ...left);
  const byWork = Math.max(work / Math.max(1, ages.length), longest);

  ends.sort((a, b) => a - b);
  const window = ends.slice(-WINDOW);
  const last = window.at(-1)!;
  const interval = (last - window[0]!) / (window.length - 1);
  const byRate = Math.max(0, interval * remaining - Math.max(0, now - last));

  return Math.max(byWork, byRate);
}
