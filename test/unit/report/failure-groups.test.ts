import { describe, expect, it } from 'vitest';
import { failureGroups, groupText, latestFailureGroups } from '../../../src/report/failure-groups.js';
import { RunScript } from '../../rig/run-events.js';

function failing(): RunScript {
  const run = new RunScript().start(['a', 'b', 'c', 'd', 'e']);
  for (const name of ['a', 'b', 'c', 'd', 'e']) run.begin(name);
  run.at = 1;
  run.fail('b', 1, 'bad seed 7');
  run.at = 2;
  run.fail('a', 2, 'bad seed 12');
  run.at = 3;
  run.end('c', 3, { outcome: 'oom', cause: 'out of memory' });
  run.end('d', 3);
  run.end('e', 3, { outcome: 'killed', cause: 'killed' });
  return run;
}

describe('failure groups', () => {
  it('put the same failures together, the most frequent first, earliest trials first', () => {
    const groups = failureGroups(failing().state());
    expect(groups.map((group) => group.trials.map((trial) => trial.name))).toEqual([['b', 'a'], ['c']]);
  });

  it('contain neither successes nor what somebody killed', () => {
    const names = failureGroups(failing().state()).flatMap((group) =>
      group.trials.map((trial) => trial.name),
    );
    expect(names).not.toContain('d');
    expect(names).not.toContain('e');
  });

  it('mask numbers only where they differ', () => {
    expect(failureGroups(failing().state()).map(groupText)).toEqual([
      '2 trials: exit 1: bad seed #',
      'c: out of memory',
    ]);
    const same = new RunScript().start(['a', 'b']).begin('a').begin('b');
    same.fail('a', 0, 'port 8080 is taken').fail('b', 0, 'port 8080 is taken');
    expect(failureGroups(same.state()).map(groupText)).toEqual(['2 trials: exit 1: port 8080 is taken']);
  });

  it('can be had with the latest first', () => {
    expect(latestFailureGroups(failing().state()).map((group) => group.trials.at(-1)?.name)).toEqual([
      'c',
      'a',
    ]);
  });

  it('forget a failure that a later attempt mended', () => {
    const run = new RunScript().start(['a']).begin('a');
    run.end('a', 0, { outcome: 'failed', cause: 'exit 1' }, { final: false });
    run.add({ type: 'trial.retrying', trial: 'a', attempt: 1, delay: 0, why: 'exit 1' });
    run.begin('a', 2).end('a', 0, { attempt: 2 });
    expect(failureGroups(run.state())).toEqual([]);
  });
});
