import type { RunFolder } from '../journal/state-folder.js';
import { Failure } from '../model/failure.js';
import type { CliContext } from './context.js';
import { seeRun } from './looking/run-choice.js';

/** Of commands that write to the record of a run. */
export interface TakeOverFlags {
  /** The user knows that the run does not go on on the host that it was started on. */
  readonly takeOver?: true | undefined;
}

/**
 * Throws a refusal where the run has no end and was last supervised on another host: several machines may see one state
 * folder, but a run's lock holds on its own machine alone. Whoever is about to write to a run's record, or to remove what
 * is of it, asks here before it takes the lock. `flag`: what says that the run does not go on there.
 */
export async function refuseOtherHost(
  context: CliContext,
  run: RunFolder,
  { takeOver }: TakeOverFlags,
  flag = '--take-over',
): Promise<void> {
  if (takeOver === true) return;
  const { state, standing } = await seeRun(run, context.host);
  if (standing !== 'elsewhere') return;
  throw new Failure(
    `Run ${run.id} was started on ${state.host} and has no end in its journal: whether it goes on there can't be known on ${context.host}.`,
    {
      owner: 'refused',
      fix: `Do this on ${state.host}. If you know that nothing supervises it there any more, add ${flag}.`,
    },
  );
}
