import { isEnded, type RunState, type TrialState, type TrialStatus } from '../model/run-state.js';
import type { TrialKind } from '../model/trial.js';
import { type RunStanding, type ShownState, shownState } from './standing.js';
import { formatCount, plural } from './text/amounts.js';

/** The order in which states are told: what was reached, what went wrong, what is going on, what is to come. */
const ORDER: readonly ShownState[] = [
  'succeeded',
  'failed',
  'oom',
  'timeout',
  'lost',
  'killed',
  'stopped',
  'skipped',
  'running',
  'unknown',
  'starting',
  'ready',
  'pending',
];

/** States that mean: it was tried, and did not succeed. */
export const FAILED_STATES: ReadonlySet<ShownState | TrialState> = new Set<ShownState>([
  'failed',
  'oom',
  'timeout',
  'lost',
]);

export interface Counts {
  readonly total: number;
  /** No attempt can follow. */
  readonly ended: number;
  /** Only states that some trial is in. */
  readonly states: ReadonlyMap<ShownState, number>;
}

/** How many trials of a kind are in which state. */
export function countStates(state: RunState, standing: RunStanding, kind: TrialKind): Counts {
  const found = new Map<ShownState, number>();
  let total = 0;
  let ended = 0;
  for (const trial of state.trials.values()) {
    if (trial.kind !== kind) continue;
    const shown = shownState(trial, standing, state);
    found.set(shown, (found.get(shown) ?? 0) + 1);
    total += 1;
    if (isEnded(trial.state)) ended += 1;
  }
  const states = new Map(ORDER.flatMap((name) => (found.has(name) ? [[name, found.get(name)!]] : [])));
  return { total, ended, states };
}

/** `380 succeeded, 32 failed, 578 pending`; `paint` colours each part by its state. */
export function formatCounts(
  counts: Counts,
  paint: (state: ShownState) => (text: string) => string = () => (text) => text,
): string {
  return [...counts.states].map(([state, n]) => paint(state)(`${formatCount(n)} ${state}`)).join(', ');
}

/** `1,000 trials and 2 services`. */
export function formatTotals(trials: readonly Pick<TrialStatus, 'kind'>[]): string {
  const services = trials.filter(({ kind }) => kind === 'service').length;
  const batch = trials.length - services;
  if (services === 0) return plural(batch, 'trial');
  if (batch === 0) return plural(services, 'service');
  return `${plural(batch, 'trial')} and ${plural(services, 'service')}`;
}

/**
 * What a run that goes on is about to do, of the trials that its resumption is about: `3 trials: 1 to run, 2 done; 10
 * others stay as they are`. Services run where a trial that runs needs them, so they are not counted as to run.
 */
export function formatGoingOn(state: RunState, chosen: readonly { readonly name: string }[]): string {
  const trials = chosen.flatMap(({ name }) => state.trials.get(name) ?? []);
  const batch = trials.filter(({ kind }) => kind === 'batch');
  const done = batch.filter((trial) => isEnded(trial.state)).length;
  const underWay = batch.filter((trial) => trial.state === 'starting' || trial.state === 'running').length;
  const parts = [
    `${formatCount(batch.length - done - underWay)} to run`,
    ...(underWay === 0 ? [] : [`${formatCount(underWay)} under way`]),
    ...(done === 0 ? [] : [`${formatCount(done)} done`]),
  ];
  const others = state.trials.size - trials.length;
  const rest =
    others === 0
      ? ''
      : `; ${others === 1 ? '1 other stays as it is' : `${formatCount(others)} others stay as they are`}`;
  return `${formatTotals(trials)}${batch.length === 0 ? '' : `: ${parts.join(', ')}`}${rest}`;
}
