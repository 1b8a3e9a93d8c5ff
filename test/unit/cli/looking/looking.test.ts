import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdSequel } from '../../../../src/cli/run/sequel.js';
import { holdRun, type RunLock } from '../../../../src/journal/run-lock.js';
import type { RunFolder } from '../../../../src/journal/state-folder.js';
import { NO_REQUEST } from '../../../../src/model/resources.js';
import { command, startCommand, stoppedClock } from '../../../rig/command.js';
import { RunScript } from '../../../rig/run-events.js';
import { appendEvents, writeRun } from '../../../rig/run-folder.js';

let cwd: string;
const locks: RunLock[] = [];
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'combu-looking-')));
});
afterEach(async () => {
  for (const lock of locks.splice(0)) await lock.release();
  rmSync(cwd, { recursive: true });
});

/** Supervises a run, as far as others can see. */
async function hold(run: RunFolder): Promise<RunLock> {
  const lock = await holdRun(run, { pid: 1 }, () => {});
  locks.push(lock!);
  return lock!;
}

/** No two tests share a run's id: the lock is the machine's. */
let runs = 0;
const script = () =>
  new RunScript(undefined, `test${process.pid.toString(36)}x${(runs++).toString(36)}`.padEnd(12, '0'));

function halfway(): RunScript {
  const run = script().start([{ name: 'loader', kind: 'service' }, 'a', 'b', 'c', 'd']);
  run.add({
    type: 'run.capacity',
    capacity: { cpus: 4, memory: 8 * 1024 ** 3, gpus: [] },
    elsewhere: { cpus: 1, memory: 0, gpus: 0 },
    jobs: null,
  });
  run.begin('loader', 1, { '80/tcp': '127.0.0.1:32768' });
  run.add({ type: 'attempt.healthy', trial: 'loader', attempt: 1 });
  run.begin('a').begin('b').begin('c');
  run.at = 10;
  run.fail('a', 10, 'no data');
  run.end('b', 10);
  run.at = 15;
  return run;
}

function ended(): RunScript {
  const run = halfway();
  run.end('c', 15).begin('d').end('d', 0).end('loader', 15, { outcome: 'stopped', cause: 'nobody needs it' });
  return run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 });
}

describe('ps', () => {
  it('lists trials with state, age, ports and cause', async () => {
    const run = halfway();
    await hold(writeRun(cwd, run));
    const { code, stdout } = await command(['ps'], { cwd, clock: stoppedClock(run.time(75)) });
    expect(code).toBe(0);
    expect(stdout).toBe(
      `
TRIAL   KIND     STATE             ATTEMPT    AGE  EXIT  PORTS                    CAUSE
loader  service  running, healthy        1  1m15s        127.0.0.1:32768->80/tcp
a                failed                  1    10s     1                           exit 1: no data
b                succeeded               1    10s     0
c                running                 1  1m15s
d                ready
`.trimStart(),
    );
  });

  it('tells what waits for room from what waits for others, and when a trial is tried again', async () => {
    const run = script().start([
      'a',
      { name: 'b', depends: ['a'], conditions: ['completed'] },
      { name: 'c', depends: ['a'], conditions: ['started'] },
      'd',
    ]);
    run.begin('a').begin('d');
    run.at = 10;
    run.end('d', 10, { outcome: 'failed', cause: 'exit 1', lastLine: 'no luck' }, { final: false });
    run.add({ type: 'trial.retrying', trial: 'd', attempt: 1, delay: 8_000, why: 'failed, retry 1 of 2' });
    await hold(writeRun(cwd, run));
    const { stdout } = await command(['ps'], { cwd, clock: stoppedClock(run.time(12)) });
    const rows = stdout.trimEnd().split('\n').slice(1);
    expect(rows.map((row) => row.split(/ +/)[1])).toEqual(['running', 'pending', 'ready', 'pending']);
    expect(rows[3]).toMatch(/tried again in 6\.0s: .*no luck$/);
    const status = await command(['status'], { cwd, clock: stoppedClock(run.time(12)) });
    expect(status.stdout).toContain('trials:   1 running, 1 ready, 2 pending\n');
  });

  it('never says running of a run that nobody supervises', async () => {
    const run = halfway();
    writeRun(cwd, run);
    const { stdout } = await command(['ps', 'c', 'loader'], { cwd, clock: stoppedClock(run.time(75)) });
    expect(stdout).not.toContain('running');
    expect(stdout.match(/unknown since 14:00:10/g)).toHaveLength(2);
  });

  it('shows only what is asked for', async () => {
    writeRun(cwd, ended());
    const { stdout } = await command(['ps', '--only', 'failed,stopped'], { cwd });
    expect(
      stdout
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(' ')[0]),
    ).toEqual(['loader', 'a']);
    const some = await command(['ps', '[bc]', 'd'], { cwd });
    expect(
      some.stdout
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(' ')[0]),
    ).toEqual(['b', 'c', 'd']);
  });

  it('has JSON with the same', async () => {
    const run = halfway();
    await hold(writeRun(cwd, run));
    const { stdout } = await command(['ps', '--json', 'a'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'combu/ps/v1',
      run: { id: run.run, name: 'iris', state: 'running' },
      trials: [{ name: 'a', kind: 'batch', state: 'failed', seconds: 10, exitCode: 1, lastLine: 'no data' }],
    });
  });

  it('suggests a name', async () => {
    writeRun(cwd, ended());
    const { code, stderr } = await command(['ps', 'loadr'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('This run has no trial loadr.');
    expect(stderr).toContain('Did you mean loader?');
  });
});

