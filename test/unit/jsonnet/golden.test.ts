import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { evaluateSnippet, JsonnetError } from '../../../src/jsonnet/index.js';

/** Outcomes made by the reference implementation: scripts/jsonnet-goldens.py. */
const FOLDER = new URL('./golden/', import.meta.url);

function outcome(program: string): string | null {
  try {
    return evaluateSnippet('case.jsonnet', program).json();
  } catch (error) {
    if (error instanceof JsonnetError) return null;
    throw error;
  }
}

const themes = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.cases'))
  .map((name) => name.replace(/\.cases$/, ''));

describe.each(themes)('%s', (theme) => {
  const text = readFileSync(new URL(`${theme}.cases`, FOLDER), 'utf8').replace(/\n$/, '');
  const programs = text.split('\n---\n');
  const expected = JSON.parse(readFileSync(new URL(`${theme}.json`, FOLDER), 'utf8')) as (string | null)[];

  test('has an outcome for every program', () => expect(expected).toHaveLength(programs.length));

  test('is evaluated as the reference does', () => {
    const differing = programs.flatMap((program, i) => {
      const ours = outcome(program);
      return ours === expected[i] ? [] : [{ program, ours, reference: expected[i] }];
    });
    expect(differing).toEqual([]);
  });
});
