import { describe, expect, it } from 'vitest';
import { BUSYBOX, type FinishedRun, workplace } from '../../rig/experiment.js';

/** Ten trials, one at a time; those named fail, each with a number of its own in its last line. */
const experiment = (
  halt: string,
  failing: readonly number[],
  line = "'error %d at step %d' % [i, i * 17]",
) => `
local failing = ${JSON.stringify(failing)};
{
  keep: 'none',
  halt: ${halt},
  parallelism: 1,
  defaults: { image: '${BUSYBOX}', networks: ['none'], resources: { cpus: 0 } },
  trials: [
    { name: 'halt-%02d' % i,
      cmd: ['sh', '-c', if std.member(failing, i) then 'echo "%s"; exit 1' % (${line}) else 'true'] }
    for i in std.range(1, 10)
  ],
}`;

/** Numbers of the trials that started. */
function started(run: FinishedRun): number[] {
  return run.record.all('attempt.intended').map((event) => Number(event.trial.slice(-2)));
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('halt', () => {
  const place = workplace();

  it('failures: stops admitting after so many; the rest is skipped, and the exit code is 4', async () => {
    const run = await place.run(experiment('{ failures: 2 }', [2, 4, 6]));
    expect(started(run)).toEqual(upTo(4));
    expect(run.record.ends()).toMatchObject({
      'halt-04': 'failed',
      'halt-05': 'skipped: halted',
      'halt-10': 'skipped: halted',
    });
    expect(run.record.one('run.ended')).toMatchObject({ outcome: 'halted', exitCode: 4 });
    expect(run.code).toBe(4);
  });

  it('percent: of all batch trials, but not before the third failure', async () => {
    const run = await place.run(experiment('{ percent: 10 }', [1, 2, 5, 7]));
    expect(started(run)).toEqual(upTo(5));
    expect(run.code).toBe(4);
  });

  it('sameError: of one exit code and last line, digits aside', async () => {
    const run = await place.run(experiment('{ sameError: 2 }', [3, 6, 8]));
    expect(started(run)).toEqual(upTo(6));
    expect(run.code).toBe(4);
    const unlike = await place.run(experiment('{ sameError: 2 }', [3, 6], "'no part ' + std.char(96 + i)"));
    expect(started(unlike)).toEqual(upTo(10));
    expect(unlike.code).toBe(1);
  });

  it('never is the default', async () => {
    const run = await place.run(experiment("'never'", [1, 2, 3, 4]));
    expect(started(run)).toEqual(upTo(10));
    expect(run.code).toBe(1);
  });

  it('lets what runs end', async () => {
    const run = await place.run(`{
      halt: { failures: 1 },
      keep: 'none',
      parallelism: 2,
      defaults: { image: '${BUSYBOX}', networks: ['none'], resources: { cpus: 0 } },
      trials: [
        { name: 'halt-running', cmd: ['sh', '-c', 'sleep 3; echo done'] },
        { name: 'halt-failing', cmd: ['sh', '-c', 'sleep 1; exit 1'] },
        { name: 'halt-waiting', cmd: 'true' },
      ],
    }`);
    expect(run.record.ends()).toEqual({
      'halt-running': 'succeeded',
      'halt-failing': 'failed',
      'halt-waiting': 'skipped: halted',
    });
    expect(run.record.log('halt-running')).toBe('done\n');
    expect(run.code).toBe(4);
  });
});
