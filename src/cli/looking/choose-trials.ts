import { distance } from 'fastest-levenshtein';
import picomatch from 'picomatch';
import { Failure } from '../../model/failure.js';

/**
 * Names that the words mean, in the order of `names`: a word is a trial's name or a glob (`a-*`). No words: all names.
 * Throws a user's Failure for each word that means none.
 */
export function chooseTrials(words: readonly string[], names: readonly string[]): string[] {
  if (words.length === 0) return [...names];
  const known = new Set(names);
  const matchers = words.map((word) => {
    // A name may hold characters that globs give a meaning: the name itself comes first.
    const matches = known.has(word) ? (name: string) => name === word : picomatch(word, { dot: true });
    if (!names.some((name) => matches(name))) throw unknownTrial(word, names);
    return matches;
  });
  return names.filter((name) => matchers.some((matches) => matches(name)));
}

function unknownTrial(word: string, names: readonly string[]): Failure {
  const nearest = [...names].sort((a, b) => distance(a, word) - distance(b, word))[0];
  const near = nearest !== undefined && distance(nearest, word) <= Math.max(2, word.length / 3);
  return new Failure(`This run has no trial ${word}.`, {
    owner: 'user',
    fix: near ? `Did you mean ${nearest}?` : 'combu ps lists its trials.',
  });
}
