import { followRun } from '../../journal/follow-run.js';
import { readEvents } from '../../journal/read-run.js';
import { untilFree } from '../../journal/run-lock.js';
import type { RunFolder } from '../../journal/state-folder.js';
import type { RunEvent } from '../../model/event.js';
import { fold, newRunState } from '../../model/run-state.js';
import { runStanding } from '../../report/standing.js';
import { hasSequel } from '../run/sequel.js';
import type { SeenRun } from './run-choice.js';

/** Who is told of a run's events. */
export interface RunListener {
  /** Once, before all others: what happened until now. */
  past(events: readonly RunEvent[]): void;
  event(event: RunEvent): void;
}

/**
 * Tells a run's events, past and to come, until the run has ended (with what follows a sample by itself), its supervisor is
 * gone, or `signal` aborts; resolves with how it stands then (`running` only where it was aborted). `host`: the one that is looked on.
 */
export async function watchRun(
  run: RunFolder,
  { host, signal }: { readonly host: string; readonly signal: AbortSignal },
  listener: RunListener,
): Promise<SeenRun> {
  const past = await readEvents(run.folder);
  const state = past.reduce(fold, newRunState());
  listener.past(past);
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal.addEventListener('abort', abort, { once: true });
  // A past end is the run's only if it is the last event: a resumed run goes on in the same journal.
  const isOver = async () => state.outcome !== null && (state.sample === null || !(await hasSequel(run.id)));
  if (signal.aborted || (await isOver())) abort();
  let seen = 0;
  // Known once nobody holds the lock: then no further line comes.
  let last = Number.POSITIVE_INFINITY;
  const free = untilLeft(run, stop.signal).then(async (isFree) => {
    if (!isFree) return;
    last = (await readEvents(run.folder)).length;
    if (seen >= last) stop.abort();
  });
  try {
    for await (const event of followRun(run.folder, stop.signal)) {
      seen += 1;
      if (seen > past.length) {
        fold(state, event);
        listener.event(event);
      }
      if (seen >= last || (seen >= past.length && (await isOver()))) break;
    }
  } finally {
    stop.abort();
    signal.removeEventListener('abort', abort);
    await free;
  }
  return { run, state, standing: runStanding(state, signal.aborted, host) };
}

/** How soon it is looked again for a supervisor that is about to come (milliseconds). */
const POLL = 250;

/** Resolves when nobody supervises the run, nor is about to (true), or when `signal` aborts (false). */
async function untilLeft(run: RunFolder, signal: AbortSignal): Promise<boolean> {
  while (await untilFree(run, signal)) {
    if (!(await hasSequel(run.id))) return true;
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
  return false;
}
