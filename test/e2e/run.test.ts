import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gates, openGate, puppet, running } from '../rig/combu.js';
import { BUSYBOX, workplace } from '../rig/experiment.js';

const echo = (name: string) =>
  `{ name: '${name}', image: '${BUSYBOX}', cmd: 'echo hello', resources: { cpus: 0 } }`;

describe('a run', () => {
  const place = workplace();

  it('ends with 0, tells what came out, and leaves nothing on the engine', async () => {
    const run = await place.run(`[${echo('run-a')}, ${echo('run-b')}]`, [
      '-m',
      'first try',
      '--tag',
      'lr=0.1',
    ]);
    expect(run.stderr).toMatch(/succeeded/);
    expect(run.code).toBe(0);
    expect(run.stdout).toBe('');
    expect(run.record.ends()).toEqual({ 'run-a': 'succeeded', 'run-b': 'succeeded' });
    expect(run.record.log('run-a')).toBe('hello\n');
    expect(run.record.one('run.started')).toMatchObject({ comment: 'first try', tags: { lr: '0.1' } });
    expect(run.record.one('run.ended')).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    expect(await place.containers()).toEqual([]);
    expect(await place.networks()).toEqual([]);
  });

  it('records the experiment as evaluated, and its plan', async () => {
    const record = place.runs().at(-1)!;
    const experiment = JSON.parse(readFileSync(`${record.folder}/experiment.json`, 'utf8'));
    expect(experiment.map((trial: { name: string }) => trial.name)).toEqual(['run-a', 'run-b']);
    const plan = JSON.parse(readFileSync(`${record.folder}/plan.json`, 'utf8'));
    expect(plan).toMatchObject({ schema: 'combu/plan/v1', run: record.id });
  });

  it('takes the file before the command and after it, from standard input, and from docker/', async () => {
    const text = `[${echo('run-order')}]`;
    place.write('other.jsonnet', text);
    place.write('docker/experiment.jsonnet', text);
    place.write('experiment.jsonnet', 'error "not this one"');
    expect((await place.combu(['-f', 'other.jsonnet', 'run'])).code).toBe(0);
    expect((await place.combu(['run', '-f', 'other.jsonnet'])).code).toBe(0);
    expect((await place.combu(['run'], { env: { COMBU_FILE: 'other.jsonnet' } })).code).toBe(0);
    expect((await place.combu(['-f', '-', 'run'], { stdin: text })).code).toBe(0);
    expect((await place.combu(['run'])).code).toBe(2);
  });

  it('prints its events for programs with --json, one a line', async () => {
    place.write('experiment.jsonnet', `[${echo('run-json')}]`);
    const { stdout, code } = await place.combu(['run', '--json']);
    expect(code).toBe(0);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(new Set(events.map((event) => event.schema))).toEqual(new Set(['combu/event/v1']));
    expect(events[0].type).toBe('run.started');
    expect(events.at(-1).type).toBe('run.ended');
  });

  it('says at its head which trials became services and why', async () => {
    const run = await place.run(`[
      { name: 'run-cache', image: '${BUSYBOX}', cmd: 'sleep 60', service: true },
      ${echo('run-solver')} + { depends: ['run-cache'] },
    ]`);
    expect(run.code).toBe(0);
    expect(run.stderr).toMatch(/^run-cache is a service: /m);
    expect(run.record.ends()).toEqual({ 'run-cache': 'stopped', 'run-solver': 'succeeded' });
  });

  it('takes its id from --uuid, once', async () => {
    place.write('experiment.jsonnet', `local uuid = 'UUID'; [${echo('run-uuid')} + { name: 'run-' + uuid }]`);
    const first = await place.combu(['run', '--uuid', 'abcdefghijkl']);
    expect(first.code).toBe(0);
    expect(place.runs().at(-1)!.ends()).toEqual({ 'run-abcdefghijkl': 'succeeded' });
    const again = await place.combu(['run', '--uuid', 'abcdefghijkl']);
    expect(again.code).toBe(3);
    expect(again.stderr).toMatch(/there is a run abcdefghijkl already/);
  });

  it('ends with 124 when its deadline passes, and leaves nothing', async () => {
    gates(place);
    const run = await place.run(`[${puppet('run-late', 'init: true')}]`, ['--deadline', '2s']);
    expect(run.code).toBe(124);
    expect(run.record.one('run.ended').exitCode).toBe(124);
    expect(await place.containers()).toEqual([]);
  });
});

