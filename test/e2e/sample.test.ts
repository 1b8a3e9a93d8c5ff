import { describe, expect, it } from 'vitest';
import { BUSYBOX, type RunRecord, workplace } from '../rig/experiment.js';
import { ON_A_TERMINAL } from '../rig/on-a-terminal.js';

const COUNT = 12;

/** A trial that prepares, and twelve that wait for it, of which those named fail; each leaves a file of 1 MiB. */
const experiment = (failing: readonly number[] = []) => `
local failing = ${JSON.stringify(failing)};
{
  keep: 'none',
  defaults: { image: '${BUSYBOX}', networks: ['none'], resources: { cpus: 0.5, memory: '64m' } },
  trials: [
    { name: 'sample-%02d' % i,
      cmd: ['sh', '-c', 'head -c 1048576 /dev/zero > $COMBU_RESULTS/out; sleep 0.3; exit %d'
            % (if std.member(failing, i) then 1 else 0)],
      depends: [{ name: 'sample-prepare', condition: 'completed' }] }
    for i in std.range(1, ${COUNT})
  ] + [{ name: 'sample-prepare', cmd: 'true' }],
}`;

/** Of thirteen batch trials the third, seventh and eleventh, which are the middles of three parts. */
const SAMPLE = ['sample-03', 'sample-07', 'sample-11'];

const attempts = (record: RunRecord) =>
  record
    .all('attempt.intended')
    .map(({ trial, attempt }) => `${trial}.${attempt}`)
    .sort();

const everyOne = ['prepare', ...Array.from({ length: COUNT }, (_, n) => String(n + 1).padStart(2, '0'))]
  .map((name) => `sample-${name}.1`)
  .sort();

describe('run --sample', () => {
  const place = workplace();

  it('without a terminal runs the sample and what it depends on, and leaves the rest to --resume', async () => {
    const run = await place.run(experiment(), ['--sample', '3', '--json']);
    expect(run.code).toBe(0);
    const begun = [...SAMPLE, 'sample-prepare'].map((name) => `${name}.1`);
    expect(attempts(run.record)).toEqual(begun);
    const { id } = run.record;
    const told = JSON.parse(run.stdout.trimEnd().split('\n').at(-1)!);
    expect(told).toMatchObject({
      schema: 'combu/forecast/v1',
      run: id,
      sampled: 3,
      succeeded: 3,
      left: 9,
      disk: { each: { mean: expect.any(Number) } },
    });
    expect(told.seconds.each.least).toBeGreaterThan(0.2);
    expect(told.seconds.all.expected).toBeGreaterThanOrEqual(told.seconds.each.mean);
    expect(told.disk.each.mean).toBeGreaterThanOrEqual(2 ** 20);
    expect(told.disk.all.expected).toBeCloseTo(9 * told.disk.each.mean, 0);
    expect(run.stderr).toContain('forecast for the 9 trials left, from 3 of 3 that were tried first:');
    expect(run.stderr).toContain(`The rest is left: combu run --resume ${id}`);

    const status = await place.combu(['status', '--run', id]);
    expect(status.stdout).toContain('a sample that leaves 9 trials for later');
    expect(status.stdout).toContain('forecast for the 9 trials left');
    const document = JSON.parse((await place.combu(['status', '--run', id, '--json'])).stdout);
    expect(document.forecast).toMatchObject({ left: 9, seconds: told.seconds });

    expect((await place.combu(['run', '--resume', id])).code).toBe(0);
    expect(attempts(run.record)).toEqual(everyOne);
    const after = JSON.parse((await place.combu(['status', '--run', id, '--json'])).stdout);
    expect(after).toMatchObject({ forecast: null, trials: { total: 13, ended: 13 } });
  });

  it('--yes goes on with the rest, in the same run', async () => {
    const run = await place.run(experiment(), ['--sample', '20%', '--yes']);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('forecast for the 9 trials left');
    expect(attempts(run.record)).toEqual(everyOne);
    expect(run.record.all('run.ended')).toHaveLength(2);
  });

  it('--yes does so in the background, and wait ends with the rest', async () => {
    place.write('experiment.jsonnet', experiment());
    const begun = await place.combu(['run', '-d', '--sample', '3', '--yes']);
    expect(begun.code, begun.stderr).toBe(0);
    const record = place.runs().find(({ id }) => id === begun.stdout.trim())!;
    const wait = await place.combu(['wait']);
    expect(wait.code).toBe(0);
    expect(wait.stderr).toContain(`Run ${record.id} succeeded; 13 trials: 13 succeeded`);
    expect(attempts(record)).toEqual(everyOne);
  });

  it('on a terminal asks', async () => {
    const asked = (answer: string) =>
      place.run(experiment([7]), ['--sample', '3'], {
        as: ON_A_TERMINAL,
        env: { TERM: 'xterm' },
        stdin: answer,
      });
    const left = await asked('n\n');
    expect(left.stdout).toContain('Go on with the 9 trials left (y), or leave them for later (n)? [n]');
    expect(left.stdout).toContain('Not counted: 1 trial of the sample that did not succeed.');
    expect(left.code).toBe(1);
    expect(attempts(left.record)).toHaveLength(4);
    const gone = await asked('y\n');
    expect(gone.code).toBe(1);
    // What failed is tried again with the rest.
    expect(attempts(gone.record)).toEqual([...everyOne, 'sample-07.2'].sort());
  });

  it('goes on with nothing where none of the sample succeeded, whatever was said', async () => {
    const run = await place.run(experiment([3, 7, 11]), ['--sample', '3', '--yes']);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain('None of the sample succeeded, so nothing more is started.');
    expect(attempts(run.record)).toHaveLength(4);
  });
});
