import type { StopReason } from '../../model/event.js';
import type { Clock } from '../../util/clock.js';
import type { CliContext } from '../context.js';

/** What has been asked of a run from outside so far; each step only tightens (see RunControl in exec/execute.ts). */
export class Stopping {
  #asked: { reason: StopReason; force: boolean } | undefined;
  readonly #listeners: ((reason: StopReason, force: boolean) => void)[] = [];
  #signal: number | undefined;

  /** A signal of this number came; the first one counts. */
  noteSignal(number: number): void {
    this.#signal ??= number;
  }

  get signal(): number | undefined {
    return this.#signal;
  }

  ask(reason: StopReason, force: boolean): void {
    const before = this.#asked;
    // Whoever kills a run removes its containers: that changes what is left to do, also where all was to end now.
    const kills = reason === 'killed' && before?.reason !== 'killed';
    // Else the first reason stays: a Ctrl-C after the deadline only makes it faster.
    this.#asked = {
      reason: kills ? reason : (before?.reason ?? reason),
      force: force || before?.force === true,
    };
    if (before !== undefined && !kills && before.force === this.#asked.force) return;
    for (const listener of this.#listeners) listener(this.#asked.reason, this.#asked.force);
  }

  get asked(): StopReason | undefined {
    return this.#asked?.reason;
  }

  /** Calls the listener now if it was already asked, else when it is. */
  onStop(listener: (reason: StopReason, force: boolean) => void): void {
    this.#listeners.push(listener);
    if (this.#asked !== undefined) listener(this.#asked.reason, this.#asked.force);
  }
}

/** The signals that end a run, and their numbers. */
export const END_SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const;

/** The exit code of what a signal ended. */
export function signalExit(signal: keyof typeof END_SIGNALS): number {
  return 128 + END_SIGNALS[signal];
}

/**
 * Ctrl-C and SIGTERM: once stops, twice kills, three times leaves at once (`left` resolves with the exit code).
 * SIGHUP: the terminal is gone, the run goes on. `close` ends it all.
 */
export function listenToSignals(
  context: Pick<CliContext, 'onSignal'>,
  stopping: Stopping,
  onHangup: () => void,
): { readonly left: Promise<number>; close(): void } {
  let times = 0;
  let leave: (code: number) => void;
  const left = new Promise<number>((resolve) => {
    leave = resolve;
  });
  const ends = (Object.keys(END_SIGNALS) as (keyof typeof END_SIGNALS)[]).map((signal) =>
    context.onSignal(signal, () => {
      times += 1;
      stopping.noteSignal(END_SIGNALS[signal]);
      if (times < 3) stopping.ask('interrupted', times === 2);
      else leave(signalExit(signal));
    }),
  );
  ends.push(context.onSignal('SIGHUP', onHangup));
  return { left, close: () => ends.forEach((end) => void end()) };
}

/** Asks the run to stop when its time is over; aborting `signal` ends the wait. */
export async function enforceDeadline(
  clock: Clock,
  milliseconds: number,
  stopping: Stopping,
  signal: AbortSignal,
): Promise<void> {
  await clock.sleep(milliseconds, signal);
  if (!signal.aborted) stopping.ask('deadline', false);
}
