// One trial: learns from four fifths of the data, tests with the rest, and writes how often it was right.
// Started by `make simulation MODE= ID= UUID=`.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { classifiers } from './classifiers.js';
import { FOLDS, split } from './folds.js';

const { values } = parseArgs({
  options: { mode: { type: 'string' }, id: { type: 'string' }, uuid: { type: 'string', default: 'none' } },
});
const classify = classifiers[values.mode ?? ''];
const fold = Number(values.id);
if (classify === undefined || values.id === undefined || !(fold >= 0 && fold < FOLDS)) {
  console.error(
    `usage: make simulation MODE=${Object.keys(classifiers).join('|')} ID=0..${FOLDS - 1} [UUID=run]`,
  );
  process.exit(2);
}

const loader = process.env.LOADER ?? 'http://loader:8080';
const response = await fetch(`${loader}/samples`);
if (!response.ok) throw new Error(`${loader} answered ${response.status}`);
/** @type {import('./folds.js').Samples} */
const samples = await response.json();

const { training, test } = split(samples, fold);
const predicted = classify(training, test.features);
const correct = predicted.filter((label, index) => label === test.labels[index]).length;
const accuracy = correct / test.labels.length;
console.log(
  `run ${values.uuid}, mode ${values.mode}, fold ${fold}: ${correct} of ${test.labels.length} are right`,
);

// combu gives every trial a folder of its own for its results.
const results = process.env.COMBU_RESULTS ?? 'results';
await mkdir(results, { recursive: true });
await writeFile(join(results, 'accuracy.json'), `${JSON.stringify({ accuracy })}\n`);
