import type { RunOutcome } from '../model/event.js';
import type { RunState, TrialState, TrialStatus } from '../model/run-state.js';

/** A run's state as people see it. */
export type RunStanding = 'running' | RunOutcome;

/** A trial's state as people see it: `unknown` where only a supervisor could tell and none is there. */
export type ShownState = TrialState | 'unknown';

/**
 * How a run stands. `held`: somebody holds its lock, asked *before* the journal was read; else a run that ends between
 * the two looks would seem interrupted.
 */
export function runStanding(state: RunState, held: boolean): RunStanding {
  return state.outcome ?? (held ? 'running' : 'interrupted');
}

/** Nobody watches the trials of a run whose supervisor is gone: what ran when it was last seen is `unknown`. */
export function shownState(trial: TrialStatus, standing: RunStanding): ShownState {
  if (standing === 'running') return trial.state;
  return trial.state === 'running' || trial.state === 'starting' ? 'unknown' : trial.state;
}
