import type { RunEvent } from '../model/event.js';
import { isEnded, type RunState, type TrialStatus } from '../model/run-state.js';
import { failureSignature } from '../model/signature.js';
import { countStates, FAILED_STATES, formatCounts, formatGoingOn, formatTotals } from './counts.js';
import { estimateRemaining } from './eta.js';
import { failureText } from './failure-groups.js';
import { portsText, runNotice, runTitle } from './notable.js';
import { waitForRoom } from './room.js';
import { formatCount, plural } from './text/amounts.js';
import { between, formatAge, formatEstimate, formatTime } from './text/times.js';

/** Up to so many trials each start and end has its line; beyond, counts every now and then and failures alone. */
const EACH_ONE = 20;
/** So many failures of one kind are told one by one. */
const SAME_KIND = 3;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** A wait for room that is shorter is none to tell of: between two trials there is always a moment. */
const WAIT = 3 * SECOND;

/**
 * The lines of a run for a file, a pipe or a CI job: nothing is overwritten, each line begins with its local time, and
 * 10,000 trials make hundreds of lines, not tens of thousands. `state` is the run's, folded by the owner before each call.
 */
export class PlainLines {
  readonly #state: RunState;
  /** How often each kind of failure, retry or skip has been seen. */
  readonly #seen = new Map<string, number>();
  #lastProgress: number;
  #lastCounts = '';
  #lastLeft = 0;
  /** Since when the whole run waits for room; undefined = it does not. */
  #waitsSince: number | undefined;
  #lastWait = '';
  #lastWaitTold = Number.NEGATIVE_INFINITY;

  constructor(state: RunState, now: number) {
    this.#state = state;
    this.#lastProgress = now;
  }

  /** Lines for one event, most often none. */
  onEvent(event: RunEvent): string[] {
    const text = this.#text(event);
    return text === undefined ? [] : [`${formatTime(event.time)}  ${text}`];
  }

  /** To be asked every few seconds: why the whole run waits, and a line of counts, where these are due. */
  tick(now: number): string[] {
    const state = this.#state;
    if (state.startedAt === '' || state.outcome !== null) return [];
    return [...this.#waiting(now), ...this.#progress(now)].map(
      (text) => `${formatTime(new Date(now).toISOString())}  ${text}`,
    );
  }

  /** What keeps the whole run waiting: when it has for a while, and again where it has changed, once a minute at the most. */
  #waiting(now: number): string[] {
    const text = waitForRoom(this.#state);
    if (text === undefined) {
      this.#waitsSince = undefined;
      this.#lastWait = '';
      return [];
    }
    this.#waitsSince ??= now;
    if (now - this.#waitsSince < WAIT || now - this.#lastWaitTold < MINUTE || text === this.#lastWait)
      return [];
    this.#lastWaitTold = now;
    this.#lastWait = text;
    return [text];
  }

  /**
   * With many trials every ten seconds, after ten minutes every minute; with few every minute; where nothing has changed
   * every ten minutes, to show that combu lives.
   */
  #progress(now: number): string[] {
    const state = this.#state;
    const young = now - Date.parse(state.supervisedSince) < 10 * MINUTE;
    const waited = now - this.#lastProgress;
    if (waited < (young && !this.#small() ? 10 * SECOND : MINUTE)) return [];
    const counts = countStates(state, 'running', 'batch');
    const text = formatCounts(counts);
    if (text === this.#lastCounts && waited < 10 * MINUTE) return [];
    this.#lastProgress = now;
    this.#lastCounts = text;
    const left = estimateRemaining(state, now);
    const estimate = left === undefined || left === 0 ? '' : `; ${formatEstimate(left)} left`;
    const done = `${formatCount(counts.ended)} of ${formatCount(counts.total)} done`;
    return [`${done}: ${text}${estimate}`];
  }

  #small(): boolean {
    return this.#state.trials.size <= EACH_ONE;
  }

  #text(event: RunEvent): string | undefined {
    switch (event.type) {
      case 'run.started':
        return `${runTitle(this.#state)}: ${event.resumed ? `going on with ${formatGoingOn(this.#state, event.trials)}` : formatTotals(event.trials)}`;
      case 'image.pulling':
        return `pulling ${event.image}`;
      case 'image.ready':
        return event.pulled ? `pulled ${event.image}` : undefined;
      case 'attempt.started':
        return this.#started(event.trial);
      case 'attempt.healthy':
        return this.#small() ? `${event.trial} is healthy` : undefined;
      case 'attempt.stopping':
        return this.#small() ? `stopping ${event.trial}: ${event.why}` : undefined;
      case 'trial.retrying': {
        const why = this.#trial(event.trial)?.end;
        const text = `${event.trial} is tried again in ${formatAge(event.delay)}: ${event.why}`;
        return this.#limited(`retry ${why?.signature ?? ''}${failureSignature(event.why, '')}`, text);
      }
      case 'trial.ended':
        return this.#ended(event.trial);
      case 'trial.skipped':
        return this.#limited(
          `skipped ${event.cause.kind}`,
          `${event.trial} skipped: ${this.#trial(event.trial)?.cause ?? ''}`,
        );
      case 'admission.reserved':
        return event.trial === null
          ? undefined
          : `${event.trial} has waited long: what becomes free is kept for it`;
      case 'admission.disk':
      case 'run.warning':
      case 'engine.lost':
      case 'engine.back':
      case 'results.trouble':
      case 'run.stopping':
        return runNotice(event);
      case 'results.progress':
        return this.#resultsLeft(event.waiting);
      case 'run.capacity':
      case 'network.created':
      case 'network.removed':
      case 'volume.created':
      case 'attempt.intended':
      case 'attempt.created':
      case 'attempt.ended':
      case 'attempt.removed':
      case 'attempt.kept':
      case 'results.store':
      case 'run.ended':
        return undefined;
    }
  }

  /** Said only when nothing else is waited for. */
  #resultsLeft(files: number): string | undefined {
    const over = [...this.#state.trials.values()].every((trial) => isEnded(trial.state));
    if (!over || files === this.#lastLeft) return undefined;
    this.#lastLeft = files;
    return files > 0 ? `${plural(files, 'result')} to be stored` : undefined;
  }

  #trial(name: string): TrialStatus | undefined {
    return this.#state.trials.get(name);
  }

  #started(name: string): string | undefined {
    const trial = this.#trial(name);
    if (trial === undefined || !this.#small()) return undefined;
    const ports = portsText(trial.ports);
    const attempt = trial.attempt > 1 ? ` (attempt ${trial.attempt})` : '';
    return `${name} started${attempt}${ports === '' ? '' : `, ${ports}`}`;
  }

  #ended(name: string): string | undefined {
    const trial = this.#trial(name);
    if (trial === undefined) return undefined;
    const took = between(trial.startedAt, trial.finishedAt);
    const text = `${name} ${trial.state}${took === undefined ? '' : ` after ${formatAge(took)}`}`;
    if (FAILED_STATES.has(trial.state))
      return this.#limited(trial.end?.signature || trial.cause, `${text}: ${failureText(trial)}`);
    return this.#small() ? text : undefined;
  }

  /** The text, unless so many of its kind have been told that the counts say enough. */
  #limited(kind: string, text: string): string | undefined {
    const seen = (this.#seen.get(kind) ?? 0) + 1;
    this.#seen.set(kind, seen);
    if (this.#small() || seen < SAME_KIND) return text;
    return seen === SAME_KIND ? `${text} (more of this kind are only counted)` : undefined;
  }
}
