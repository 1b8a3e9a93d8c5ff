import { experimentId } from '../../journal/identity.js';
import { readRunState } from '../../journal/read-run.js';
import { isHeld } from '../../journal/run-lock.js';
import { listRuns, type RunFolder, resolveRun } from '../../journal/state-folder.js';
import { Failure } from '../../model/failure.js';
import type { RunState } from '../../model/run-state.js';
import { type RunStanding, runStanding } from '../../report/standing.js';
import { callerOf } from '../caller.js';
import type { CliContext } from '../context.js';
import type { ExperimentFlags } from '../flags.js';
import { experimentFile, stateFolder } from '../state.js';

/** Which run a command looks at. */
export interface RunChoice extends ExperimentFlags {
  /** An id, the beginning of one, or `latest` (the default): of this experiment. */
  readonly run?: string;
}

/** A run as its journal and its lock tell; the engine is not asked. */
export interface SeenRun {
  readonly run: RunFolder;
  readonly state: RunState;
  readonly standing: RunStanding;
}

/**
 * The run that the flags mean. `latest` is the latest of the experiment file; where there is no file to tell whose
 * (standard input, or it is gone and was not named), the latest of the state folder.
 * Throws a user's Failure where there is no such run.
 */
export async function chooseRun(context: CliContext, flags: RunChoice): Promise<RunFolder> {
  const stateDir = await stateFolder(context, flags);
  const found = await resolveRun(stateDir, flags.run ?? 'latest', await experimentOf(context, flags));
  if (found.ok) return found.value;
  const others = (await listRuns(stateDir)).length > 0;
  throw new Failure(`${found.error[0]!.toUpperCase()}${found.error.slice(1)}.`, {
    owner: 'user',
    fix: others
      ? 'combu runs lists the runs that are there.'
      : 'Start one with combu run, or name its experiment file: combu -f FILE ...',
  });
}

/** The run's state now, as it can be seen on this host. */
export async function seeRun(run: RunFolder, host: string): Promise<SeenRun> {
  // First the lock, then the journal: see runStanding.
  const held = await isHeld(run);
  const state = await readRunState(run.folder);
  return { run, state, standing: runStanding(state, held, host) };
}

async function experimentOf(context: CliContext, flags: RunChoice): Promise<string | undefined> {
  if (flags.file === '-') return undefined;
  try {
    return await experimentId(await experimentFile(context, flags), context.host, callerOf(context).uid);
  } catch (error) {
    // No file is there and none was named: the state folder alone tells.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