describe('which run', () => {
  it('is the latest, or one whose id begins so', async () => {
    const first = new RunScript(new Date(2026, 10, 20).getTime(), 'aaaaaaaaaaaa').start(['old']);
    const second = new RunScript(new Date(2026, 10, 21).getTime(), 'bbbbbbbbbbbb').start(['new']);
    writeRun(cwd, first);
    writeRun(cwd, second);
    expect((await command(['ps'], { cwd })).stdout).toContain('new');
    expect((await command(['ps', '--run', 'aaa'], { cwd })).stdout).toContain('old');
    expect((await command(['status', 'aaa'], { cwd })).stdout).toContain('run aaaaaaaaaaaa');
  });

  it('is told where there is none', async () => {
    const none = await command(['status'], { cwd });
    expect(none.code).toBe(2);
    writeRun(cwd, ended());
    const wrong = await command(['status', '--run', 'zzz'], { cwd });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('No run zzz');
    expect(wrong.stderr).toContain('combu runs');
  });
});

describe('status', () => {
  it('tells counts, capacity and failures of a run that goes on', async () => {
    const run = halfway();
    await hold(writeRun(cwd, run));
    const { code, stdout } = await command(['status'], { cwd, clock: stoppedClock(run.time(75)) });
    expect(code).toBe(0);
    expect(stdout).toContain(
      `run ${run.run} of iris (/home/ada/iris/docker/experiment.jsonnet)\nrunning for 1m15s\n`,
    );
    expect(stdout).toContain(
      '2 of 4\ntrials:   1 succeeded, 1 failed, 1 running, 1 ready\nservices: 1 running\n',
    );
    expect(stdout).toContain('reserved: 0 of 4 cpus, 0 B of 8 GiB of memory\n');
    expect(stdout).toContain('other runs on this engine hold 1 of 4 cpus\n');
    expect(stdout).toContain('failures:\n  a: exit 1: no data\n');
  });

  it('says why trials wait', async () => {
    const run = script().start([
      { name: 'db', kind: 'service' },
      'a',
      { name: 'b', depends: ['db'] },
      { name: 'c', depends: ['db'] },
      'd',
    ]);
    run.begin('db').begin('a');
    const trial = (name: string, more = {}) => ({
      name,
      kind: 'batch',
      depends: [],
      needs: [],
      networks: [],
      request: { cpus: 1, memory: 0, gpus: 0 },
      ...more,
    });
    const needsDb = { depends: [{ trial: 'db', condition: 'healthy' }], needs: ['db'] };
    const plan = {
      capacity: { cpus: 4, memory: 0, gpus: [] },
      jobs: null,
      networks: [],
      trials: [
        trial('db', { kind: 'service' }),
        trial('a'),
        trial('b', needsDb),
        trial('c', needsDb),
        trial('d', { request: { cpus: 8, memory: 0, gpus: 0 } }),
      ],
    };
    await hold(writeRun(cwd, run, { plan }));
    const { stdout } = await command(['status'], { cwd });
    expect(stdout).toContain(
      [
        'waiting:',
        '  2 trials: each waits for db to be healthy',
        '      b, c',
        '  d: waits for 8 cpus: 4 of 4 free',
        '',
      ].join('\n'),
    );
    const json = JSON.parse((await command(['status', '--json'], { cwd })).stdout);
    expect(json.waiting[0]).toEqual({ why: 'waits for db to be healthy', count: 2, trials: ['b', 'c'] });
  });

  it('says why trials were skipped', async () => {
    const run = script().start(['a', 'b', 'c']).begin('a').fail('a', 0, 'no');
    for (const trial of ['b', 'c'])
      run.add({ type: 'trial.skipped', trial, cause: { kind: 'dependency', trial: 'a', state: 'failed' } });
    writeRun(cwd, run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 }));
    const { stdout } = await command(['status'], { cwd });
    expect(stdout).toContain('skipped:\n  2 trials skipped: dependency a: failed\n');
  });

  it('says when only a batch trial that others named still runs', async () => {
    const run = script().start(['server', { name: 'a', depends: ['server'] }]);
    run.begin('server').begin('a').end('a', 0);
    await hold(writeRun(cwd, run));
    const { stdout } = await command(['status'], { cwd });
    expect(stdout).toContain('Nothing is left but server');
    expect(stdout).toContain('service: true');
  });

  it('says that a run without supervisor was interrupted, and how to go on', async () => {
    const run = halfway();
    writeRun(cwd, run);
    const { stdout } = await command(['status'], { cwd });
    expect(stdout).toContain('interrupted: nobody supervises it; its last event is of 2026-11-21 14:00\n');
    expect(stdout).toContain('2 trials may still run on the engine: unknown since 14:00:10\n');
    expect(stdout).toContain(`combu run --resume ${run.run}`);
    expect(stdout).not.toContain('running');
  });

  it('says so of a run that has no record yet', async () => {
    const run = writeRun(cwd, script());
    expect((await command(['status'], { cwd })).stdout).toBe(
      `run ${run.id} was interrupted before anything started\n`,
    );
    await hold(run);
    expect((await command(['status'], { cwd })).stdout).toBe(`run ${run.id} is being prepared\n`);
  });

  it('has JSON with the same', async () => {
    writeRun(cwd, ended());
    const { stdout } = await command(['status', '--json'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'combu/status/v1',
      run: { state: 'failed', exitCode: 1 },
      trials: { total: 4, ended: 4, states: { succeeded: 3, failed: 1 } },
      services: { total: 1, ended: 1, states: { stopped: 1 } },
      failures: [{ signature: 'exit 1: no data', count: 1, trials: ['a'] }],
    });
  });
});

