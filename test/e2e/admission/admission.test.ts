import { beforeAll, describe, expect, it } from 'vitest';
import type { Request } from '../../../src/model/resources.js';
import {
  BUSYBOX,
  engine,
  type FinishedRun,
  highest,
  type RunRecord,
  Workplace,
  workplace,
} from '../../rig/experiment.js';

/** The same by the engine's own clock: who ran when, whatever the journal says was admitted. */
function ranTogether(record: RunRecord, of: (request: Request) => number): number {
  const requests = new Map(record.all('attempt.intended').map((event) => [event.trial, event.request]));
  const steps = record.all('attempt.ended').flatMap((event) => {
    const by = of(requests.get(event.trial)!);
    return [
      { time: Date.parse(event.startedAt ?? ''), by },
      { time: Date.parse(event.finishedAt ?? ''), by: -by },
    ];
  });
  return highest(steps);
}

describe('forty trials of mixed requests', () => {
  const place = workplace();
  let run: FinishedRun;
  let capacity: { cpus: number; memory: number };

  beforeAll(async () => {
    const { NCPU, MemTotal } = (await engine.info()) as { NCPU: number; MemTotal: number };
    // Of the memory, 4 GiB are to be given out, whatever the machine has.
    const reserve = MemTotal - 4 * 2 ** 30;
    run = await place.run(
      `
      local requests = [
        { cpus: 0.25, memory: '256m' }, { cpus: 1, memory: '512m' }, { cpus: 0.5, memory: '3g' }, { cpus: ${NCPU}, memory: '64m' },
        { cpus: 0, memory: '1g' }, { cpus: 0.75, memory: '2g' }, { cpus: 0.1, memory: '128m' }, { memory: '200m' },
      ];
      {
        defaults: { image: '${BUSYBOX}', networks: ['none'] },
        trials: [
          { name: 'mixed-%02d' % i, resources: requests[i % 8], cmd: ['usleep', std.toString(50000 + 40000 * (i % 7))] }
          for i in std.range(0, 39)
        ],
      }`,
      ['--reserve-memory', String(reserve)],
    );
    capacity = { cpus: NCPU, memory: 4 * 2 ** 30 };
  });

  it('all run', () => {
    expect(run.code, run.stderr).toBe(0);
    expect(Object.values(run.record.ends())).toEqual(Array(40).fill('succeeded'));
  });

  it('at no instant do their requests exceed the capacity', () => {
    const said = run.record.all('run.capacity').at(-1)!.capacity;
    expect(said.cpus).toBeLessThanOrEqual(capacity.cpus);
    expect(said.memory).toBeLessThanOrEqual(capacity.memory);
    const { record } = run;
    for (const most of [
      record.mostHeld(({ request }) => request.cpus),
      ranTogether(record, ({ cpus }) => cpus),
    ]) {
      expect(most).toBeLessThanOrEqual(capacity.cpus + 1e-9);
    }
    for (const most of [
      record.mostHeld(({ request }) => request.memory),
      ranTogether(record, ({ memory }) => memory),
    ]) {
      expect(most).toBeLessThanOrEqual(capacity.memory);
    }
  });

  it('and what fits does not wait: the machine was full at some instant, in cpus or memory', () => {
    const cpus = run.record.mostHeld(({ request }) => request.cpus) / capacity.cpus;
    const memory = run.record.mostHeld(({ request }) => request.memory) / capacity.memory;
    expect(Math.max(cpus, memory)).toBeGreaterThan(0.9);
  });

  it('a trial without cpus reserves one', () => {
    expect(run.record.one('attempt.intended', 'mixed-07').request).toEqual({
      cpus: 1,
      memory: 200 * 2 ** 20,
      gpus: 0,
    });
  });
});

describe('the bound of jobs', () => {
  const place = workplace();
  const experiment = `[
    { name: 'jobs-%d' % i, image: '${BUSYBOX}', networks: ['none'], cmd: 'usleep 400000' } for i in std.range(1, 9)
  ]`;

  it('-j alone bounds: trials that ask for nothing then reserve nothing', async () => {
    const run = await place.run(experiment, ['-j', '5']);
    expect(run.code).toBe(0);
    expect(run.record.mostHeld(() => 1)).toBe(5);
    expect(run.record.one('attempt.intended', 'jobs-1').request.cpus).toBe(0);
  });

  it('-p false: one at a time, in the order of the file', async () => {
    const run = await place.run(experiment, ['-p', 'false']);
    expect(run.record.mostHeld(() => 1)).toBe(1);
    expect(run.record.all('attempt.started').map((event) => event.trial)).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8, 9].map((i) => `jobs-${i}`),
    );
  });
});

describe('two runs on one engine', () => {
  const place = workplace();
  const other = new Workplace();

  it('share its capacity without knowing of each other', async () => {
    const { NCPU } = (await engine.info()) as { NCPU: number };
    const experiment = (name: string) => `[
      { name: 'shared-${name}-%d' % i, image: '${BUSYBOX}', networks: ['none'], resources: { cpus: ${NCPU / 4} }, cmd: 'usleep 500000' }
      for i in std.range(1, 8)
    ]`;
    try {
      const runs = await Promise.all([place.run(experiment('one')), other.run(experiment('two'))]);
      for (const run of runs) expect(run.code, run.stderr).toBe(0);
      const together = runs
        .flatMap((run) => run.record.all('attempt.ended'))
        .flatMap((event) => [
          { time: Date.parse(event.startedAt ?? ''), by: NCPU / 4 },
          { time: Date.parse(event.finishedAt ?? ''), by: -NCPU / 4 },
        ]);
      expect(highest(together)).toBeLessThanOrEqual(NCPU);
    } finally {
      await other.dispose();
    }
  });
});

describe('a trial that waits', () => {
  const place = workplace();

  it('is told what it waits for by status', async () => {
    const { NCPU } = (await engine.info()) as { NCPU: number };
    place.write('gate/.keep', '');
    place.write(
      'experiment.jsonnet',
      `{
        defaults: { image: '${BUSYBOX}', networks: ['none'], resources: { cpus: ${NCPU} } },
        trials: [
          { name: 'waits-holder', volumes: [{ host: './gate', container: '/gate' }], cmd: ['sh', '-c', 'until [ -e /gate/open ]; do usleep 20000; done'] },
          { name: 'waits-next', cmd: 'true' },
        ],
      }`,
    );
    const underway = place.start(['run']);
    await place.until((record) => record.all('attempt.started', 'waits-holder').length === 1, underway);
    const status = await place.combu(['status']);
    expect(status.stdout).toMatch(/waits-next.*cpu|cpu.*waits-next/s);
    place.write('gate/open', '');
    expect((await underway.ended).code).toBe(0);
  });
});