describe('precedence', () => {
  const place = workplace();

  it('is flag, COMBU_*, file, default', async () => {
    place.write('experiment.jsonnet', `{ parallelism: 3, trials: [${echo('run-a')}] }`);
    const jobs = async (args: string[], env: Record<string, string>) =>
      JSON.parse((await place.combu(['plan', '--json', ...args], { env })).stdout).jobs;
    expect(await jobs(['-j', '1'], { COMBU_JOBS: '2' })).toBe(1);
    expect(await jobs([], { COMBU_JOBS: '2' })).toBe(2);
    expect(await jobs([], {})).toBe(3);
    expect(await jobs(['-p', 'false'], {})).toBe(1);
    place.write('experiment.jsonnet', `[${echo('run-a')}]`);
    expect(await jobs([], {})).toBe(null);
  });
});

describe('a second run beside one that is going on', () => {
  const place = workplace();

  it('is refused where they share a name, and can not be resumed', async () => {
    gates(place);
    place.write('experiment.jsonnet', `[${puppet('beside-a')}]`);
    const first = place.start(['run']);
    await running(place, 'beside-a', first);
    const { id } = place.runs()[0]!;
    const second = await place.combu(['run']);
    expect(second.code).toBe(3);
    expect(second.stderr).toContain(id);
    expect(second.stderr).toContain('beside-a');
    const resumed = await place.combu(['run', '--resume']);
    expect(resumed.code).toBe(3);
    expect(resumed.stderr).toMatch(/still going on/);
    expect(place.runs()).toHaveLength(1);
    openGate(place, 'beside-a');
    expect((await first.ended).code).toBe(0);
  });

  it('is refused also where both began at the same moment', async () => {
    place.write('experiment.jsonnet', `[${puppet('beside-c')}]`);
    const before = place.runs().length;
    const both = [place.start(['run']), place.start(['run'])];
    await running(place, 'beside-c');
    const refused = await Promise.race(both.map((one) => one.ended));
    expect(refused.code).toBe(3);
    openGate(place, 'beside-c');
    const codes = (await Promise.all(both.map((one) => one.ended))).map((one) => one.code);
    expect(codes.sort()).toEqual([0, 3]);
    expect(place.runs()).toHaveLength(before + 1);
  });

  it('runs where they share nothing', async () => {
    const text = `local uuid = 'UUID'; [${puppet('x')} + { name: 'beside-' + uuid }]`;
    place.write('experiment.jsonnet', text);
    const first = place.start(['run', '--uuid', 'aaaaaaaaaaaa']);
    await running(place, 'beside-aaaaaaaaaaaa', first);
    openGate(place, 'beside-bbbbbbbbbbbb');
    const second = await place.combu(['run', '--uuid', 'bbbbbbbbbbbb']);
    expect(second.stderr).toMatch(/succeeded/);
    expect(second.code).toBe(0);
    openGate(place, 'beside-aaaaaaaaaaaa');
    expect((await first.ended).code).toBe(0);
  });
});

