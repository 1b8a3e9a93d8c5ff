import { describe, expect, it } from 'vitest';
import { fold, newRunState } from '../../../src/model/run-state.js';
import { PlainLines } from '../../../src/report/plain.js';
import { RunScript } from '../../rig/run-events.js';

/** What a run's whole script prints, asked for counts every second in between. */
function linesOf(script: RunScript): string[] {
  const state = newRunState();
  const plain = new PlainLines(state, script.time(0));
  const lines: string[] = [];
  let now = script.time(0);
  for (const event of script.events) {
    for (; now < Date.parse(event.time); now += 1000) lines.push(...plain.tick(now));
    fold(state, event);
    lines.push(...plain.onEvent(event));
  }
  return lines;
}

describe('plain lines', () => {
  it('tell each start and end of a small run', () => {
    const run = new RunScript();
    run.start([
      { name: 'loader', kind: 'service' },
      'a-1',
      'b-1',
      { name: 'c-1', depends: ['b-1'], conditions: ['completed'] },
    ]);
    run.add({ type: 'image.pulling', image: 'iris:1' });
    run.at = 2;
    run.add({ type: 'image.ready', image: 'iris:1', id: 'sha256:1', digest: null, pulled: true });
    run.add({ type: 'image.ready', image: 'base:1', id: 'sha256:2', digest: null, pulled: false });
    run.begin('loader', 1, { '80/tcp': '127.0.0.1:32768' });
    run.at = 3;
    run.add({ type: 'attempt.healthy', trial: 'loader', attempt: 1 }).begin('a-1').begin('b-1');
    run.at = 6.5;
    run.end('a-1', 3.5);
    run.end('b-1', 3.5, { outcome: 'failed', cause: 'exit 1', lastLine: 'no data' }, { final: false });
    run.add({ type: 'trial.retrying', trial: 'b-1', attempt: 1, delay: 1000, why: 'exit 1' });
    run.at = 7.5;
    run.begin('b-1', 2);
    run.add({ type: 'run.warning', message: 'the disk is nearly full' });
    run.at = 75;
    run.end('b-1', 67.5, { attempt: 2, outcome: 'oom', cause: 'out of memory', lastLine: 'epoch 3' });
    run.add({
      type: 'trial.skipped',
      trial: 'c-1',
      cause: { kind: 'dependency', trial: 'b-1', state: 'oom' },
    });
    run.add({ type: 'attempt.stopping', trial: 'loader', attempt: 1, why: 'unneeded' });
    run.at = 76;
    run.end('loader', 74, { outcome: 'stopped', cause: 'nobody needs it' });
    run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 });

    expect(linesOf(run)).toEqual([
      '14:00:00  run k3jq8x0mz2ab of iris (/home/ada/iris/docker/experiment.jsonnet): 3 trials and 1 service',
      '14:00:00  pulling iris:1',
      '14:00:02  pulled iris:1',
      '14:00:02  loader started, 127.0.0.1:32768->80/tcp',
      '14:00:03  loader is healthy',
      '14:00:03  a-1 started',
      '14:00:03  b-1 started',
      '14:00:06  a-1 succeeded after 3.5s',
      '14:00:06  b-1 is tried again in 1.0s: exit 1',
      '14:00:07  b-1 started (attempt 2)',
      '14:00:07  warning: the disk is nearly full',
      '14:01:00  1 of 3 done: 1 succeeded, 1 running, 1 pending',
      '14:01:15  b-1 oom after 1m07s: out of memory: epoch 3',
      '14:01:15  c-1 skipped: dependency b-1: oom',
      '14:01:15  stopping loader: unneeded',
      '14:01:16  loader stopped after 1m14s',
    ]);
  });

  it('count what goes well in a large run, and tell the first failures of a kind', () => {
    const names = Array.from({ length: 100 }, (_, n) => `t-${n}`);
    const run = new RunScript().start(names);
    for (const [n, name] of names.entries()) {
      run.begin(name);
      run.at += 0.5;
      if (n % 10 === 9) run.fail(name, 0.5, `loss is nan at step ${n}`);
      else run.end(name, 0.5);
    }

    expect(linesOf(run)).toEqual([
      '14:00:00  run k3jq8x0mz2ab of iris (/home/ada/iris/docker/experiment.jsonnet): 100 trials',
      '14:00:05  t-9 failed after 0.5s: exit 1: loss is nan at step 9',
      '14:00:10  t-19 failed after 0.5s: exit 1: loss is nan at step 19',
      '14:00:10  20 of 100 done: 18 succeeded, 2 failed, 1 running, 79 ready; about 40s left',
      '14:00:15  t-29 failed after 0.5s: exit 1: loss is nan at step 29 (more of this kind are only counted)',
      '14:00:20  40 of 100 done: 36 succeeded, 4 failed, 1 running, 59 ready; about 30s left',
      '14:00:30  60 of 100 done: 54 succeeded, 6 failed, 1 running, 39 ready; about 20s left',
      '14:00:40  80 of 100 done: 72 succeeded, 8 failed, 1 running, 19 ready; about 10s left',
    ]);
  });

  it('print hundreds of lines for ten thousand trials, not tens of thousands', () => {
    const names = Array.from({ length: 10_000 }, (_, n) => `t-${n}`);
    const run = new RunScript().start(names);
    for (const [n, name] of names.entries()) {
      run.begin(name);
      run.at += 0.36; // an hour in all
      if (n % 3 === 0) run.fail(name, 0.3, `bad seed ${n}`);
      else run.end(name, 0.3);
    }
    // Ten minutes every 10 s, fifty every minute, three failures, one title.
    const { length } = linesOf(run);
    expect(length).toBeGreaterThan(50);
    expect(length).toBeLessThan(125);
  });

  it('show now and then that combu lives while nothing changes', () => {
    const run = new RunScript().start(['a']).begin('a');
    run.at = 3600;
    run.end('a', 3600);
    expect(linesOf(run).filter((line) => line.includes('0 of 1 done')).length).toBe(6);
  });

  it('tell that the engine is away, and why a run stops', () => {
    const run = new RunScript().start(['a']);
    run.add({ type: 'engine.lost', message: 'connect ENOENT' }).add({ type: 'engine.back' });
    run.add({ type: 'run.stopping', reason: 'interrupted', force: false });
    run.add({ type: 'run.stopping', reason: 'interrupted', force: true });
    expect(linesOf(run).slice(1)).toEqual([
      '14:00:00  the engine does not answer: connect ENOENT; what runs goes on, combu waits for it',
      '14:00:00  the engine answers again',
      '14:00:00  interrupted: stopping what runs; once more kills it at once',
      '14:00:00  interrupted: killing what runs',
    ]);
  });

  it('tell of a run that goes on how many trials are to run, of how many that are looked at', () => {
    const run = new RunScript().start([
      { name: 'data', kind: 'service' },
      'prepare',
      'fit-1',
      'fit-2',
      'fit-3',
      'report',
    ]);
    for (const name of ['prepare', 'fit-1']) run.begin(name).end(name, 1);
    run.begin('fit-2').fail('fit-2', 1, 'no data').begin('fit-3');
    run.at = 60;
    const head = (script: RunScript) => linesOf(script).at(-1)!.split(': ').slice(1).join(': ');
    const whole = new RunScript();
    whole.at = 60;
    whole.events.push(...run.events);
    run.start(
      [{ name: 'data', kind: 'service', again: true }, 'prepare', { name: 'fit-2', again: true }, 'fit-3'],
      true,
    );
    expect(head(run)).toBe(
      'going on with 3 trials and 1 service: 1 to run, 1 under way, 1 done; 2 others stay as they are',
    );
    whole.start(['prepare', 'fit-1', { name: 'fit-2', again: true }, 'fit-3', 'report', 'new'], true);
    expect(head(whole)).toBe('going on with 6 trials: 3 to run, 1 under way, 2 done; 1 other stays as it is');
  });

  it('tell that the run waits for room that others hold, once, and again a minute later at the soonest', () => {
    const run = new RunScript().start(['a', 'b', { name: 'c', depends: ['b'], conditions: ['completed'] }]);
    const others = (cpus: number, memory: number) =>
      run.add({
        type: 'run.capacity',
        capacity: { cpus: 2, memory: 8 * 2 ** 30, gpus: [] },
        elsewhere: { cpus, memory, gpus: 0 },
        jobs: null,
      });
    others(2, 0);
    run.at = 30;
    others(1.5, 0);
    run.at = 90;
    others(0, 0);
    run.begin('a');
    others(2, 0); // while one of its own runs
    run.at = 100;
    run.end('a', 10);
    run.at = 102; // a moment between two trials
    run.begin('b');
    run.at = 110;
    run.end('b', 8);
    others(1, 2 ** 30);
    run.at = 200;
    run.begin('c');
    expect(linesOf(run).filter((line) => line.includes('room'))).toEqual([
      '14:00:03  2 trials wait for room: other runs on this engine hold 2 of 2 cpus',
      '14:01:03  2 trials wait for room: other runs on this engine hold 1.5 of 2 cpus',
      '14:02:03  1 trial waits for room: other runs on this engine hold 1 of 2 cpus, 1 GiB of 8 GiB of memory',
    ]);
  });

  it('tell that the run waits for memory', () => {
    const run = new RunScript().start(['a']);
    run.add({ type: 'admission.memory', low: { available: 2 ** 29, kept: 2 ** 30 } });
    run.at = 5;
    run.begin('a');
    expect(linesOf(run)[1]).toBe(
      '14:00:03  1 trial waits for room: the machine has less than 1 GiB of memory available, which is kept free',
    );
  });

  it('tell once that a store is away, and what is left to be stored when nothing else is waited for', () => {
    const run = new RunScript().start(['a']).begin('a');
    run.add({ type: 'results.store', address: 's3://lab', endpoint: null, region: null });
    run.add({ type: 'results.trouble', message: 'no answer' });
    run.add({ type: 'results.progress', stored: 0, bytes: 0, waiting: 3 });
    run.end('a', 1);
    run.add({ type: 'results.progress', stored: 0, bytes: 0, waiting: 4 });
    run.add({ type: 'results.progress', stored: 0, bytes: 0, waiting: 4 });
    run.add({ type: 'results.trouble', message: null });
    run.add({ type: 'results.progress', stored: 4, bytes: 9, waiting: 0 });
    expect(linesOf(run).filter((line) => /result/.test(line))).toEqual([
      "14:00:00  results wait in the run's folder: no answer",
      '14:00:00  4 results to be stored',
      '14:00:00  the store takes results again',
    ]);
  });
});
