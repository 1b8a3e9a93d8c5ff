import pLimit from 'p-limit';
import type { RunEvent } from '../../model/event.js';
import type { JsonObject } from '../../model/json.js';
import { fold, newRunState } from '../../model/run-state.js';
import { runStanding, type ShownState, shownState } from '../../report/standing.js';
import { between } from '../../report/text/times.js';
import type { AttemptValues } from '../../results/attempt-values.js';
import type { ResultObject, RunResults } from '../../results/run-results.js';
import { chooseTrials } from '../looking/choose-trials.js';
import type { SeenRun } from '../looking/run-choice.js';

/** Attempts that are read at once: enough to keep a disk or a server busy, and few enough for its memory and sockets. */
const AT_ONCE = 16;

/** A trial with the attempt whose results count. */
export interface TrialResults {
  readonly trial: string;
  readonly state: ShownState;
  /** undefined: there is none yet. */
  readonly attempt: number | undefined;
  /** Whether that attempt has succeeded; a later one may have failed. */
  readonly succeeded: boolean;
  /** How long that attempt ran, or has run until now: milliseconds. */
  readonly duration: number | undefined;
  readonly params: JsonObject;
}

/** A trial with what its attempt has to say in a table; undefined where there is no attempt. */
export interface ReadTrial extends TrialResults {
  readonly values: AttemptValues | undefined;
}

/** A run with its batch trials, in its order. */
export interface CollectedRun {
  readonly seen: SeenRun;
  readonly trials: readonly TrialResults[];
}

/**
 * The trials that the words mean (all, where there are none), each with its latest success: a later attempt that failed
 * hides nothing. Of a trial that has not succeeded yet, the attempt that runs counts. `latest`: each trial's latest
 * attempt counts, however it ended. `host`: the one that is looked on.
 */
export async function collectTrials(
  results: RunResults,
  words: readonly string[],
  { now, host, latest }: { readonly now: number; readonly host: string; readonly latest: boolean },
): Promise<CollectedRun> {
  // First the lock, then the journal: see runStanding.
  const held = await results.held();
  const [events, params] = await Promise.all([results.events(), results.plannedParams()]);
  const state = events.reduce(fold, newRunState());
  const standing = runStanding(state, held, host);
  const attempts = latest ? latestAttempts(events) : countingAttempts(events);
  const names = [...state.trials.values()].flatMap(({ name, kind }) => (kind === 'batch' ? [name] : []));
  const trials = chooseTrials(words, names).map((name): TrialResults => {
    const status = state.trials.get(name)!;
    const attempt = attempts.get(name);
    return {
      trial: name,
      state: shownState(status, standing),
      attempt: attempt?.number,
      succeeded: attempt?.succeeded === true,
      duration: attempt && between(attempt.startedAt, attempt.finishedAt ?? (held ? now : null)),
      params: params.get(name) ?? {},
    };
  });
  const { id, startedAt, place } = results.run;
  return { seen: { run: { id, startedAt, folder: place }, state, standing }, trials };
}

/** What each trial's attempt has to say in a table. What the trial said of its params goes before what the file said. */
export function readTrials(
  results: RunResults,
  trials: readonly TrialResults[],
): Promise<readonly ReadTrial[]> {
  return eachAtOnce(trials, async (one) => {
    if (one.attempt === undefined) return { ...one, values: undefined };
    const values = await results.values(one.trial, one.attempt);
    return { ...one, params: { ...one.params, ...values.params }, values };
  });
}

/** Everything that the trials' attempts have saved, trial by trial. */
export async function readObjects(
  results: RunResults,
  trials: readonly TrialResults[],
): Promise<readonly ResultObject[]> {
  const found = await eachAtOnce(trials, async ({ trial, attempt }) =>
    attempt === undefined ? [] : results.objects(trial, attempt),
  );
  return found.flat();
}

function eachAtOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const limit = pLimit(AT_ONCE);
  return Promise.all(items.map((item) => limit(() => work(item))));
}

interface Attempt {
  readonly number: number;
  readonly succeeded: boolean;
  readonly startedAt: string | null;
  /** null = it goes on, as far as is known. */
  readonly finishedAt: string | null;
}

function countingAttempts(events: readonly RunEvent[]): Map<string, Attempt> {
  const running = new Map<string, Attempt>();
  const succeeded = new Map<string, Attempt>();
  for (const event of events) {
    if (event.type === 'attempt.started') running.set(event.trial, begun(event));
    if (event.type !== 'attempt.ended') continue;
    running.delete(event.trial);
    if (event.outcome === 'succeeded') succeeded.set(event.trial, ended(event));
  }
  return new Map([...running, ...succeeded]);
}

function latestAttempts(events: readonly RunEvent[]): Map<string, Attempt> {
  const latest = new Map<string, Attempt>();
  for (const event of events) {
    if (event.type === 'attempt.started') latest.set(event.trial, begun(event));
    if (event.type === 'attempt.ended') latest.set(event.trial, ended(event));
  }
  return latest;
}

function begun({ attempt, startedAt }: Extract<RunEvent, { type: 'attempt.started' }>): Attempt {
  return { number: attempt, succeeded: false, startedAt, finishedAt: null };
}

function ended(event: Extract<RunEvent, { type: 'attempt.ended' }>): Attempt {
  const { attempt, startedAt, finishedAt, outcome } = event;
  return { number: attempt, succeeded: outcome === 'succeeded', startedAt, finishedAt };
}
