import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BUSYBOX, workplace } from '../../rig/experiment.js';

describe('the object form', () => {
  const place = workplace();

  it('may be a function, import others, have a name, tags and a comment, and hold UUID anywhere but where it is data', async () => {
    place.write('lib/trials.libsonnet', `{ id: 'UUID', note: 'the UUID of a run', UUID: 'a field' }`);
    const run = await place.run(
      `
      local lib = import 'lib/trials.libsonnet';
      function(model, sizes) {
        name: 'forms',
        tags: { dataset: 'iris', model: model },
        defaults: { image: '${BUSYBOX}', resources: { cpus: 0 } },
        trials: [
          { name: 'form-%s-%d-%s' % [model, size, lib.id],
            cmd: ['printf', '%s;', lib.id, lib.note, lib['UUID'], std.extVar('UUID')] }
          for size in sizes
        ],
      }`,
      [
        '--tla-str',
        'model=tree',
        '--tla-code',
        'sizes=[1, 2]',
        '--ext-str',
        'UUID=outer',
        '-m',
        'a first try',
        '--tag',
        'seed=7',
      ],
    );
    const id = run.record.id;
    expect(id).toMatch(/^[a-z][a-z0-9]{11}$/);
    expect(run.record.ends()).toEqual({
      [`form-tree-1-${id}`]: 'succeeded',
      [`form-tree-2-${id}`]: 'succeeded',
    });
    expect(run.record.log(`form-tree-1-${id}`)).toBe(`${id};the UUID of a run;a field;outer;`);
    expect(run.record.one('run.started')).toMatchObject({
      run: id,
      name: 'forms',
      tags: { dataset: 'iris', model: 'tree', seed: '7' },
      comment: 'a first try',
    });
    const runs = await place.combu(['runs']);
    expect(runs.stdout).toContain(id);
    expect(runs.stdout).toContain('a first try');
  });

  it('comes from standard input too, and --uuid sets the id', async () => {
    const ended = await place.combu(['run', '-f', '-', '--uuid', 'abc123def456'], {
      stdin: `[{ name: 'form-' + 'UUID', image: '${BUSYBOX}', cmd: 'echo UUID' }]`,
    });
    const record = place.runs().find((each) => each.id === 'abc123def456');
    expect(ended.code, ended.stderr).toBe(0);
    expect(record?.ends()).toEqual({ 'form-abc123def456': 'succeeded' });
    // The literal is a longer string here, so it stays.
    expect(record?.log('form-abc123def456')).toBe('UUID\n');
  });

  it('parallelism bounds how many run at once, and each file is recorded as it evaluated', async () => {
    const run = await place.run(`{
      parallelism: 2,
      defaults: { image: '${BUSYBOX}', cmd: 'usleep 300000', resources: { cpus: 0 } },
      trials: [{ name: 'form-bounded-%d' % i } for i in std.range(1, 6)],
    }`);
    expect(run.record.mostHeld(() => 1)).toBe(2);
    const evaluated = JSON.parse(readFileSync(`${run.record.folder}/experiment.json`, 'utf8')) as {
      trials: { name: string }[];
    };
    expect(evaluated.trials.map((trial) => trial.name)).toEqual(
      [1, 2, 3, 4, 5, 6].map((i) => `form-bounded-${i}`),
    );
  });
});
