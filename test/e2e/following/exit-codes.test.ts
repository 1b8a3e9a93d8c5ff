import { afterAll, describe, expect, it } from 'vitest';
import { BUSYBOX, engine, workplace } from '../../rig/experiment.js';

const trial = (name: string, rest: string) =>
  `{ name: '${name}', image: '${BUSYBOX}', networks: ['none'], ${rest} }`;

describe('the exit code of run', () => {
  const place = workplace();

  it('0 when all is well, 1 when a trial did not succeed', async () => {
    const well = await place.run(`[${trial('exit-well', "cmd: 'true'")}]`);
    expect([well.code, well.record.one('run.ended')]).toMatchObject([
      0,
      { outcome: 'succeeded', exitCode: 0 },
    ]);
    const badly = await place.run(
      `{ keep: 'none', trials: [${trial('exit-well', "cmd: 'true'")}, ${trial('exit-badly', "cmd: 'false'")}] }`,
    );
    expect([badly.code, badly.record.one('run.ended')]).toMatchObject([
      1,
      { outcome: 'failed', exitCode: 1 },
    ]);
  });

  it('2 for wrong usage and for a faulty file', async () => {
    expect((await place.combu(['run', '--no-such-option'])).code).toBe(2);
    expect((await place.combu(['run', '-f', 'nowhere.jsonnet'])).code).toBe(2);
    place.write('faulty.jsonnet', '[{ name: ');
    expect((await place.combu(['run', '-f', 'faulty.jsonnet'])).code).toBe(2);
  });

  it('124 when the deadline passes: what runs is stopped, what waits is skipped', async () => {
    const began = Date.now();
    const run = await place.run(
      `{ keep: 'none', parallelism: 1, trials: [${trial('exit-long', "cmd: 'sleep 300'")}, ${trial('exit-waiting', "cmd: 'true'")}] }`,
      ['--deadline', '3s'],
    );
    expect(run.code).toBe(124);
    expect(Date.now() - began).toBeLessThan(30_000);
    expect(run.record.ends()).toEqual({ 'exit-long': 'killed', 'exit-waiting': 'skipped: deadline' });
    expect(run.record.one('run.ended').exitCode).toBe(124);
    expect(await place.containers()).toEqual([]);
  });

  it('3 when the engine is out of reach', async () => {
    place.write('fine.jsonnet', `[${trial('exit-well', "cmd: 'true'")}]`);
    const ended = await place.combu(['run', '-f', 'fine.jsonnet'], {
      env: { DOCKER_HOST: `unix://${place.path('no.sock')}` },
    });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('no.sock');
    expect(ended.stderr).not.toMatch(/^\s+at .*\.js:\d/m);
  });
});

describe('a run that is refused', () => {
  const place = workplace();
  const foreign = `combu-e2e-foreign-${process.pid}`;

  afterAll(() => engine.getContainer(foreign).remove({ force: true }));

  it('ends with 3, tells all reasons at once, and has started nothing', async () => {
    await engine.createContainer({ name: foreign, Image: BUSYBOX, Cmd: ['sleep', '300'] });
    place.write(
      'experiment.jsonnet',
      `{
        defaults: { image: '${BUSYBOX}', cmd: 'true' },
        trials: [
          { name: 'refused-well', networks: ['refused-net'] },
          { name: '${foreign}' },
          { name: 'refused-big', resources: { memory: '9000g' } },
          { name: 'refused-wide', resources: { cpus: 9000 } },
          { name: 'refused-image', image: 'combu-e2e/never-made:1', pull: 'never' },
          { name: 'refused-gpus', resources: { gpus: 99 } },
        ],
      }`,
    );
    const ended = await place.combu(['run']);
    expect(ended.code).toBe(3);
    for (const said of [foreign, 'refused-big', 'refused-wide', 'combu-e2e/never-made:1', 'refused-gpus']) {
      expect(ended.stderr).toContain(said);
    }
    expect(await place.containers()).toEqual([]);
    expect(await place.networks()).toEqual([]);
    expect((await engine.getContainer(foreign).inspect()).State.Status).toBe('created');
  });
});
