import { describe, expect, it } from 'vitest';
import { GIB, image, machine, planText, refusals } from './planning.js';

const batch = (fields: string, n = 0) => `{ name: 't-${n}', image: 'x', cmd: 'x', ${fields} }`;
const requestOf = (
  fields: string,
  ...rest: [Parameters<typeof planText>[1]?, Parameters<typeof planText>[2]?]
) => planText(`[${batch(fields)}]`, ...rest).trials[0]!.request;

describe('a request', () => {
  it('is what is asked for', () => {
    expect(requestOf("resources: { cpus: 0.5, memory: '2g' }")).toEqual({
      cpus: 0.5,
      memory: 2 * GIB,
      gpus: 0,
    });
    expect(requestOf('resources: { cpus: 0 }')).toEqual({ cpus: 0, memory: 0, gpus: 0 });
    expect(requestOf('resources: { gpus: 2 }', { gpus: ['GPU-a', 'GPU-b', 'GPU-c'] }).gpus).toBe(2);
    expect(requestOf("resources: { gpus: 'all' }", { gpus: ['GPU-a', 'GPU-b', 'GPU-c'] }).gpus).toBe(3);
  });

  it('is one cpu for a batch trial that asks for none, but none with an explicit -j, and none for a service', () => {
    expect(requestOf('').cpus).toBe(1);
    expect(requestOf('', {}, { jobs: 4, explicitJobs: false }).cpus).toBe(1);
    expect(requestOf('', {}, { jobs: 4, explicitJobs: true }).cpus).toBe(0);
    expect(requestOf('resources: { cpus: 2 }', {}, { jobs: 4, explicitJobs: true }).cpus).toBe(2);
    expect(requestOf('service: true').cpus).toBe(0);
    expect(requestOf('service: true, resources: { cpus: 2 }').cpus).toBe(2);
  });

  it('that nobody made never refuses a small machine', () => {
    const small = planText(`[${batch('')}]`, {}, { reserve: { cpus: 3.5, memory: 0 } });
    expect(small.capacity.cpus).toBe(0.5);
    expect(small.trials[0]!.request.cpus).toBe(0.5);
    expect(small.refusals).toEqual([]);
  });
});

describe('OMP_NUM_THREADS', () => {
  const threads = (text: string, ...rest: [Parameters<typeof planText>[1]?]) =>
    planText(text, ...rest).trials[0]!.extraEnv;

  it('is the cpus asked for, in whole ones, at least one', () => {
    expect(threads(`[${batch('resources: { cpus: 3 }')}]`)).toEqual({ OMP_NUM_THREADS: '3' });
    expect(threads(`[${batch('resources: { cpus: 2.5 }')}]`)).toEqual({ OMP_NUM_THREADS: '2' });
    expect(threads(`[${batch('resources: { cpus: 0.5 }')}]`)).toEqual({ OMP_NUM_THREADS: '1' });
  });

  it('is else the share of the machine that falls to each batch trial', () => {
    const many = (n: number) =>
      `[${Array.from({ length: n }, (_, i) => batch('', i)).join(', ')}, { name: 'db', image: 'x', service: true }]`;
    expect(threads(many(1))).toEqual({ OMP_NUM_THREADS: '4' });
    expect(threads(many(2))).toEqual({ OMP_NUM_THREADS: '2' });
    expect(threads(many(3))).toEqual({ OMP_NUM_THREADS: '1' });
    expect(threads(many(50))).toEqual({ OMP_NUM_THREADS: '1' });
  });

  it('is left alone where the file or the image sets it', () => {
    expect(threads(`[${batch('env: { OMP_NUM_THREADS: 8 }')}]`)).toEqual({});
    expect(
      threads(`[${batch('')}]`, { images: new Map([['x', image({ env: ['OMP_NUM_THREADS'] })]]) }),
    ).toEqual({});
  });
});

describe('what can never fit', () => {
  it('is refused, alone, with what the machine offers', () => {
    const plan = planText(
      `[${batch("resources: { cpus: 8, memory: '9g' }")}]`,
      {},
      { reserve: { cpus: 1, memory: GIB } },
    );
    expect(refusals(plan)).toEqual([
      'never-fits t-0: t-0 needs 8 cpus (the machine offers 3) and 9 GiB of memory (the machine offers 7 GiB) -> ask for less in `resources`, or run it on a larger machine',
    ]);
  });

  it('is told once for trials that are alike', () => {
    const plan = planText(
      `[{ name: 't-%d' % i, image: 'x', cmd: 'x', resources: { cpus: 5 } } for i in std.range(1, 100)]`,
    );
    expect(refusals(plan)).toEqual([
      'never-fits t-1: t-1, t-2, t-3 and 97 more each need 5 cpus (the machine offers 4) -> ask for less in `resources`, or run it on a larger machine',
    ]);
  });

  it('is refused together with the services that it needs', () => {
    const text = (cpus: number) => `[
      { name: 'db', image: 'x', service: true, resources: { cpus: 1.1 } },
      { name: 'cache', image: 'x', service: true, resources: { cpus: 0.2 }, depends: ['db'] },
      { name: 'job', image: 'x', cmd: 'x', resources: { cpus: ${cpus} }, depends: ['cache'] }]`;
    expect(planText(text(2.7)).refusals).toEqual([]);
    expect(refusals(planText(text(3)))).toEqual([
      'never-fits job: job needs, together with the services db and cache, 4.3 cpus (the machine offers 4) -> ask for less in the trial or in its services, or declare `cpus: 0` where little is used',
    ]);
  });

  it('is refused where devices are missing', () => {
    const plan = planText(
      `[${batch('resources: { gpus: 2 }', 1)}, ${batch("resources: { gpus: 'all' }", 2)}]`,
      { gpus: ['GPU-a'] },
    );
    expect(refusals(plan)).toEqual([
      'gpu t-1: t-1 needs 2 gpus (the machine offers 1) -> ask for less in `resources`, or run it on a larger machine',
    ]);
    expect(refusals(planText(`[${batch("resources: { gpus: 'all' }")}]`))).toEqual([
      'gpu t-0: t-0 needs 1 gpu (the machine offers 0) -> run it on a machine with gpus, or name them with --gpus',
    ]);
  });

  it('is refused where a network is too small for a trial and its services', () => {
    const text = `{ networks: { tiny: { subnet: '10.9.0.0/30' } }, trials: [
      { name: 'db', image: 'x', service: true, networks: ['tiny'] },
      { name: 'job', image: 'x', cmd: 'x', networks: ['tiny'], depends: ['db'] }] }`;
    expect(refusals(planText(text))).toEqual([
      'never-fits job: job needs, together with its services, 2 places in network tiny, which has 1 -> give the network a larger `subnet`, or let services join others',
    ]);
  });

  it('leaves a machine that is large enough alone', () => {
    expect(machine().engine.cpus).toBe(4);
    expect(planText(`[${batch("resources: { cpus: 4, memory: '8g' }")}]`).refusals).toEqual([]);
  });
});
