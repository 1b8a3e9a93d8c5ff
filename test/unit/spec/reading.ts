import { formatPath, type Problem } from '../../../src/model/problem.js';
import type { ReadExperiment } from '../../../src/spec/parse.js';
import { type ReadOptions, readExperiment } from '../../../src/spec/read-experiment.js';

export const RUN = 'abcdefghijkl';

/** Reads a text as a file in the folder /tmp, with an environment that holds only TOKEN_OF_MINE. */
export function read(text: string, options: Partial<ReadOptions> = {}, filename = 'experiment.jsonnet') {
  return readExperiment(
    { kind: 'text', filename, text },
    { run: RUN, environment: { TOKEN_OF_MINE: 's3cret' }, folder: '/tmp', home: '/root', ...options },
  );
}

/** What a text that is right yields. */
export function readRight(
  text: string,
  options: Partial<ReadOptions> = {},
  filename = 'experiment.jsonnet',
): ReadExperiment {
  const result = read(text, options, filename);
  if (!result.ok) throw new Error(result.error.map(line).join('\n'));
  return result.value;
}

/** The first trial of a bare array of one, made of these fields and a name and an image. */
export function trialOf(fields: string, options: Partial<ReadOptions> = {}) {
  return readRight(`[{ name: 'ab', image: 'busybox', ${fields} }]`, options).experiment.trials[0]!;
}

/** Every problem as one line: `3:9 trials[0].image: is empty -> fix`. */
export function problems(text: string, options: Partial<ReadOptions> = {}): string[] {
  const result = read(text, options);
  return result.ok ? [] : result.error.map(line);
}

function line({ place, path, message, fix }: Problem): string {
  const where = place === undefined ? '?' : `${place.line}:${place.column}`;
  return `${where} ${formatPath(path)}: ${message}${fix === undefined ? '' : ` -> ${fix}`}`;
}
