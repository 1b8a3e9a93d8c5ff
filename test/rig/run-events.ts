import type { AttemptEnd, NewRunEvent, RunEvent } from '../../src/model/event.js';
import { NO_REQUEST } from '../../src/model/resources.js';
import { fold, newRunState, type RunState } from '../../src/model/run-state.js';
import type { Sample } from '../../src/model/sample.js';
import { failureSignature } from '../../src/model/signature.js';

type TrialLine = Extract<NewRunEvent, { type: 'run.started' }>['trials'][number];

/** A run's events as a journal would hold them, made by hand: for tests of whatever folds or shows them. */
export class RunScript {
  readonly events: RunEvent[] = [];
  /** Seconds since the start; every event gets the time at which it is added. */
  at = 0;
  readonly run: string;
  readonly #start: number;

  /** `start`: local time, so that displays of local time are the same everywhere. */
  constructor(start = new Date(2026, 10, 21, 14, 0, 0).getTime(), run = 'k3jq8x0mz2ab') {
    this.#start = start;
    this.run = run;
  }

  /** Milliseconds since the epoch, `seconds` after the start. */
  time(seconds = this.at): number {
    return this.#start + Math.round(seconds * 1000);
  }

  iso(seconds = this.at): string {
    return new Date(this.time(seconds)).toISOString();
  }

  add(event: NewRunEvent): this {
    this.events.push({ ...event, v: 1, time: this.iso() } as RunEvent);
    return this;
  }

  start(trials: readonly (string | Partial<TrialLine>)[], resumed = false, sample?: Sample): this {
    return this.add({
      type: 'run.started',
      run: this.run,
      experiment: 'e'.repeat(12),
      name: 'iris',
      file: '/home/ada/iris/docker/experiment.jsonnet',
      host: 'lab',
      version: '0.1.0',
      comment: undefined,
      tags: {},
      resumed,
      trials: trials.map((trial) => ({
        name: typeof trial === 'string' ? trial : trial.name!,
        kind: 'batch',
        depends: [],
        ...(typeof trial === 'string' ? {} : trial),
      })),
      ...(sample === undefined ? {} : { sample }),
    });
  }

  /** Intended, created and started at the present moment. */
  begin(trial: string, attempt = 1, ports: Readonly<Record<string, string>> = {}): this {
    this.add({
      type: 'attempt.intended',
      trial,
      attempt,
      fingerprint: 'f',
      request: NO_REQUEST,
      devices: [],
    });
    this.add({ type: 'attempt.created', trial, attempt, container: `container-of-${trial}` });
    return this.add({ type: 'attempt.started', trial, attempt, startedAt: this.iso(), ports });
  }

  /** Ends what `begin` began `seconds` ago, for good unless `more` says that another attempt follows. */
  end(
    trial: string,
    seconds: number,
    end: Partial<AttemptEnd> & { attempt?: number } = {},
    { final } = { final: true },
  ): this {
    const { attempt = 1, ...rest } = end;
    const outcome = rest.outcome ?? 'succeeded';
    const cause = rest.cause ?? '';
    const lastLine = rest.lastLine ?? '';
    this.add({
      type: 'attempt.ended',
      trial,
      attempt,
      outcome,
      cause,
      exitCode: outcome === 'succeeded' ? 0 : 1,
      startedAt: this.iso(this.at - seconds),
      finishedAt: this.iso(),
      peaks: { memory: null, cpuSeconds: null },
      lastLine,
      signature: outcome === 'succeeded' ? '' : failureSignature(cause, lastLine),
      log: { bytes: 0, cut: null },
      note: undefined,
      ...rest,
    });
    return final ? this.add({ type: 'trial.ended', trial, state: outcome, cause }) : this;
  }

  fail(trial: string, seconds: number, lastLine: string, cause = 'exit 1'): this {
    return this.end(trial, seconds, { outcome: 'failed', cause, lastLine });
  }

  /** The state that all events so far fold to. */
  state(): RunState {
    return this.events.reduce(fold, newRunState());
  }
}
