import { beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, type FinishedRun, workplace } from '../../rig/experiment.js';

/** Holds 32 MiB of text, and while it doubles it the last time, half as much again. */
const HUNGRY = `awk 'BEGIN { text = "x"; while (length(text) < 33554432) text = text text; print length(text) }'`;

describe('how a trial ends', () => {
  const place = workplace();
  let run: FinishedRun;

  beforeAll(async () => {
    run = await place.run(`
      local sh(script) = { cmd: ['sh', '-c', script] };
      local hungry = |||
        ${HUNGRY}
      |||;
      {
        keep: 'none',
        defaults: { image: '${BUSYBOX}', resources: { cpus: 0 } },
        trials: [
          sh('sleep 300') { name: 'ends-late', timeout: '1s' },
          sh('trap "echo saved; exit 0" TERM; while :; do usleep 50000; done') { name: 'ends-saving', timeout: '1s' },
          sh('trap "echo asked" USR1; while :; do usleep 50000; done')
            { name: 'ends-stubborn', timeout: '1s', grace: '2s', stopSignal: 'SIGUSR1', init: false },
          sh('exit 7') { name: 'ends-badly' },
          sh('kill -9 $$') { name: 'ends-by-signal' },
          { name: 'ends-nowhere', cmd: ['/no/such/program'], init: false },
          { name: 'ends-unknown', cmd: ['/no/such/program'] },
          sh('exit $((3 - COMBU_ATTEMPT))') { name: 'retries-number', retries: 2 },
          sh('exit $((3 - COMBU_ATTEMPT))') { name: 'retries-too-few', retries: { max: 1, backoff: '2s' } },
          sh('exit 1') { name: 'retries-oom-only', retries: { max: 3, on: ['oom'] } },
          sh('[ $COMBU_ATTEMPT = 2 ] || sleep 300') { name: 'retries-timeout', timeout: '1s', retries: { max: 1, on: ['timeout'] } },
          sh('exec ' + hungry) { name: 'memory-too-little', resources: { memory: '16m' } },
          sh('exec ' + hungry)
            { name: 'memory-more', resources: { memory: '16m' }, retries: { max: 1, on: ['oom'], memoryFactor: 10 } },
          sh(hungry + 'echo child=$?; true') { name: 'memory-child', resources: { memory: '16m' } },
        ],
      }`);
  });

  const end = (trial: string, attempt = 1) => {
    const found = run.record.all('attempt.ended', trial).find((event) => event.attempt === attempt);
    if (found === undefined) throw new Error(`${trial} has no end of attempt ${attempt}.`);
    return found;
  };
  const lasted = (trial: string) =>
    Date.parse(end(trial).finishedAt ?? '') - Date.parse(end(trial).startedAt ?? '');

  it('each has its state', () => {
    expect(run.record.ends()).toEqual({
      'ends-late': 'timeout',
      'ends-saving': 'timeout',
      'ends-stubborn': 'timeout',
      'ends-badly': 'failed',
      'ends-by-signal': 'failed',
      'ends-nowhere': 'failed',
      'ends-unknown': 'failed',
      'retries-number': 'succeeded',
      'retries-too-few': 'failed',
      'retries-oom-only': 'failed',
      'retries-timeout': 'succeeded',
      'memory-too-little': 'oom',
      'memory-more': 'succeeded',
      'memory-child': 'succeeded',
    });
    expect(run.code).toBe(1);
  });

  it('timeout: asked to stop when its time is over, and killed only after its grace', () => {
    expect(lasted('ends-late')).toBeGreaterThanOrEqual(1000);
    expect(lasted('ends-late')).toBeLessThan(9000);
    expect(run.record.log('ends-saving')).toBe('saved\n');
    expect(end('ends-saving').exitCode).toBe(0);
    expect(run.record.log('ends-stubborn')).toBe('asked\n');
    expect(end('ends-stubborn').exitCode).toBe(137);
    expect(lasted('ends-stubborn')).toBeGreaterThanOrEqual(3000);
    expect(lasted('ends-stubborn')).toBeLessThan(10_500);
  });

  it('the cause says what happened', () => {
    expect(end('ends-badly')).toMatchObject({ exitCode: 7, cause: 'exit 7' });
    expect(end('ends-by-signal').cause).toBe('killed by signal 9, not by combu');
    expect(end('ends-nowhere').cause).toContain('/no/such/program');
    expect(end('ends-nowhere').startedAt).toBeNull();
    expect(end('ends-unknown').exitCode).toBe(127);
  });

  it('a failed attempt is tried again, each time after twice the back-off', () => {
    expect(run.record.all('attempt.ended', 'retries-number').map((each) => each.exitCode)).toEqual([2, 1, 0]);
    expect(run.record.all('trial.retrying', 'retries-number').map((each) => each.delay)).toEqual([
      1000, 2000,
    ]);
    expect(run.record.all('attempt.ended', 'retries-too-few').map((each) => each.exitCode)).toEqual([2, 1]);
    const again = run.record.all('attempt.intended', 'retries-too-few')[1];
    const before = run.record.all('attempt.ended', 'retries-too-few')[0];
    const waited = Date.parse(again?.time ?? '') - Date.parse(before?.time ?? '');
    expect(waited).toBeGreaterThanOrEqual(2000);
  });

  it('only for the causes that were named', () => {
    expect(run.record.all('attempt.intended', 'retries-oom-only')).toHaveLength(1);
    expect(run.record.all('attempt.ended', 'retries-timeout').map((each) => each.outcome)).toEqual([
      'timeout',
      'succeeded',
    ]);
  });

  it('out of memory is told from other ends, and tried again with more', () => {
    expect(end('memory-too-little')).toMatchObject({ outcome: 'oom', exitCode: 137 });
    const requests = run.record.all('attempt.intended', 'memory-more').map((each) => each.request.memory);
    expect(requests).toEqual([16 * 2 ** 20, 160 * 2 ** 20]);
    expect(end('memory-more').outcome).toBe('oom');
    expect(run.record.log('memory-more', 2)).toBe('33554432\n');
  });

  it('a child that ran out of memory is noted beside the success', () => {
    expect(run.record.log('memory-child')).toContain('child=137\n');
    expect(end('memory-child')).toMatchObject({ outcome: 'succeeded', exitCode: 0 });
    expect(end('memory-child').note).toMatch(/memory/);
  });

  it('each attempt has a log of its own, and nothing is left', async () => {
    expect(run.record.log('retries-number', 3)).toBe('');
    expect(await place.containers()).toEqual([]);
  });
});

describe('peaks', () => {
  const place = workplace();

  it('memory and cpu time are those that were used; what was never measured is null', async () => {
    const run = await place.run(`{
      defaults: { image: '${BUSYBOX}' },
      trials: [
        { name: 'peaks-busy', cmd: ['sh', '-c', |||
          awk 'BEGIN { text = "x"; while (length(text) < 33554432) text = text text; while (n < 20000000) n++ }'
          sleep 2
        |||] },
      ],
    }`);
    const { peaks, startedAt, finishedAt } = run.record.one('attempt.ended', 'peaks-busy');
    const seconds = (Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '')) / 1000;
    expect(peaks.memory).toBeGreaterThan(32 * 2 ** 20);
    expect(peaks.memory).toBeLessThan(160 * 2 ** 20);
    expect(peaks.cpuSeconds).toBeGreaterThan(0.3);
    expect(peaks.cpuSeconds).toBeLessThan(seconds + 0.1);
  });
});
