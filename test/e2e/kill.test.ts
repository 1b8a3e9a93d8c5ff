import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { holdRun } from '../../src/journal/run-lock.js';
import { foreignContainer, gates, puppet, running } from '../rig/combu.js';
import { startProxy } from '../rig/engine-proxy.js';
import { BUSYBOX, engine, type Workplace, workplace } from '../rig/experiment.js';

const failing = (name: string) =>
  `{ name: '${name}', image: '${BUSYBOX}', cmd: 'false', resources: { cpus: 0 } }`;

/** Starts a run of one puppet and waits until it runs. */
async function underWay(place: Workplace, name: string, more?: string) {
  gates(place);
  place.write('experiment.jsonnet', `[${puppet(name, more)}]`);
  const run = place.start(['run']);
  await running(place, name, run);
  return run;
}

describe('kill after a run', () => {
  const place = workplace();

  it('removes what was kept, and counts', async () => {
    await place.run(`[${failing('kill-a')}, ${failing('kill-b')}]`);
    expect(await place.containers()).toHaveLength(2);
    const kill = await place.combu(['-f', 'experiment.jsonnet', 'kill']);
    expect(kill.stdout).toBe('removed 2 containers, 0 networks\n0 containers, 0 networks left\n');
    expect(kill.code).toBe(0);
    expect(await place.containers()).toEqual([]);
    expect(place.runs()[0]!.log('kill-a')).toBe('');
  });

  it('is remembered: nothing is said to be kept any more, and the run ended when it ended', async () => {
    const ps = JSON.parse((await place.combu(['ps', '--json'])).stdout);
    expect(ps.trials.map((trial: { kept: boolean }) => trial.kept)).toEqual([false, false]);
    const ends = place
      .runs()[0]!
      .events()
      .filter((event) => event.type === 'run.ended');
    expect(ends).toHaveLength(2);
    const { runs } = JSON.parse((await place.combu(['runs', '--json'])).stdout);
    expect(runs[0]).toMatchObject({ endedAt: ends[0]!.time, exitCode: 1 });
  });

  it('has nothing to do a second time', async () => {
    const kill = await place.combu(['kill', '--json']);
    expect(JSON.parse(kill.stdout)).toEqual({
      schema: 'combu/kill/v1',
      removed: { containers: 0, networks: 0, volumes: 0 },
      left: { containers: 0, networks: 0, volumes: 0 },
    });
    expect(kill.code).toBe(0);
  });

  it('needs the path alone: the file may be faulty or gone', async () => {
    await place.run(`[${failing('kill-a')}]`);
    place.write('experiment.jsonnet', 'this is no Jsonnet');
    expect((await place.combu(['kill', '-f', 'experiment.jsonnet'])).stdout).toMatch(/removed 1 container,/);
    await place.run(`[${failing('kill-a')}]`);
    rmSync(place.path('experiment.jsonnet'));
    expect((await place.combu(['kill', '-f', 'experiment.jsonnet'])).stdout).toMatch(/removed 1 container,/);
    expect(await place.containers()).toEqual([]);
  });

  it('leaves volumes unless it is told not to', async () => {
    await place.run(`[{
      name: 'kill-volume', image: '${BUSYBOX}', cmd: 'true', resources: { cpus: 0 },
      volumes: [{ host: 'combu-kill-test', container: '/data' }],
    }]`);
    expect((await place.combu(['kill'])).stdout).toMatch(/^0 containers, 0 networks, 1 volume left$/m);
    expect(await place.volumes()).toEqual(['combu-kill-test']);
    const kill = await place.combu(['kill', '--volumes']);
    expect(kill.stdout).toBe('removed 0 containers, 0 networks, 1 volume\n0 containers, 0 networks left\n');
    expect(await place.volumes()).toEqual([]);
  });
});

describe('kill on an engine that can’t remove one of the containers', () => {
  const place = workplace();

  it('removes and records the others, names the one and why, and takes it later', async () => {
    await place.run(`[${failing('kill-a')}, ${failing('kill-b')}, ${failing('kill-stuck')}]`);
    const stuck = await place.container('kill-stuck');
    const proxy = await startProxy();
    proxy.fail(new RegExp(`^DELETE .*/containers/${stuck.Id}`), 500, 1_000);
    const kill = await place.combu(['kill'], { env: { DOCKER_HOST: proxy.address } });
    await proxy.stop();
    expect(kill.stdout).toBe('removed 2 containers, 0 networks\n1 container, 0 networks left\n');
    expect(kill.stderr).toMatch(/^The container kill-stuck stays: .*the proxy says so\.$/m);
    expect(kill.code).toBe(3);
    const ps = JSON.parse((await place.combu(['ps', '--json'])).stdout);
    expect(ps.trials.map(({ name, kept }: { name: string; kept: boolean }) => [name, kept])).toEqual([
      ['kill-a', false],
      ['kill-b', false],
      ['kill-stuck', true],
    ]);
    const again = await place.combu(['kill']);
    expect(again.stdout).toBe('removed 1 container, 0 networks\n0 containers, 0 networks left\n');
    expect(again.code).toBe(0);
  });
});

