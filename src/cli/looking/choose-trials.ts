import { distance } from 'fastest-levenshtein';
import picomatch from 'picomatch';
import { Failure } from '../../model/failure.js';
import { leftOut, whyLeftOut } from './left-out.js';
import type { SeenRun } from './run-choice.js';

/**
 * Names that the words mean, in the order of `names`: a word is a trial's name or a glob (`a-*`). No words: all names.
 * Throws a user's Failure for each word that means none.
 */
export function chooseTrials(words: readonly string[], names: readonly string[]): string[] {
  if (words.length === 0) return [...names];
  const known = new Set(names);
  const matchers = words.map((word) => {
    const matches = matcher(word, known);
    if (!names.some(matches)) throw unknownTrial(word, names);
    return matches;
  });
  return names.filter((name) => matchers.some((matches) => matches(name)));
}

/** The same among the trials of a run. What its experiment has and the run has not taken up yet is told as that. */
export async function chooseRunTrials(
  words: readonly string[],
  seen: Pick<SeenRun, 'run' | 'state'>,
): Promise<string[]> {
  const names = [...seen.state.trials.keys()];
  const known: ReadonlySet<string> = new Set(names);
  const unknown = words.filter((word) => !names.some(matcher(word, known)));
  if (unknown.length > 0) {
    const left = await leftOut(seen);
    const later = unknown.find((word) => left.some(matcher(word, new Set(left))));
    if (later !== undefined) {
      throw new Failure(`${later} is not in run ${seen.run.id} yet: ${whyLeftOut(seen.state)}.`, {
        owner: 'user',
        fix: `Run the rest: combu run --resume ${seen.run.id}`,
      });
    }
  }
  return chooseTrials(words, names);
}

/** A name may hold characters that globs give a meaning: the name itself comes first. */
function matcher(word: string, known: ReadonlySet<string>): (name: string) => boolean {
  if (known.has(word)) return (name) => name === word;
  const matches = picomatch(word, { dot: true });
  // Alone: a second argument, such as the index that `some` hands on, would make it return an object.
  return (name) => matches(name);
}

function unknownTrial(word: string, names: readonly string[]): Failure {
  const nearest = [...names].sort((a, b) => distance(a, word) - distance(b, word))[0];
  const near = nearest !== undefined && distance(nearest, word) <= Math.max(2, word.length / 3);
  return new Failure(`This run has no trial ${word}.`, {
    owner: 'user',
    fix: near ? `Did you mean ${nearest}?` : 'combu ps lists its trials.',
  });
}
