import { distance } from 'fastest-levenshtein';
import { Failure } from '../../model/failure.js';
import type { ResultObject, RunResults } from '../../results/run-results.js';
import { type CollectedRun, collectTrials } from './collect.js';

/**
 * The object that a user names as `TRIAL/FILE`, `TRIAL/ATTEMPT/FILE`, or, in a run of one trial, `FILE`, with FILE as
 * `results ls` shows it. Throws a user's Failure where there is none.
 */
export async function findObject(
  results: RunResults,
  key: string,
  options: Parameters<typeof collectTrials>[2],
): Promise<ResultObject> {
  const { trials, seen } = await collectTrials(results, [], options);
  const [first = '', ...rest] = key.split('/');
  const named = trials.find(({ trial }) => trial === first);
  const trial = named ?? (trials.length === 1 ? trials[0] : undefined);
  if (trial === undefined) throw unknown(key, seen, [...trials.map((one) => `${one.trial}/...`)]);
  const wanted = named === undefined ? key : rest.join('/');
  const objects = trial.attempt === undefined ? [] : await results.objects(trial.trial, trial.attempt);
  const found = objects.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const [attempt = '', ...inAttempt] = wanted.split('/');
  if (/^[1-9][0-9]{0,8}$/.test(attempt)) {
    const others = await results.objects(trial.trial, Number(attempt));
    const other = others.find(({ name }) => name === inAttempt.join('/'));
    if (other !== undefined) return other;
  }
  throw unknown(
    key,
    seen,
    objects.map(({ name }) => `${trial.trial}/${name}`),
  );
}

function unknown(key: string, seen: CollectedRun['seen'], names: readonly string[]): Failure {
  const nearest = [...names].sort((a, b) => distance(a, key) - distance(b, key))[0];
  const near = nearest !== undefined && distance(nearest, key) <= Math.max(2, key.length / 3);
  return new Failure(`Run ${seen.run.id} has saved nothing called ${key}.`, {
    owner: 'user',
    fix: near ? `Did you mean ${nearest}?` : 'Write TRIAL/FILE; combu results ls lists what is there.',
  });
}