describe('kill while a run is going on', () => {
  const place = workplace();

  it('ends its supervisor, and its journal says killed', async () => {
    const run = await underWay(place, 'kill-live');
    const kill = await place.combu(['kill']);
    expect(kill.stdout).toBe('removed 1 container, 1 network\n0 containers, 0 networks left\n');
    expect(kill.code).toBe(0);
    const ended = await run.ended;
    expect(ended.code).toBe(137);
    const record = place.runs()[0]!;
    expect(record.one('run.ended')).toMatchObject({ outcome: 'killed', exitCode: 137 });
    expect(record.ends()).toEqual({ 'kill-live': 'killed' });
    expect(await place.containers()).toEqual([]);
    expect(await place.networks()).toEqual([]);
  });

  it('ends one that was interrupted before and takes its time', async () => {
    // Without an init a shell as process 1 ignores SIGTERM.
    const run = await underWay(place, 'kill-slow', "init: false, grace: '10m'");
    run.process.kill('SIGINT');
    await place.until((record) => record.all('run.stopping').length === 1, run);
    const kill = await place.combu(['kill']);
    expect(kill.stdout).toBe('removed 1 container, 1 network\n0 containers, 0 networks left\n');
    expect((await run.ended).code).toBe(137);
    const record = place.runs().at(-1)!;
    expect(record.one('run.ended')).toMatchObject({ outcome: 'killed', exitCode: 137 });
    expect(record.ends()).toEqual({ 'kill-slow': 'killed' });
  });

  it('works with the file gone from under it', async () => {
    const run = await underWay(place, 'kill-gone');
    rmSync(place.path('experiment.jsonnet'));
    const kill = await place.combu(['-f', 'experiment.jsonnet', 'kill']);
    expect(kill.stdout).toMatch(/^0 containers, 0 networks left$/m);
    await run.ended;
    expect(place.runs().at(-1)!.one('run.ended').outcome).toBe('killed');
  });

  it('says killed of a run whose supervisor had died before', async () => {
    const run = await underWay(place, 'kill-orphan');
    run.process.kill('SIGKILL');
    await run.ended;
    const kill = await place.combu(['kill']);
    expect(kill.stdout).toMatch(/removed 1 container, 1 network/);
    const record = place.runs().at(-1)!;
    expect(record.one('run.ended').outcome).toBe('killed');
    expect(record.ends()).toEqual({ 'kill-orphan': 'killed' });
    const status = await place.combu(['status', '--json']);
    expect(JSON.parse(status.stdout).run.state).toBe('killed');
  });
});

describe('kill while another command holds the record of an interrupted run', () => {
  const place = workplace();

  it('removes what is there, waits for nobody, and says who it is', async () => {
    const run = await underWay(place, 'kill-held');
    run.process.kill('SIGKILL');
    await run.ended;
    const { id, folder } = place.runs()[0]!;
    const lock = await holdRun({ id, folder, startedAt: '' }, { pid: 4711, doing: 'combu push' }, () => {});
    const kill = await place.combu(['kill']);
    expect(kill.stdout).toBe('removed 1 container, 1 network\n0 containers, 0 networks left\n');
    expect(kill.stderr).toContain(`run ${id} is not on its record, which combu push (process 4711) holds.`);
    expect(kill.stderr).not.toContain('may hang');
    await lock?.release();
    await place.combu(['kill']);
    expect(place.runs()[0]!.one('run.ended').outcome).toBe('killed');
  });
});

describe('kill --run', () => {
  const place = workplace();

  it('removes that run only, also from elsewhere and without its file', async () => {
    gates(place);
    place.write('experiment.jsonnet', `local uuid = 'UUID'; [${puppet('x')} + { name: 'kill-' + uuid }]`);
    const first = place.start(['run', '--uuid', 'aaaaaaaaaaaa']);
    await running(place, 'kill-aaaaaaaaaaaa', first);
    const second = place.start(['run', '--uuid', 'bbbbbbbbbbbb']);
    await running(place, 'kill-bbbbbbbbbbbb', second);
    const kill = await place.combu(['kill', '--run', 'aaaa']);
    expect(kill.stdout).toBe('removed 1 container, 1 network\n0 containers, 0 networks left\n');
    expect((await first.ended).code).toBe(137);
    const left = await place.containers();
    expect(left.map((one) => one.Config.Labels['combu.run'])).toEqual(['bbbbbbbbbbbb']);
    rmSync(place.path('experiment.jsonnet'));
    const other = await place.combu(['kill', '--run', 'bbbbbbbbbbbb', '--state', '.combu']);
    expect(other.stdout).toMatch(/^0 containers, 0 networks left$/m);
    expect((await second.ended).code).toBe(137);
    expect(await place.containers()).toEqual([]);
  });
});

describe('what combu did not make', () => {
  const place = workplace();
  const mine: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const remove of mine) await remove();
    await engine.getImage('combu-kill-committed:1').remove({ force: true });
  });

  it('is not touched: neither of the same name, nor from an image of a kept trial', async () => {
    await place.run(`[${failing('kill-kept')}]`);
    const kept = await place.container('kill-kept');
    await engine.getContainer(kept.Id).commit({ repo: 'combu-kill-committed', tag: '1' });
    mine.push(await foreignContainer({ name: 'combu-kill-foreign', image: 'combu-kill-committed:1' }));
    expect((await place.combu(['kill'])).stdout).toMatch(/removed 1 container,/);
    mine.push(await foreignContainer({ name: 'kill-kept' }));
    expect((await place.combu(['kill'])).stdout).toMatch(/removed 0 containers,/);
    for (const name of ['combu-kill-foreign', 'kill-kept']) {
      expect((await engine.getContainer(name).inspect()).State.Running).toBe(true);
    }
  });
});
