import { readFile } from 'node:fs/promises';
import { runPaths } from '../../journal/run-paths.js';
import type { JsonValue } from '../../model/json.js';
import type { RunState } from '../../model/run-state.js';
import { isCode } from '../../util/errno.js';
import type { SeenRun } from './run-choice.js';

/** Trials of the experiment, as it was when the run was last begun or gone on with, that the run has not taken up yet. */
export async function leftOut({ run, state }: Pick<SeenRun, 'run' | 'state'>): Promise<string[]> {
  const text = await readFile(runPaths.experiment(run.folder), 'utf8').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return '[]';
    throw error;
  });
  return namesIn(JSON.parse(text) as Recorded).filter((name) => !state.trials.has(name));
}

type Recorded = readonly JsonValue[] | { readonly trials?: readonly JsonValue[] };

function namesIn(experiment: Recorded): string[] {
  const trials = 'trials' in experiment ? (experiment.trials ?? []) : (experiment as readonly JsonValue[]);
  return trials.flatMap((trial) => {
    const name = typeof trial === 'object' && trial !== null && 'name' in trial ? trial.name : undefined;
    return typeof name === 'string' ? [name] : [];
  });
}

/** Why it has not: one phrase. */
export function whyLeftOut({ sample }: Pick<RunState, 'sample'>): string {
  return sample === null
    ? 'the run was last resumed without it: --only named others'
    : 'the sample that the run begins with leaves it for later';
}
