import type { ContainerSummary } from '../backend/backend.js';
import type { AgainCause, NewRunEvent, RunEvent } from '../model/event.js';
import { LABEL } from '../model/labels.js';
import { fold, type RunState, type TrialStatus } from '../model/run-state.js';
import { changedParts, fingerprintParts } from '../plan/fingerprint.js';
import type { Plan, PlannedTrial } from '../plan/plan.js';
import type { Resuming } from './execute.js';
import { decideRetry, type RetryDecision, STOPPED_BEFORE } from './retry.js';

/** What to do about one trial when a run goes on. */
export type Resumption =
  /** It succeeded as it is now: nothing. `restored`: it had been begun anew as something else since. */
  | { readonly kind: 'done'; readonly restored: boolean }
  /** Its container lives, or has ended while nobody watched, or was only made: driven on under the same attempt. */
  | { readonly kind: 'adopt'; readonly container: ContainerSummary; readonly attempt: number }
  /** It was running, and its container is gone. */
  | { readonly kind: 'lost' }
  /** Its next attempt is to come, whatever was before. */
  | { readonly kind: 'again'; readonly because: AgainCause | undefined };

export interface ResumePlan {
  /** To be recorded before the rest, which is decided as if it were. */
  readonly settled: readonly NewRunEvent[];
  readonly trials: ReadonlyMap<string, Resumption>;
  /** Containers of earlier attempts and of trials that are no more: removed before anything starts. */
  readonly stale: readonly ContainerSummary[];
}

const EVERYTHING: Resuming = { rerun: new Set(), spared: new Set(), image: undefined };

/** Decides from what is on the engine and what the journal says; changes nothing. */
export function planResume(
  { trials: planned, run }: Pick<Plan, 'trials' | 'run'>,
  recorded: RunState,
  containers: readonly ContainerSummary[],
  { rerun, spared }: Resuming = EVERYTHING,
): ResumePlan {
  const settled = settleEnds(recorded, planned);
  const previous = withEvents(recorded, settled);
  const ours = containers.filter((container) => container.ours !== undefined);
  const byTrial = new Map<string, ContainerSummary[]>();
  for (const container of ours) {
    const trial = container.ours?.trial ?? '';
    byTrial.set(trial, [...(byTrial.get(trial) ?? []), container]);
  }
  const trials = new Map<string, Resumption>();
  const used = new Set(ours.filter((container) => spared.has(container.ours?.trial ?? '')));
  const plannedByName = new Map(planned.map((one) => [one.trial.name, one]));
  const asked = askedFor(plannedByName, rerun);
  for (const one of planned) {
    const { name } = one.trial;
    const status = previous.trials.get(name);
    const found = (byTrial.get(name) ?? []).toSorted((a, b) => attemptOf(b) - attemptOf(a));
    const cause = asked.get(name);
    const resumption: Resumption =
      cause === undefined
        ? resumeTrial(one, status, found[0], () => partsChanged(status, one))
        : { kind: 'again', because: cause };
    trials.set(name, resumption);
    if (resumption.kind === 'adopt') used.add(resumption.container);
    // What was kept for a look stays, unless its name is needed.
    if (resumption.kind === 'done' && status?.kept === true && found[0] !== undefined) used.add(found[0]);
  }
  return { settled, trials, stale: ours.filter((container) => !used.has(container)) };

  function partsChanged(status: TrialStatus | undefined, now: PlannedTrial): string[] {
    if (status?.fingerprint === now.fingerprint || status?.parts == null) return [];
    return changedParts(status.parts, fingerprintParts(now, plannedByName, run));
  }
}

/**
 * What follows from an attempt's end that its supervisor had written down, before it died without saying what that means
 * for the trial: else its end would be looked at, and counted, a second time.
 */
