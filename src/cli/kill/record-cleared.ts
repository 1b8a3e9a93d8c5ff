import { openFileJournal } from '../../journal/file-journal.js';
import { readRunState } from '../../journal/read-run.js';
import { holdRun } from '../../journal/run-lock.js';
import type { RunFolder } from '../../journal/state-folder.js';
import type { NewRunEvent } from '../../model/event.js';
import { isEnded, type RunState } from '../../model/run-state.js';
import type { CliContext } from '../context.js';
import { ownerOfRun } from '../run/record.js';

/** 128 + SIGKILL: what a run ends with that was killed; as its own supervisor records it. */
const KILLED = 137;

/**
 * Writes down that nothing of a run is on the engine any more: containers that were kept are gone, but for those of `left`,
 * and a run that nobody supervises has ended, so that it never seems to go on. false = it could not be written, for another
 * process holds the run's record.
 */
export async function recordCleared(
  context: CliContext,
  run: RunFolder,
  left: ReadonlySet<string> = new Set(),
): Promise<boolean> {
  const owner = await ownerOfRun(context, run.folder);
  const lock = await holdRun(run, { pid: context.pid, owner, doing: 'combu kill' }, () => {});
  if (lock === undefined) return false;
  try {
    const events = whatToWrite(await readRunState(run.folder), left);
    if (events.length === 0) return true;
    const journal = await openFileJournal(run.folder, { clock: context.clock, owner });
    try {
      for (const event of events) await journal.append(event, { sync: event.type === 'run.ended' });
    } finally {
      await journal.close();
    }
    return true;
  } finally {
    await lock.release();
  }
}

function whatToWrite(state: RunState, left: ReadonlySet<string>): readonly NewRunEvent[] {
  const events: NewRunEvent[] = [];
  for (const { name: trial, state: now, attempt, container, kept } of state.trials.values()) {
    if (kept && !(container !== null && left.has(container)))
      events.push({ type: 'attempt.removed', trial, attempt });
    if (isEnded(now)) continue;
    if (attempt === 0) events.push({ type: 'trial.skipped', trial, cause: { kind: 'killed' } });
    else events.push({ type: 'trial.ended', trial, state: 'killed', cause: 'killed' });
  }
  const { outcome, exitCode } = state;
  if (outcome === null) events.push({ type: 'run.ended', outcome: 'killed', exitCode: KILLED });
  // A journal's last line is its run's end, also when something was said after it.
  else if (events.length > 0) events.push({ type: 'run.ended', outcome, exitCode: exitCode ?? 0 });
  return events;
}
