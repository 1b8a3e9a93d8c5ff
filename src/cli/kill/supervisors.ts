import { type HolderReply, isHeld, tellHolder } from '../../journal/run-lock.js';
import type { RunFolder } from '../../journal/state-folder.js';
import type { Clock } from '../../util/clock.js';

/** A living supervisor that was told that its run is killed, or could not be. */
export interface Supervisor<R extends RunFolder> {
  readonly run: R;
  /** undefined = it does not answer. */
  readonly pid: number | undefined;
}

/** How often one that does not answer is told, and the pause between (milliseconds): it may be about to begin. */
const TRIES = 2;
const PAUSE = 300;

/** Tells every living supervisor that its run is killed. A command that only holds a run's record is none. */
export async function tellSupervisors<R extends RunFolder>(
  clock: Clock,
  runs: readonly R[],
): Promise<readonly Supervisor<R>[]> {
  const told = await Promise.all(
    runs.map(async (run) => {
      if (!(await isHeld(run))) return [];
      const reply = await tell(clock, run);
      return reply === 'gone' || reply?.doing !== undefined ? [] : [{ run, pid: reply?.pid }];
    }),
  );
  return told.flat();
}

async function tell(clock: Clock, run: RunFolder): Promise<HolderReply | 'gone' | undefined> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (tries > 0) await clock.sleep(PAUSE);
    const reply = await tellHolder(run, { type: 'kill' });
    if (reply !== undefined) return reply;
    if (!(await isHeld(run))) return 'gone';
  }
  return undefined;
}