describe('runs', () => {
  it('lists what there is, the latest last', async () => {
    const first = new RunScript(new Date(2026, 10, 20, 9, 30).getTime(), 'aaaaaaaaaaaa').start(['x']);
    first.add({ type: 'run.ended', outcome: 'halted', exitCode: 4 });
    writeRun(cwd, first);
    const second = ended();
    writeRun(cwd, second);
    const { stdout } = await command(['runs'], { cwd });
    expect(stdout).toBe(
      `
RUN           STARTED           NAME  STATE   TOOK  TRIALS
aaaaaaaaaaaa  2026-11-20 09:30  iris  halted  0.0s  1 pending
${second.run}  2026-11-21 14:00  iris  failed   15s  4: 3 succeeded, 1 failed
`.trimStart(),
    );
    const last = await command(['runs', '--last', '1', '--json'], { cwd });
    expect(JSON.parse(last.stdout)).toMatchObject({ schema: 'combu/runs/v1', runs: [{ id: second.run }] });
  });
});

describe('a sample that has ended', () => {
  it('is not taken for the whole experiment by runs and wait', async () => {
    const run = script().start(['a']);
    const request = { cpus: 1, memory: 0, gpus: 0 };
    const rest = [{ request, trials: 3 }];
    Object.assign(run.events[0]!, { sample: { trials: ['a'], rest, services: { ...request, cpus: 0 } } });
    run.begin('a').end('a', 0).add({ type: 'run.ended', outcome: 'succeeded', exitCode: 0 });
    writeRun(cwd, run);
    expect((await command(['runs'], { cwd })).stdout).toContain('1 succeeded; a sample, 3 left');
    const json = JSON.parse((await command(['runs', '--json'], { cwd })).stdout);
    expect(json.runs[0].trials).toMatchObject({ total: 1, left: 3 });
    const { code, stderr } = await command(['wait'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toContain(`1 succeeded; a sample, which leaves 3 trials: combu run --resume ${run.run}`);
  });
});

describe('wait', () => {
  it('ends with the code of a run that has ended', async () => {
    writeRun(cwd, ended());
    const { code, stderr } = await command(['wait'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('failed; 4 trials: 3 succeeded, 1 failed');
  });

  it('ends when the run does', async () => {
    const run = halfway();
    const folder = writeRun(cwd, run);
    await hold(folder);
    const waiting = startCommand(['wait'], { cwd });
    const before = run.events.length;
    run.add({ type: 'run.ended', outcome: 'halted', exitCode: 4 });
    appendEvents(folder, run.events.slice(before));
    expect(await waiting.code).toBe(4);
  });

  it('ends with 124 when the time is over', async () => {
    await hold(writeRun(cwd, halfway()));
    const { code, stderr } = await command(['wait', '--timeout', '50ms'], { cwd });
    expect(code).toBe(124);
    expect(stderr).toContain('still goes on');
  });

  it('ends when the supervisor is gone', async () => {
    const lock = await hold(writeRun(cwd, halfway()));
    const waiting = startCommand(['wait'], { cwd });
    setTimeout(() => void lock.release(), 50);
    expect(await waiting.code).toBe(1);
    expect(waiting.stderr()).toContain('Nobody supervises run');
  });

  it('is not misled by an earlier end of a run that was resumed', async () => {
    const run = ended();
    const folder = writeRun(cwd, run.start(['a', 'b', 'c', 'd'], true));
    await hold(folder);
    const { code } = await command(['wait', '--timeout', '100ms'], { cwd });
    expect(code).toBe(124);
  });
});

describe('attach', () => {
  it('shows what happens from now on, and ends with the run', async () => {
    const run = halfway();
    const folder = writeRun(cwd, run);
    await hold(folder);
    const attached = startCommand(['attach', '--progress', 'plain'], { cwd });
    await attached.until('1 succeeded, 1 failed, 1 running, 1 ready');
    const before = run.events.length;
    run.end('c', 15);
    appendEvents(folder, run.events.slice(before));
    await attached.until('c succeeded after 15s');
    const middle = run.events.length;
    run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 });
    appendEvents(folder, run.events.slice(middle));
    expect(await attached.code).toBe(1);
    expect(attached.stderr()).not.toContain('a failed after');
    expect(attached.stderr()).toContain('of iris failed after 15s');
  });

  it('is left by Ctrl-C while the run goes on', async () => {
    await hold(writeRun(cwd, halfway()));
    const attached = startCommand(['attach'], { cwd, columns: 80 });
    await attached.until('2 of 4');
    attached.signal('SIGINT');
    expect(await attached.code).toBe(130);
    expect(attached.stderr()).toContain('goes on.');
  });

  it('goes on after a sample that its rest follows by itself, and ends with the rest', async () => {
    const run = script().start(['a'], false, {
      trials: ['a'],
      rest: [{ request: NO_REQUEST, trials: 1 }],
      services: NO_REQUEST,
    });
    const folder = writeRun(cwd, run.begin('a').end('a', 1));
    const sample = await hold(folder);
    const sequel = (await holdSequel(folder.id))!;
    const attached = startCommand(['attach', '--progress', 'json'], { cwd });
    const waiting = startCommand(['wait'], { cwd });
    const tell = (more: () => void) => {
      const before = run.events.length;
      more();
      appendEvents(folder, run.events.slice(before));
    };
    tell(() => run.add({ type: 'run.ended', outcome: 'succeeded', exitCode: 0 }));
    await sample.release();
    await attached.until('run.ended');
    const rest = await hold(folder);
    tell(() => run.start(['a', 'b'], true).begin('b').fail('b', 1, 'no data'));
    await attached.until('no data');
    tell(() => run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 }));
    expect(await attached.code).toBe(1);
    expect(await waiting.code).toBe(1);
    await rest.release();
    await sequel.release();
  });

  it('ends with a sample that nothing follows', async () => {
    const run = script().start(['a'], false, { trials: ['a'], rest: [], services: NO_REQUEST });
    const folder = writeRun(cwd, run.begin('a').fail('a', 1, ''));
    const sample = await hold(folder);
    const sequel = (await holdSequel(folder.id))!;
    const waiting = startCommand(['wait'], { cwd });
    const before = run.events.length;
    run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 });
    appendEvents(folder, run.events.slice(before));
    await sample.release();
    await sequel.release();
    expect(await waiting.code).toBe(1);
  });

  it('hands programs every event from the beginning, on standard output', async () => {
    const run = ended();
    writeRun(cwd, run);
    const { stdout, stderr } = await command(['attach', '--progress', 'json'], { cwd });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.type)).toEqual(run.events.map((event) => event.type));
    expect(new Set(lines.map((line) => line.schema))).toEqual(new Set(['combu/event/v1']));
    expect(stderr).toBe('');
  });
});
