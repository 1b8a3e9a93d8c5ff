import { describe, expect, it } from 'vitest';
import { describePlan, describeServices, planToJson } from '../../../src/plan/describe.js';
import { container, network, planText, RUN } from './planning.js';

const TEXT = `{
  name: 'sweep',
  networks: { lab: { external: true } },
  defaults: { image: 'y', env: { API_KEY: 'in-file', TOKEN_OF_MINE: null } },
  trials: [
    { name: 'db', image: 'x', ports: [{ host: 5432, container: 5432 }], networks: ['sim'],
      healthcheck: { test: 'x' }, resources: { cpus: 0.5, memory: '1g' } },
    { name: 'prepare', cmd: 'x', volumes: [{ host: 'cache', container: '/cache' }] },
  ] + [
    { name: 'train-%d' % i, cmd: 'x', networks: ['sim', 'lab'], params: { i: i },
      depends: ['db', { name: 'prepare', condition: 'completed' }], resources: { gpus: i } } for i in [0, 1]
  ] + [{ name: 'report', image: 'z', cmd: 'x', depends: ['train-0', 'train-1'] }],
}`;

const plan = planText(
  TEXT,
  { gpus: ['GPU-a'], networks: [network('lab')], containers: [container('report')] },
  { jobs: 2 },
);

describe('a plan', () => {
  it('reads as text', () => {
    expect(describePlan(plan)).toBe(`experiment sweep, run ${RUN}
capacity: 4 cpus, 8 GiB of memory, 1 gpu
at once: 2 batch trials at most

images
  use  x  here, sha256:111111111111  1 trial
  use  y  here, sha256:222222222222  3 trials
  pull  z  absent  1 trial

networks
  create  sim  absent  3 trials  1000 at once
  create  combu-${RUN}  absent  2 trials  1000 at once
  use  lab  declared external  2 trials  1000 at once  172.20.0.0/16

volumes
  create  cache  absent

group 1
  db  service (train-0 depends on it, and it has a healthcheck)  0.5 cpus, 1 GiB  127.0.0.1:5432/tcp -> 5432/tcp
  prepare  batch (train-0 waits for it to complete)  1 cpu

group 2
  train-0  batch (report depends on it, but it has a command, and neither ports nor a healthcheck)  1 cpu  after db healthy, prepare completed
  train-1  batch (report depends on it, but it has a command, and neither ports nor a healthcheck)  1 cpu, 1 gpu  after db healthy, prepare completed

group 3
  report  batch  1 cpu  after train-0 started, train-1 started

warnings
  the file holds values that look like secrets (env API_KEY); they are masked in records. To keep them out of the file too, write \`env: { API_KEY: null }\` and set it in combu's environment

refused
  experiment.jsonnet:12:8: the name report is taken by a running container (report, image redis:7) that combu did not make: rename the trial, or remove that container: docker rm -f report
`);
  });

  it('has a JSON form without any value of a variable', () => {
    const json = planToJson(plan);
    expect(JSON.stringify(json)).not.toMatch(/in-file|s3cret/);
    expect(json).toEqual(JSON.parse(JSON.stringify(json)));
    expect(json).toMatchObject({
      schema: 'combu/plan/v1',
      experiment: 'sweep',
      run: RUN,
      jobs: 2,
      capacity: { cpus: 4, memory: 8 * 1024 ** 3, gpus: ['GPU-a'] },
      groups: [['db', 'prepare'], ['train-0', 'train-1'], ['report']],
      volumes: [{ name: 'cache', action: 'create', reason: 'absent' }],
    });
    expect((json.trials as unknown[])[3]).toEqual({
      name: 'train-1',
      image: 'y',
      kind: 'batch',
      reason: 'report depends on it, but it has a command, and neither ports nor a healthcheck',
      group: 2,
      depends: [
        { trial: 'db', condition: 'healthy' },
        { trial: 'prepare', condition: 'completed' },
      ],
      needs: ['db'],
      networks: ['sim', 'lab'],
      ports: [],
      request: { cpus: 1, memory: 0, gpus: 1 },
      extraEnv: { OMP_NUM_THREADS: '1' },
      unmeasured: true,
      timeout: null,
      stall: null,
      retries: null,
      fingerprint: plan.trials[3]!.fingerprint,
      params: { i: 1 },
    });
  });

  it('says what ends an attempt, and what follows a failed one, where the file does', () => {
    const text = `{ defaults: { image: 'x', cmd: 'x', stall: '30m', timeout: '1h30m' }, trials: [
      { name: 'db', service: true, retries: 1 },
      { name: 'usual', stall: null, timeout: null, retries: 0 },
      { name: 'fit', retries: 2 },
      { name: 'big', timeout: '90s', retries: { max: 3, on: ['oom', 'exit'], backoff: '5s', memoryFactor: 1.5 } }] }`;
    const limited = planText(text);
    const group = describePlan(limited).split('group 1\n')[1];
    expect(group).toBe(`  db  service (it says service: true)  0 cpus  timeout 1h30m, 1 retry
  usual  batch  1 cpu
  fit  batch  1 cpu  timeout 1h30m, stall 30m, 2 retries
  big  batch  1 cpu  timeout 1m30s, stall 30m, 3 retries (on oom and exit, after 5s, memory x 1.5)
`);
    const shown = planToJson(limited).trials as Record<string, unknown>[];
    expect(shown.map(({ timeout, stall, retries }) => ({ timeout, stall, retries }))).toEqual([
      {
        timeout: 5400,
        stall: null,
        retries: { max: 1, on: ['oom', 'timeout', 'exit'], backoff: 1, memoryFactor: 1 },
      },
      { timeout: null, stall: null, retries: null },
      {
        timeout: 5400,
        stall: 1800,
        retries: { max: 2, on: ['oom', 'timeout', 'exit'], backoff: 1, memoryFactor: 1 },
      },
      { timeout: 90, stall: 1800, retries: { max: 3, on: ['oom', 'exit'], backoff: 5, memoryFactor: 1.5 } },
    ]);
  });

  it('says which trials became services and why, those that are alike in one line', () => {
    const pairs = planText(`[{ name: 'db', image: 'x', service: true }] + std.flattenArrays([[
      { name: 'server-%d' % i, image: 'x', ports: [80], cmd: 'x' },
      { name: 'solver-%d' % i, image: 'x', cmd: 'x', depends: ['server-%d' % i] }] for i in std.range(1, 100)])`);
    expect(describeServices(pairs)).toEqual([
      'db is a service: it says service: true',
      'server-1, server-2, server-3 and 97 more are services, such as server-1: solver-1 depends on it, and it has ports',
    ]);
  });
});
