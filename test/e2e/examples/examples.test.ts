import { execFile } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { engine, NODE, type Workplace, workplace } from '../../rig/experiment.js';
import { irisAccuracies } from '../../rig/iris.js';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));
const FOLDS = [0, 1, 2, 3, 4];

/** Runs a target of a project's own Makefile, with the combu under test. Fails the test when make fails. */
async function make(folder: string, ...args: string[]): Promise<string> {
  const words = [...args, `COMBU=${process.execPath} ${MAIN}`];
  const { stdout } = await promisify(execFile)('make', words, { cwd: folder });
  return stdout;
}

/** What `combu results table --json` tells of each trial. */
interface Row {
  readonly trial: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly values: Readonly<Record<string, unknown>>;
}

async function table(place: Workplace, file: string): Promise<readonly Row[]> {
  const { stdout } = await place.combu(['-f', file, 'results', 'table', '--json']);
  return (JSON.parse(stdout) as { readonly trials: readonly Row[] }).trials;
}

describe('examples/hello', () => {
  const place = workplace();

  it('greets three times, each with a result beside its params', async () => {
    const run = await place.run(readFileSync(`${EXAMPLES}hello/experiment.jsonnet`, 'utf8'));
    expect(run.code).toBe(0);
    expect(run.record.log('hello-Grace')).toBe('Hello, Grace\n');
    const rows = await table(place, 'experiment.jsonnet');
    expect(rows.map((row) => [row.params.who, row.values.length])).toEqual([
      ['Ada', 3],
      ['Grace', 5],
      ['Hedy', 4],
    ]);
  });
});

describe('examples/iris', () => {
  const place = workplace();

  it('finds the right accuracy of two algorithms over five folds, prints them, and leaves nothing behind', async () => {
    // A copy, so that what somebody has running of the example itself stays out of it.
    cpSync(`${EXAMPLES}iris`, place.path('iris'), {
      recursive: true,
      filter: (source) => basename(source) !== '.combu',
    });
    const expected = irisAccuracies();
    const printed = await make(place.path('iris'), 'run-experiment', `BASE=${NODE}`);

    const rows = await table(place, 'iris/docker/experiment.jsonnet');
    const found = rows.map(({ params, values }) => ({ ...params, accuracy: values.accuracy }));
    expect(found).toEqual([
      ...FOLDS.map((id) => ({ mode: 'a', id, accuracy: expected.a[id] })),
      ...FOLDS.map((id) => ({ mode: 'b', id, accuracy: expected.b[id] })),
    ]);
    expect(printed.split('\n').filter((line) => line.startsWith('solver-'))).toHaveLength(10);
    expect(await place.containers()).toEqual([]);
    expect(await place.networks()).toEqual([]);
  });
});

describe('combu init', () => {
  const place = workplace();

  it('makes a project that builds its image, runs its trials, and writes their results for its notebook', async () => {
    await place.combu(['init', 'estimate-pi']);
    try {
      await make(place.path('estimate-pi'), 'run-experiment', `BASE=${NODE}`);
    } finally {
      await engine.getImage('estimate-pi:1').remove({ force: true });
    }
    const rows = await table(place, 'estimate-pi/docker/experiment.jsonnet');
    expect(rows.map((row) => row.trial)).toEqual([
      ...FOLDS.map((id) => `estimate-pi-a-${id}`),
      ...FOLDS.map((id) => `estimate-pi-b-${id}`),
    ]);
    // The sum of the first 10,000 terms of 4 - 4/3 + 4/5 - ... is pi less 1/10,000.
    expect(rows.at(-2)?.values.pi).toBeCloseTo(Math.PI - 1e-4, 5);
    await promisify(execFile)(place.path('estimate-pi', 'scripts', 'results-to-csv.sh'), {
      env: { ...process.env, COMBU: `${process.execPath} ${MAIN}` },
    });
    const csv = readFileSync(place.path('estimate-pi', 'notebook', 'results.csv'), 'utf8');
    expect(csv.trimEnd().split('\n')).toHaveLength(11);
  });
});
