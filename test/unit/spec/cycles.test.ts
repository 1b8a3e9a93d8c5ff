import { describe, expect, it } from 'vitest';
import { findCycles } from '../../../src/spec/cycles.js';

/** `a:b,c` is a trial a that depends on b and c. */
const graph = (...trials: string[]) =>
  trials.map((trial) => {
    const [name, depends] = trial.split(':');
    return { name: name!, depends: (depends ?? '').split(',').map((one) => ({ trial: one })) };
  });

describe('findCycles', () => {
  it.each([
    [['a', 'b:a', 'c:a,b', 'd:nobody'], []],
    [['a:a', 'b:a'], []],
    [['a:b', 'b:a'], ['a b a']],
    [
      ['x:a', 'a:b', 'b:c', 'c:a,d', 'd:e', 'e:d'],
      ['a b c a', 'd e d'],
    ],
    [['a:b', 'b:c,a', 'c:a'], ['a b a']],
    [['a:b', 'b:c', 'c:d', 'd:b'], ['b c d b']],
  ])('in %j', (trials, cycles) => {
    expect(findCycles(graph(...trials)).map((cycle) => cycle.join(' '))).toEqual(cycles);
  });

  it('finds one through 10,000 trials', () => {
    const chain = Array.from({ length: 10_000 }, (_, n) => ({
      name: `t${n}`,
      depends: [{ trial: `t${(n + 1) % 10_000}` }],
    }));
    const [cycle, ...more] = findCycles(chain);
    expect(cycle).toHaveLength(10_001);
    expect(more).toEqual([]);
    expect(findCycles(chain.slice(1))).toEqual([]);
  });
});
