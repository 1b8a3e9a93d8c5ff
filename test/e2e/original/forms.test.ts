import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, engine, type FinishedRun, makeImage, NODE, workplace } from '../../rig/experiment.js';

/** An image with make and a Makefile, whose own command serves for ever: what the original's users had. */
const LAB = 'combu-e2e/lab:1';

const MAKEFILE = [
  'serve:',
  '\\t@httpd -f -p 8080 -h /data',
  'simulation:',
  '\\t@until wget -q -O - http://loader:8080/numbers; do usleep 50000; done',
  '\\t@echo "simulated id=$(ID) mode=$(MODE) uuid=$(UUID)"',
].join('\\n');

describe('an experiment as the original documents it', () => {
  const place = workplace();
  let run: FinishedRun;

  beforeAll(async () => {
    await makeImage(LAB, {
      from: NODE,
      script: `mkdir /data /lab && echo 1 2 3 > /data/numbers && printf '${MAKEFILE}\\n' > /lab/Makefile`,
      changes: ['WORKDIR /lab', 'CMD ["make", "serve"]'],
    });
    place.write(
      'docker/experiment.jsonnet',
      `
      local uuid = "UUID";
      local image = "${LAB}";
      [
        {
          name: "loader",
          image: image,
          networks: ["simulation"],
        },
      ] + [
        {
          name: "solver-%s-%d-%s" % [mode, id, uuid],
          image: image,
          cmd: "make simulation ID=%d MODE=%s UUID=%s" % [id, mode, uuid],
          networks: ["simulation"],
          depends: ["loader"],
        }
        for id in [1, 2, 3, 4, 5]
        for mode in ["a", "b"]
      ]`,
    );
    const ended = await place.combu([
      '-f',
      'docker/experiment.jsonnet',
      'run',
      '--state',
      place.path('.combu'),
    ]);
    run = { ...ended, record: place.runs()[0]! };
  });

  afterAll(() => engine.getImage(LAB).remove());

  it('runs to its end: the ten solvers succeed, the loader stops after them', () => {
    expect(run.code, run.stderr).toBe(0);
    const ends = run.record.ends();
    expect(Object.keys(ends)).toHaveLength(11);
    expect(ends.loader).toBe('stopped');
    for (const mode of ['a', 'b']) {
      for (const id of [1, 2, 3, 4, 5]) {
        const name = `solver-${mode}-${id}-${run.record.id}`;
        expect(ends[name]).toBe('succeeded');
        expect(run.record.log(name)).toContain('1 2 3\n');
        expect(run.record.log(name)).toContain(`simulated id=${id} mode=${mode} uuid=${run.record.id}\n`);
      }
    }
  });

  it('leaves nothing', async () => {
    expect(await place.containers()).toEqual([]);
    expect(await place.networks()).toEqual([]);
  });
});

describe('the forms of the original', () => {
  const place = workplace();

  it('ports as strings with protocols, no networks, volumes of both kinds, -p false: one at a time', async () => {
    place.write('data/in.txt', 'in\n');
    const run = await place.run(
      `[{ name: 'form-first', image: '${BUSYBOX}', cmd: 'echo first' }] + [
        { name: 'form-ports-%d' % id, image: '${BUSYBOX}', ports: [{ host: '%d/tcp' % (22200 + id), container: '22/tcp' }],
          volumes: [{ host: './data', container: '/data' }], cmd: 'cat /data/in.txt' }
        for id in [1, 2, 3]
      ] + [{ name: 'form-after', image: '${BUSYBOX}', cmd: 'echo after', depends: ['form-first'] }]`,
      ['-p', 'false'],
    );
    expect(run.code, run.stderr).toBe(0);
    expect(run.record.mostHeld(() => 1)).toBe(1);
    expect(run.record.all('attempt.started').map((event) => event.trial)).toEqual([
      'form-first',
      'form-ports-1',
      'form-ports-2',
      'form-ports-3',
      'form-after',
    ]);
  });

  it('both orders of the words work, and -p true is the default', async () => {
    place.write('forms.jsonnet', `[{ name: 'form-order', image: '${BUSYBOX}', cmd: 'true' }]`);
    expect((await place.combu(['-f', 'forms.jsonnet', 'run', '-p', 'true'])).code).toBe(0);
    expect((await place.combu(['run', '-f', 'forms.jsonnet'])).code).toBe(0);
    expect((await place.combu(['-f', 'forms.jsonnet', 'kill'])).code).toBe(0);
  });
});

describe('the shapes that its users wrote', () => {
  const place = workplace();

  it('trials with cmd that depend by bare name on trials with cmd: both run to their ends, both count', async () => {
    const run = await place.run(`
      local base = { image: '${BUSYBOX}', resources: { cpus: 0 } };
      [
        base { name: 'shape-prepare', cmd: 'sleep 2' },
        base { name: 'shape-train', cmd: ['true'], depends: ['shape-prepare'] },
        base { name: 'shape-broken', cmd: ['sh', '-c', 'sleep 1; exit 5'] },
        base { name: 'shape-use', cmd: ['true'], depends: ['shape-broken'] },
      ]`);
    expect(run.record.one('run.started').trials.map((trial) => trial.kind)).toEqual(Array(4).fill('batch'));
    expect(run.record.ends()).toEqual({
      'shape-prepare': 'succeeded',
      'shape-train': 'succeeded',
      'shape-broken': 'failed',
      'shape-use': 'succeeded',
    });
    expect(run.code).toBe(1);
  });

  it('pairs whose names hold the UUID, with servers that have ports', async () => {
    const run = await place.run(`
      local uuid = 'UUID';
      std.flattenArrays([[
        { name: 'server-%s-%d' % [uuid, n], image: '${BUSYBOX}', networks: ['pairs-' + uuid], ports: [{ host: 0, container: 8080 }],
          cmd: ['sh', '-c', 'echo served %d > /index.html; exec httpd -f -p 8080' % n] },
        { name: 'solver-%s-%d' % [uuid, n], image: '${BUSYBOX}', networks: ['pairs-' + uuid], depends: ['server-%s-%d' % [uuid, n]],
          cmd: ['sh', '-c', 'until wget -q -O - http://server-%s-%d:8080; do usleep 50000; done' % [uuid, n]] },
      ] for n in [1, 2, 3]])`);
    const id = run.record.id;
    expect(run.code, run.stderr).toBe(0);
    for (const n of [1, 2, 3]) {
      expect(run.record.log(`solver-${id}-${n}`)).toContain(`served ${n}\n`);
      expect(run.record.ends()[`server-${id}-${n}`]).toBe('stopped');
    }
  });

  it('services over four levels: each starts after the one it needs, and stops before it', async () => {
    const run = await place.run(`
      local base = { image: '${BUSYBOX}', cmd: 'sleep 300', service: true };
      [
        base { name: 'level-database' },
        base { name: 'level-cache', depends: ['level-database'] },
        base { name: 'level-server', depends: ['level-cache'] },
        { name: 'level-solver', image: '${BUSYBOX}', cmd: 'true', depends: ['level-server'] },
      ]`);
    const levels = ['level-database', 'level-cache', 'level-server', 'level-solver'];
    const startOrder = run.record.all('attempt.started').map((event) => event.trial);
    const endOrder = run.record.all('attempt.ended').map((event) => event.trial);
    expect(startOrder).toEqual(levels);
    expect(endOrder).toEqual(levels.toReversed());
    expect(run.code).toBe(0);
  });
});