describe('an ended run that is resumed', () => {
  const place = workplace();
  const trial = (name: string, script: string) =>
    `{ name: '${name}', image: '${BUSYBOX}', cmd: ['sh', '-c', '${script}'], resources: { cpus: 0 }, volumes: [{ host: './gate', container: '/gate' }] }`;

  it('runs again what did not succeed, as the next attempt, and nothing else', async () => {
    gates(place);
    const text = `[
      ${trial('again-well', 'echo well')},
      ${trial('again-mended', 'test -e /gate/mended')},
      ${trial('again-broken', 'false')},
      ${trial('again-after', 'echo after')} + { depends: [{ name: 'again-mended', condition: 'completed' }] },
    ]`;
    const first = await place.run(text);
    expect(first.code).toBe(1);
    expect(first.record.ends()['again-after']).toBe('skipped: dependency again-mended: failed');
    openGate(place, 'mended');
    const second = await place.combu(['run', '--resume']);
    expect(second.code).toBe(1);
    expect(place.runs()).toHaveLength(1);
    const attempts = (name: string) => first.record.all('attempt.intended', name).map((one) => one.attempt);
    expect(attempts('again-well')).toEqual([1]);
    expect(attempts('again-mended')).toEqual([1, 2]);
    expect(attempts('again-broken')).toEqual([1, 2]);
    expect(first.record.ends()).toEqual({
      'again-well': 'succeeded',
      'again-mended': 'succeeded',
      'again-broken': 'failed',
      'again-after': 'succeeded',
    });
  });

  it('takes with --only what is named, and nothing where nothing has failed', async () => {
    const record = place.runs()[0]!;
    const only = await place.combu(['run', '--only', 'failed']);
    expect(only.code).toBe(1);
    expect(record.all('attempt.intended').length).toBe(7);
    expect(record.all('attempt.intended', 'again-broken')).toHaveLength(3);
    const done = await place.combu(['run', '--only', 'again-w*']);
    expect(done.code).toBe(0);
    expect(record.all('attempt.intended')).toHaveLength(7);
  });
});

describe('after a supervisor that was killed', () => {
  const place = workplace();

  it('run is refused without a terminal, naming both ways, and the containers run on', async () => {
    gates(place);
    place.write('experiment.jsonnet', `[${puppet('left-a')}, ${puppet('left-b')}]`);
    const first = place.start(['run']);
    await running(place, 'left-a', first);
    await running(place, 'left-b', first);
    first.process.kill('SIGKILL');
    await first.ended;
    const second = await place.combu(['run']);
    expect(second.code).toBe(3);
    expect(second.stderr).toContain('--resume');
    expect(second.stderr).toContain('--new');
    expect(await place.containers()).toHaveLength(2);
  });

  it('status does not say that it runs', async () => {
    const status = await place.combu(['status', '--json']);
    expect(JSON.parse(status.stdout).run.state).toBe('interrupted');
  });

  it('run --resume takes up what lives: one attempt, one log, the true end', async () => {
    const resumed = place.start(['run', '--resume']);
    await place.until((record) => record.all('run.started').length === 2, resumed);
    openGate(place, 'left-a');
    openGate(place, 'left-b');
    const ended = await resumed.ended;
    expect(ended.stderr).toMatch(/succeeded/);
    expect(ended.code).toBe(0);
    expect(place.runs()).toHaveLength(1);
    const record = place.runs()[0]!;
    expect(record.all('attempt.intended')).toHaveLength(2);
    expect(record.ends()).toEqual({ 'left-a': 'succeeded', 'left-b': 'succeeded' });
    expect(record.log('left-a')).toBe('ready\ndone\n');
    expect(await place.containers()).toEqual([]);
  });

  it('run --new kills what is left, and the old run says so', async () => {
    place.write('experiment.jsonnet', `[${puppet('left-c')}]`);
    const first = place.start(['run']);
    await running(place, 'left-c', first);
    first.process.kill('SIGKILL');
    await first.ended;
    const old = place.runs().at(-1)!;
    openGate(place, 'left-c');
    const second = await place.combu(['run', '--new']);
    expect(second.stderr).toMatch(/succeeded/);
    expect(second.code).toBe(0);
    expect(place.runs().at(-1)!.id).not.toBe(old.id);
    expect(old.one('run.ended').outcome).toBe('killed');
  });
});
