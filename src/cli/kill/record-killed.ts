import { openFileJournal } from '../../journal/file-journal.js';
import { readRunState } from '../../journal/read-run.js';
import { holdRun } from '../../journal/run-lock.js';
import type { RunFolder } from '../../journal/state-folder.js';
import { isEnded } from '../../model/run-state.js';
import type { CliContext } from '../context.js';
import { ownerOf } from '../run/record.js';

/** 128 + SIGKILL: what a run ends with that was killed; as its own supervisor records it. */
const KILLED = 137;

/**
 * Writes the end of a run that nobody supervises any more, so that it never seems to go on. Does nothing where a
 * supervisor lives, or where the end is there already.
 */
export async function recordKilled(context: CliContext, run: RunFolder): Promise<void> {
  const owner = ownerOf(context);
  const lock = await holdRun(run, { pid: context.pid, owner }, () => {});
  if (lock === undefined) return;
  try {
    const state = await readRunState(run.folder);
    if (state.outcome !== null) return;
    const journal = await openFileJournal(run.folder, { clock: context.clock, owner });
    try {
      for (const { name, state: now, attempt } of state.trials.values()) {
        if (isEnded(now)) continue;
        if (attempt === 0)
          await journal.append({ type: 'trial.skipped', trial: name, cause: { kind: 'killed' } });
        else await journal.append({ type: 'trial.ended', trial: name, state: 'killed', cause: 'killed' });
      }
      await journal.append({ type: 'run.ended', outcome: 'killed', exitCode: KILLED }, { sync: true });
    } finally {
      await journal.close();
    }
  } finally {
    await lock.release();
  }
}
