import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, engine, type FinishedRun, makeImage, workplace } from '../../rig/experiment.js';

/** An image that knows how its containers are asked for their health. */
const WATCHED = 'combu-e2e/watched:1';

describe('depends', () => {
  const place = workplace();
  let run: FinishedRun;

  beforeAll(async () => {
    await makeImage(WATCHED, { changes: ['HEALTHCHECK --interval=1s CMD test -e /tmp/ready'] });
    place.write('gate/.keep', '');
    // Some end, or become healthy, only when another has started: so the order is no matter of speed.
    run = await place.run(`
      local gate = { volumes: [{ host: './gate', container: '/gate' }] };
      local quick = { cmd: ['true'] };
      local serve(delay) = { cmd: ['sh', '-c', 'sleep %s; touch /tmp/ready; sleep 300' % delay] };
      {
        defaults: { image: '${BUSYBOX}', resources: { cpus: 0 } },
        trials: [
          gate { name: 'depends-job', cmd: ['sh', '-c', 'until [ -e /gate/job ]; do usleep 20000; done'] },
          quick { name: 'after-completed', depends: [{ name: 'depends-job', condition: 'completed' }] },
          gate { name: 'after-batch', depends: ['depends-job'], cmd: ['touch', '/gate/job'] },

          gate { name: 'depends-checked', cmd: 'sleep 300', healthcheck: { test: 'test -e /gate/ready' } },
          quick { name: 'after-checked', depends: ['depends-checked'] },
          quick { name: 'after-healthy', depends: [{ name: 'depends-checked', condition: 'healthy' }] },
          gate { name: 'after-started', depends: [{ name: 'depends-checked', condition: 'started' }], cmd: ['touch', '/gate/ready'] },

          serve(2) { name: 'depends-watched', image: '${WATCHED}' },
          quick { name: 'after-watched', depends: ['depends-watched'] },

          serve(0) { name: 'depends-exec', healthcheck: { test: ['test', '-e', '/tmp/ready'] } },
          quick { name: 'after-exec', depends: ['depends-exec'] },

          { name: 'depends-failing', cmd: ['sh', '-c', 'exit 3'] },
          quick { name: 'skipped-direct', depends: [{ name: 'depends-failing', condition: 'completed' }] },
          quick { name: 'skipped-behind', depends: [{ name: 'skipped-direct', condition: 'completed' }] },

          { name: 'depends-sick', cmd: 'sleep 300', healthcheck: { test: 'exit 1', interval: '1s', retries: 2 } },
          quick { name: 'skipped-sick', depends: ['depends-sick'] },

          quick { name: 'level-1' },
          quick { name: 'level-2', depends: ['level-1'] },
          quick { name: 'level-3', depends: ['level-2'] },
          quick { name: 'level-4', depends: ['level-3', { name: 'level-1', condition: 'completed' }] },
        ],
      }`);
  });

  afterAll(() => engine.getImage(WATCHED).remove());

  const startedAt = (trial: string) => Date.parse(run.record.one('attempt.started', trial).startedAt);
  const finishedAt = (trial: string) =>
    Date.parse(run.record.one('attempt.ended', trial).finishedAt ?? 'never');
  const started = (trial: string) => run.record.at('attempt.started', trial);

  it('completed waits for the end', () => {
    expect(startedAt('after-completed')).toBeGreaterThanOrEqual(finishedAt('depends-job'));
  });

  it('a bare name of a trial without a healthcheck waits for its start only', () => {
    expect(started('after-batch')).toBeGreaterThan(run.record.at('attempt.started', 'depends-job'));
    expect(run.record.ends()).toMatchObject({ 'depends-job': 'succeeded', 'after-batch': 'succeeded' });
  });

  it('healthy waits for the healthcheck, and so does a bare name where there is one', () => {
    for (const trial of ['after-healthy', 'after-checked']) {
      expect(started(trial)).toBeGreaterThan(run.record.at('attempt.healthy', 'depends-checked'));
    }
    expect(started('after-watched')).toBeGreaterThan(run.record.at('attempt.healthy', 'depends-watched'));
    expect(startedAt('after-watched') - startedAt('depends-watched')).toBeGreaterThanOrEqual(2000);
    expect(started('after-exec')).toBeGreaterThan(run.record.at('attempt.healthy', 'depends-exec'));
  });

  it('started waits for the start only, also where there is a healthcheck', () => {
    expect(started('after-started')).toBeGreaterThan(run.record.at('attempt.started', 'depends-checked'));
    expect(run.record.ends()['after-started']).toBe('succeeded');
  });

  it('who waits for a failed one is skipped, and so is who waits for the skipped one', () => {
    expect(run.record.ends()).toMatchObject({
      'depends-failing': 'failed',
      'skipped-direct': 'skipped: dependency depends-failing: failed',
      'skipped-behind': 'skipped: dependency skipped-direct: skipped',
    });
    expect(run.record.all('attempt.intended', 'skipped-direct')).toEqual([]);
    expect(run.code).toBe(1);
  });

  it('one that is unhealthy before it was ever healthy has failed', () => {
    expect(run.record.ends()).toMatchObject({
      'depends-sick': 'failed',
      'skipped-sick': 'skipped: dependency depends-sick: failed',
    });
    expect(run.record.one('trial.ended', 'depends-sick').cause).toContain('unhealthy');
  });

  it('goes over four levels', () => {
    for (const level of [2, 3, 4]) {
      expect(started(`level-${level}`)).toBeGreaterThan(
        run.record.at('attempt.started', `level-${level - 1}`),
      );
    }
    expect(run.record.ends()).toMatchObject({ 'level-1': 'succeeded', 'level-4': 'succeeded' });
  });

  it('only those that failed are kept', async () => {
    const left = (await place.containers()).map((each) => each.Name).sort();
    expect(left).toEqual(['/depends-failing', '/depends-sick']);
  });
});
