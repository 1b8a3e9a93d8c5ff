import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, engine, type FinishedRun, makeImage, workplace } from '../../rig/experiment.js';

/** An image that knows what to run. */
const FOREVER = 'combu-e2e/forever:1';

describe('services', () => {
  const place = workplace();
  let run: FinishedRun;

  beforeAll(async () => {
    await makeImage(FOREVER, { changes: ['CMD ["sleep", "300"]'] });
    run = await place.run(`
      local forever = { cmd: 'sleep 300' };
      local quick = { cmd: ['true'] };
      {
        defaults: { image: '${BUSYBOX}', resources: { cpus: 0 } },
        trials: [
          forever { name: 'service-declared', service: true },
          forever { name: 'service-started' },
          forever { name: 'service-healthy', healthcheck: { test: 'true' } },
          forever { name: 'service-checked', healthcheck: { test: 'true' } },
          forever { name: 'service-ports', ports: [{ container: 8080 }] },
          { name: 'service-image', image: '${FOREVER}' },
          forever { name: 'service-unused', service: true },
          quick { name: 'batch-job' },
          quick { name: 'batch-with-ports', ports: [{ container: 8080 }] },

          quick { name: 'needs-all', depends: [
            'service-declared', { name: 'service-started', condition: 'started' },
            { name: 'service-healthy', condition: 'healthy' }, 'service-checked', 'service-ports', 'service-image', 'batch-job',
            { name: 'batch-with-ports', condition: 'completed' },
          ] },

          // service-late is needed only when the first job is over; jobs go on when it isn't needed any more.
          quick { name: 'early', cmd: 'sleep 1' },
          forever { name: 'service-base', service: true },
          forever { name: 'service-late', service: true, depends: ['service-base'] },
          quick { name: 'late', depends: [{ name: 'early', condition: 'completed' }, 'service-late'] },
          quick { name: 'last', cmd: 'sleep 2', depends: [{ name: 'late', condition: 'completed' }] },
        ],
      }`);
  });

  afterAll(() => engine.getImage(FOREVER).remove());

  const kinds = () =>
    Object.fromEntries(run.record.one('run.started').trials.map((trial) => [trial.name, trial.kind]));

  it('are declared, or inferred from how others name them and what they have', () => {
    expect(kinds()).toEqual({
      'service-declared': 'service',
      'service-started': 'service',
      'service-healthy': 'service',
      'service-checked': 'service',
      'service-ports': 'service',
      'service-image': 'service',
      'service-unused': 'service',
      'service-base': 'service',
      'service-late': 'service',
      'batch-job': 'batch',
      'batch-with-ports': 'batch',
      'needs-all': 'batch',
      early: 'batch',
      late: 'batch',
      last: 'batch',
    });
  });

  it('the head of the run says which trials became services', () => {
    const head = run.stdout + run.stderr;
    for (const [name, kind] of Object.entries(kinds())) {
      if (kind === 'service') expect(head).toContain(name);
    }
  });

  it('end as stopped, and the run is well', () => {
    const ends = run.record.ends();
    for (const [name, kind] of Object.entries(kinds())) {
      expect(ends[name], name).toBe(kind === 'service' ? 'stopped' : 'succeeded');
    }
    expect(run.code).toBe(0);
  });

  it('start with the first trial that needs them, through other services too', () => {
    const finished = Date.parse(run.record.one('attempt.ended', 'early').finishedAt ?? 'never');
    for (const service of ['service-base', 'service-late']) {
      const started = Date.parse(run.record.one('attempt.started', service).startedAt);
      expect(started, service).toBeGreaterThanOrEqual(finished);
    }
    expect(run.record.at('attempt.started', 'service-late')).toBeGreaterThan(
      run.record.at('attempt.started', 'service-base'),
    );
  });

  it('stop when nobody needs them any more, in reverse order', () => {
    const { record } = run;
    expect(record.at('attempt.stopping', 'service-late')).toBeGreaterThan(record.at('attempt.ended', 'late'));
    expect(record.at('attempt.ended', 'service-late')).toBeLessThan(record.at('attempt.ended', 'last'));
    expect(record.at('attempt.stopping', 'service-base')).toBeGreaterThan(
      record.at('attempt.ended', 'service-late'),
    );
    expect(record.at('attempt.stopping', 'service-declared')).toBeGreaterThan(
      record.at('attempt.ended', 'needs-all'),
    );
  });

  it('one that nobody names runs from the first moment to the last', () => {
    const { record } = run;
    expect(record.at('attempt.intended', 'service-unused')).toBeLessThan(record.at('attempt.ended', 'early'));
    expect(record.at('attempt.stopping', 'service-unused')).toBeGreaterThan(
      record.at('attempt.ended', 'last'),
    );
  });

  it('leave no container behind', async () => {
    expect(await place.containers()).toEqual([]);
  });
});

describe('a service that ends by itself', () => {
  const place = workplace();

  it('with 0 has succeeded; else it failed, what runs goes on, and the run ends with 1', async () => {
    place.write('gate/.keep', '');
    const run = await place.run(`{
      keep: 'none',
      defaults: { image: '${BUSYBOX}', resources: { cpus: 0 } },
      trials: [
        { name: 'leaves-well', service: true, cmd: ['true'] },
        { name: 'leaves-badly', service: true, volumes: [{ host: './gate', container: '/gate' }],
          cmd: ['sh', '-c', 'until [ -e /gate/open ]; do usleep 20000; done; exit 9'] },
        { name: 'comes-back', service: true, cmd: ['sh', '-c', '[ $COMBU_ATTEMPT = 2 ] && exec sleep 300; exit 1'], retries: 1 },
        { name: 'goes-on', depends: ['leaves-well', 'leaves-badly', 'comes-back'], volumes: [{ host: './gate', container: '/gate' }],
          cmd: ['sh', '-c', 'touch /gate/open; sleep 3'] },
        { name: 'waits-in-vain', depends: ['leaves-badly', { name: 'goes-on', condition: 'completed' }], cmd: ['true'] },
      ],
    }`);
    expect(run.record.ends()).toEqual({
      'leaves-well': 'succeeded',
      'leaves-badly': 'failed',
      'comes-back': 'stopped',
      'goes-on': 'succeeded',
      'waits-in-vain': 'skipped: dependency leaves-badly: failed',
    });
    expect(run.code).toBe(1);
  });
});

describe('a trial that others name as a service and as a job', () => {
  const place = workplace();

  it('is an error, with its place', async () => {
    place.write(
      'experiment.jsonnet',
      `[
        { name: 'torn', image: '${BUSYBOX}', cmd: ['true'] },
        { name: 'one', image: '${BUSYBOX}', depends: [{ name: 'torn', condition: 'started' }] },
        { name: 'two', image: '${BUSYBOX}', depends: [{ name: 'torn', condition: 'completed' }] },
      ]`,
    );
    const ended = await place.combu(['run']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/experiment\.jsonnet:\d+:\d+: /);
    expect(ended.stderr).toContain('torn');
    expect(place.runs()).toEqual([]);
  });
});
