import { isReady } from '../model/dependency.js';
import type { RunOutcome } from '../model/event.js';
import type { RunState, TrialState, TrialStatus } from '../model/run-state.js';
import { formatAge } from './text/times.js';

/** A run's state as people see it; `elsewhere`: it has no end, and only on the host that it was started on can more be known. */
export type RunStanding = 'running' | 'elsewhere' | RunOutcome;

/**
 * A trial's state as people see it: `ready` where it waits for nothing but room, `unknown` where only a supervisor could
 * tell and none is there.
 */
export type ShownState = Exclude<TrialState, 'retrying'> | 'ready' | 'unknown';

/**
 * How a run stands. `held`: somebody holds its lock, asked *before* the journal was read; else a run that ends between
 * the two looks would seem interrupted. `host`: the one that is looked on, for a lock can be seen on its own host alone.
 */
export function runStanding(state: RunState, held: boolean, host: string): RunStanding {
  if (state.outcome !== null) return state.outcome;
  if (held) return 'running';
  // A run that is about to begin has no host yet.
  return state.host === host || state.host === '' ? 'interrupted' : 'elsewhere';
}

/**
 * Nobody watches the trials of a run whose supervisor is gone: what ran when it was last seen is `unknown`. `run`: the run
 * that it is of; without it nobody can tell whether a trial that has not started is `ready`.
 */
export function shownState(
  trial: TrialStatus,
  standing: RunStanding,
  run?: Pick<RunState, 'trials' | 'stopping'>,
): ShownState {
  const goesOn = standing === 'running';
  switch (trial.state) {
    case 'running':
    case 'starting':
      return goesOn ? trial.state : 'unknown';
    case 'retrying':
      return 'pending';
    case 'pending': {
      const admits = goesOn && run !== undefined && run.stopping === null;
      return admits && isReady(trial, run.trials) ? 'ready' : 'pending';
    }
    default:
      return trial.state;
  }
}

/** Said of a trial between two attempts: `tried again in 8s`. */
export function retryNote(trial: TrialStatus, now: number): string | undefined {
  if (trial.state !== 'retrying' || trial.retryAt === null) return undefined;
  const left = Date.parse(trial.retryAt) - now;
  return left > 0 ? `tried again in ${formatAge(left)}` : 'tried again as soon as there is room';
}
