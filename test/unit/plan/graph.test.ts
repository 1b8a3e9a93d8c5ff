import { describe, expect, it } from 'vitest';
import { planText } from './planning.js';

describe('groups', () => {
  it('are the levels of the dependencies, in the order of the file', () => {
    const { groups } = planText(`[
      { name: 'last', image: 'x', cmd: 'x', depends: ['mid', 'other'] },
      { name: 'mid', image: 'x', cmd: 'x', depends: ['first'] },
      { name: 'other', image: 'x', cmd: 'x' },
      { name: 'first', image: 'x', cmd: 'x' },
      { name: 'end', image: 'x', cmd: 'x', depends: ['last'] }]`);
    expect(groups).toEqual([['other', 'first'], ['mid'], ['last'], ['end']]);
  });
});

describe('the services that a trial needs', () => {
  it('are those that it depends on, directly or through other services, never through a batch trial', () => {
    const { trials } = planText(`[
      { name: 'db', image: 'x', service: true },
      { name: 'cache', image: 'x', service: true, depends: ['db'] },
      { name: 'web', image: 'x', service: true, depends: ['cache', 'db'] },
      { name: 'job', image: 'x', cmd: 'x', depends: ['web'] },
      { name: 'after', image: 'x', cmd: 'x', depends: [{ name: 'job', condition: 'completed' }] }]`);
    expect(Object.fromEntries(trials.map(({ trial, needs }) => [trial.name, needs]))).toEqual({
      db: [],
      cache: ['db'],
      web: ['db', 'cache'],
      job: ['db', 'cache', 'web'],
      after: [],
    });
  });
});

describe('a plan of 10,000 trials', () => {
  it('is made in seconds, also along one chain', () => {
    const start = performance.now();
    const wide = planText(`[{ name: 'db', image: 'x' }] + [
      { name: 't-%d' % i, image: 'y', cmd: 'x %d' % i, params: { i: i }, depends: ['db'] } for i in std.range(1, 10000)]`);
    const deep = planText(`[{ name: 't-%d' % i, image: 'y', cmd: 'x',
      depends: if i == 1 then [] else [{ name: 't-%d' % (i - 1), condition: 'completed' }] } for i in std.range(1, 10000)]`);
    // About a second on two cores; the bound only tells a quadratic step.
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(wide.trials).toHaveLength(10_001);
    expect(new Set(wide.trials.map(({ fingerprint }) => fingerprint)).size).toBe(10_001);
    expect(deep.groups).toHaveLength(10_000);
  });
});
