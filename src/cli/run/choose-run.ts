import { experimentId } from '../../journal/identity.js';
import { readEdges } from '../../journal/read-run.js';
import { isHeld } from '../../journal/run-lock.js';
import { listRunEdges, type RunEdges, type RunFolder, resolveRun } from '../../journal/state-folder.js';
import { Failure } from '../../model/failure.js';
import { ask } from '../ask.js';
import { callerOf } from '../caller.js';
import type { CliContext } from '../context.js';
import type { Decision, Standing } from './last-run.js';

/** A run of this experiment and how it stands. */
export interface KnownRun extends RunEdges {
  readonly standing: Standing;
}

/** All runs of the experiment, the oldest first. */
export async function knownRuns(stateDir: string, experiment: string): Promise<KnownRun[]> {
  const edges = await listRunEdges(stateDir, experiment);
  return Promise.all(edges.map(standingNow));
}

async function standingNow(run: RunEdges): Promise<KnownRun> {
  if (run.last?.type === 'run.ended') return { ...run, standing: 'ended' };
  if (await isHeld(run)) return { ...run, standing: 'alive' };
  // Its journal is read once more after its lock was free: it may have ended between the two looks.
  const now = { ...run, ...(await readEdges(run.folder)) };
  return { ...now, standing: now.last?.type === 'run.ended' ? 'ended' : 'interrupted' };
}

/** The run that `--resume` means. Throws a user's Failure where there is none. */
export async function runToResume(
  context: CliContext,
  wanted: string | true,
  known: {
    readonly stateDir: string;
    readonly file: string;
    readonly experiment: string;
    readonly runs: readonly KnownRun[];
  },
): Promise<KnownRun> {
  const { stateDir, file, experiment, runs } = known;
  const found = await resolveRun(stateDir, wanted === true ? 'latest' : wanted, experiment);
  if (!found.ok) {
    throw new Failure(`There is nothing to resume: ${found.error}.`, {
      owner: 'user',
      fix: 'combu runs lists the runs of this experiment; combu run starts a new one.',
    });
  }
  const here = runs.find((one) => one.id === found.value.id);
  const run = here ?? (await startedElsewhere(context, file, found.value));
  if (run === undefined) {
    throw new Failure(
      `Run ${found.value.id} is of another experiment file, so it can't be resumed with this one.`,
      {
        owner: 'user',
        fix: 'Name its own file with -f.',
      },
    );
  }
  return run;
}

/** The run, if it is of the same file, but was started on another host: an experiment's identity has the host in it. */
async function startedElsewhere(
  context: CliContext,
  file: string,
  run: RunFolder,
): Promise<KnownRun | undefined> {
  const edges = { ...run, ...(await readEdges(run.folder)) };
  if (edges.first === undefined) return undefined;
  const { experiment, host } = edges.first;
  return experiment === (await experimentId(file, host, callerOf(context).uid))
    ? standingNow(edges)
    : undefined;
}

/** Asks what to do about an interrupted run; undefined = nothing, the user wants to think first. */
export async function askAboutInterrupted(context: CliContext, run: string): Promise<Decision | undefined> {
  const resume: Decision = { kind: 'resume' };
  return ask<Decision>(
    context,
    `The last run of this experiment, ${run}, was interrupted.\n` +
      'Go on with it (r), kill what is left of it and start anew (n), or leave (q)?',
    { r: resume, y: resume, n: { kind: 'new', clear: 'everything' } },
    'r',
  );
}
