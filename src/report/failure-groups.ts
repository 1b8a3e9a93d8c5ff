import type { RunState, TrialStatus } from '../model/run-state.js';
import { printableLine } from '../util/printable.js';
import { FAILED_STATES } from './counts.js';
import { plural } from './text/amounts.js';

/** Trials that failed in the same way. Never empty. */
export interface FailureGroup {
  /** See model/signature.ts. */
  readonly signature: string;
  /** Those that ended first, first. */
  readonly trials: readonly TrialStatus[];
}

/** Failures by signature, the most frequent first; of equals, the one that was seen first. */
export function failureGroups(state: RunState): FailureGroup[] {
  const groups = new Map<string, TrialStatus[]>();
  for (const trial of byEnd(state)) {
    const signature = trial.end?.signature || trial.cause;
    const group = groups.get(signature);
    if (group === undefined) groups.set(signature, [trial]);
    else group.push(trial);
  }
  return [...groups]
    .map(([signature, trials]) => ({ signature, trials }))
    .sort((a, b) => b.trials.length - a.trials.length);
}

/** The same groups, the one with the latest failure first: for a display that shows what just happened. */
export function latestFailureGroups(state: RunState): FailureGroup[] {
  const end = (group: FailureGroup) => endOf(group.trials.at(-1)!);
  return failureGroups(state).sort((a, b) => compare(end(b), end(a)));
}

/** Why one trial failed: its cause and its last log line, `exit 1: ImportError: no module named foo`. */
export function failureText(trial: TrialStatus): string {
  const line = printableLine(trial.end?.lastLine ?? '');
  return line === '' ? trial.cause : `${trial.cause}: ${line}`;
}

/**
 * What a group shows: how many, and why. Numbers are masked only where its trials differ in them:
 * `a-1: exit 1: bad seed 7`, `3 trials: exit 1: bad seed #`.
 */
export function groupText(group: FailureGroup): string {
  const first = group.trials[0]!;
  const text = failureText(first);
  if (group.trials.length === 1) return `${first.name}: ${text}`;
  const same = group.trials.every((trial) => failureText(trial) === text);
  return `${plural(group.trials.length, 'trial')}: ${same ? text : group.signature}`;
}

/** Names of some of a group's trials: `a-1, a-2, a-3 and 409 more`. */
export function exampleNames(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

function byEnd(state: RunState): TrialStatus[] {
  const failed = [...state.trials.values()].filter((trial) => FAILED_STATES.has(trial.state));
  return failed.sort((a, b) => compare(endOf(a), endOf(b)));
}

const endOf = (trial: TrialStatus): string => trial.finishedAt ?? trial.since ?? '';
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
