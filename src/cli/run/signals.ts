import type { StopReason } from '../../model/event.js';
import type { Clock } from '../../util/clock.js';
import type { CliContext } from '../context.js';

/** What has been asked of a run from outside so far; each step only tightens (see RunControl in exec/execute.ts). */
export class Stopping {
  #asked: { reason: StopReason; force: boolean } | undefined;
  readonly #listeners: ((reason: StopReason, force: boolean) => void)[] = [];

  ask(reason: StopReason, force: boolean): void {
    // The first reason stays: a Ctrl-C after the deadline only makes it faster.
    const before = this.#asked;
    this.#asked = { reason: before?.reason ?? reason, force: force || before?.force === true };
    if (before !== undefined && before.force === this.#asked.force) return;
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

/** Numbers of the signals that end a run, as exit codes count them. */
export const SIGNAL_EXIT = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Ctrl-C and SIGTERM: once stops, twice kills, three times leaves at once (`left` resolves with the exit code).
 * SIGHUP: the terminal is gone, the run goes on. Returns what the first signal means for the exit code, and what ends it all.
 */
export function listenToSignals(
  context: Pick<CliContext, 'onSignal'>,
  stopping: Stopping,
  onHangup: () => void,
): { readonly left: Promise<number>; code(): number | undefined; close(): void } {
  let times = 0;
  let first: number | undefined;
  let leave: (code: number) => void;
  const left = new Promise<number>((resolve) => {
    leave = resolve;
  });
  const ends = (Object.keys(SIGNAL_EXIT) as (keyof typeof SIGNAL_EXIT)[]).map((signal) =>
    context.onSignal(signal, () => {
      times += 1;
      first ??= SIGNAL_EXIT[signal];
      if (times < 3) stopping.ask('interrupted', times === 2);
      else leave(SIGNAL_EXIT[signal]);
    }),
  );
  ends.push(context.onSignal('SIGHUP', onHangup));
  return { left, code: () => first, close: () => ends.forEach((end) => void end()) };
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