function settleEnds(state: RunState, trials: Plan['trials']): TrialEvent[] {
  const planned = new Map(trials.map(({ trial }) => [trial.name, trial]));
  return [...state.trials.values()].flatMap((status): TrialEvent[] => {
    const { name: trial, attempt, lastEnded, end, outcomes } = status;
    if (!isOpen(status) || lastEnded !== attempt || end === null) return [];
    const retries = planned.get(trial)?.retries;
    const wasStopped = end.outcome === 'killed' || end.outcome === 'stopped';
    const decision: RetryDecision =
      retries === undefined ? { again: false } : wasStopped ? STOPPED_BEFORE : decideRetry(retries, outcomes);
    return decision.again
      ? [{ type: 'trial.retrying', trial, attempt, delay: 0, why: decision.why }]
      : [{ type: 'trial.ended', trial, state: end.outcome, cause: end.cause }];
  });
}

type TrialEvent = Extract<NewRunEvent, { readonly type: 'trial.retrying' | 'trial.ended' }>;

/** The state as it is once these are recorded; the one that is given stays as it is. */
function withEvents(state: RunState, events: readonly TrialEvent[]): RunState {
  const trials = new Map(state.trials);
  for (const { trial } of events) trials.set(trial, { ...trials.get(trial)! });
  const stamped = events.map((event): RunEvent => ({ v: 1, time: state.lastEvent, ...event }));
  return stamped.reduce(fold, { ...state, trials });
}

function isOpen({ state }: TrialStatus): boolean {
  return state === 'starting' || state === 'running';
}

/** Trials that are to run again because that was asked for: those named, and those that complete on one of them. */
function askedFor(
  planned: ReadonlyMap<string, PlannedTrial>,
  rerun: ReadonlySet<string>,
): ReadonlyMap<string, AgainCause> {
  const asked = new Map<string, AgainCause | undefined>();
  const look = (name: string): AgainCause | undefined => {
    if (asked.has(name)) return asked.get(name);
    const above = planned
      .get(name)
      ?.depends.find(({ trial, condition }) => condition === 'completed' && look(trial) !== undefined);
    const below: AgainCause | undefined =
      above === undefined ? undefined : { kind: 'below', trial: above.trial };
    const cause = rerun.has(name) ? { kind: 'rerun' as const } : below;
    asked.set(name, cause);
    return cause;
  };
  const causes = new Map<string, AgainCause>();
  if (rerun.size === 0) return causes;
  for (const name of planned.keys()) {
    const cause = look(name);
    if (cause !== undefined) causes.set(name, cause);
  }
  return causes;
}

function resumeTrial(
  planned: PlannedTrial,
  status: TrialStatus | undefined,
  container: ContainerSummary | undefined,
  parts: () => readonly string[],
): Resumption {
  const open = status !== undefined && isOpen(status);
  if (container !== undefined) {
    const attempt = attemptOf(container);
    const recorded = status !== undefined && !open && attempt <= status.attempt;
    const unchanged = container.labels[LABEL.fingerprint] === planned.fingerprint;
    if (!recorded && unchanged) return { kind: 'adopt', container, attempt };
  }
  if (open && status.container !== null && container === undefined) return { kind: 'lost' };
  const done =
    planned.kind === 'batch' && status?.state === 'succeeded' && status.fingerprint === planned.fingerprint;
  if (done) return { kind: 'done', restored: false };
  if (planned.kind === 'batch' && status?.success?.fingerprint === planned.fingerprint) {
    return { kind: 'done', restored: true };
  }
  return { kind: 'again', because: whyAgain(status, parts()) };
}

function whyAgain(status: TrialStatus | undefined, parts: readonly string[]): AgainCause | undefined {
  switch (status?.state) {
    case undefined:
    case 'pending':
      return undefined;
    case 'succeeded':
      // A service that ended by itself with 0 starts again with those that need it, though nothing has changed.
      return status.kind === 'service'
        ? { kind: 'ended', state: 'succeeded', parts }
        : { kind: 'changed', parts };
    case 'starting':
    case 'running':
    case 'retrying':
      return { kind: 'under way', parts };
    case 'failed':
    case 'oom':
    case 'timeout':
    case 'killed':
    case 'lost':
    case 'stopped':
    case 'skipped':
      return { kind: 'ended', state: status.state, parts };
  }
}

function attemptOf(container: ContainerSummary): number {
  return container.ours?.attempt ?? 0;
}
