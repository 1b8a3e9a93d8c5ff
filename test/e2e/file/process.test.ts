import { availableParallelism } from 'node:os';
import type Docker from 'dockerode';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUSYBOX, type FinishedRun, workplace } from '../../rig/experiment.js';

/** One run of all that decides what a trial's process finds when it starts: each trial prints, and is kept to be inspected. */
const EXPERIMENT = String.raw`
local uuid = "UUID";
local facts(script) = { cmd: ['sh', '-c', script] };
{
  keep: 'all',
  defaults: { image: '${BUSYBOX}', resources: { cpus: 0 }, env: { SHARED: 'all', DROPPED: 'no' } },
  trials: [
    { name: 'process-words', cmd: "printf '%s|' one \"two three\" 'four \"five\"' six\\ seven $HOME" },
    { name: 'process-array', cmd: ['printf', '%s|', 'a b', '', '$HOME'] },
    { name: 'process-entry', entrypoint: ['printf', '[%s]'], cmd: ['x y', 'z'] },
    { name: 'process-entry-words', entrypoint: "printf '<%s>'", cmd: "'x y' z" },
    { name: 'process-env', env: { OWN: 'a=b "c"', DROPPED: null, OMP_NUM_THREADS: '7' } }
      + facts('echo own=$OWN; echo shared=$SHARED; echo dropped=$(env | grep ^DROPPED= || echo unset); echo threads=$OMP_NUM_THREADS'),
    { name: 'process-identity', params: { rate: 0.5, layers: [1, 2], 'naïve': true, nested: { uuid: uuid } } }
      + facts('env | grep ^COMBU_'),
    { name: 'process-user', user: '1234:5678', workdir: '/work/here' }
      + facts('echo uid=$(id -u); echo gid=$(id -g); echo pwd=$(pwd); touch $COMBU_RESULTS/mine && echo results=writable'),
    { name: 'process-defaults' }
      + facts(|||
        echo first=$(cat /proc/1/comm)
        echo threads=$OMP_NUM_THREADS
        echo shm=$(df -k /dev/shm | awk 'END{print $2}')
        echo privileges=$(awk '/NoNewPrivs/{print $2}' /proc/self/status)
        echo pids=$(cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max)
        echo gpus=$NVIDIA_VISIBLE_DEVICES
      |||),
    { name: 'process-bounded', shm: '32m', pids: 12, init: false, labels: { project: 'combu tests', 'a.b/c': '' } }
      + facts(|||
        echo first=$(cat /proc/1/comm)
        echo shm=$(df -k /dev/shm | awk 'END{print $2}')
        i=0; while [ $i -lt 30 ]; do sleep 3 & i=$((i + 1)); done
        wait; echo forked=all
      |||),
    { name: 'process-limited', resources: { cpus: 0.5, memory: '64m' } }
      + facts('echo shm=$(df -k /dev/shm | awk \'END{print $2}\'); echo threads=$OMP_NUM_THREADS'),
    { name: 'process-swapless', resources: { cpus: 1.5, memory: 100000000 } }
      + facts('echo threads=$OMP_NUM_THREADS'),
  ],
}`;

const BATCH_TRIALS = 11;

describe('what a trial starts with', () => {
  const place = workplace();
  let run: FinishedRun;
  const containers = new Map<string, Docker.ContainerInspectInfo>();

  beforeAll(async () => {
    run = await place.run(EXPERIMENT);
    for (const each of await place.containers()) {
      containers.set(each.Config.Labels['combu.trial'] ?? '', each);
    }
  });

  const host = (trial: string) => {
    const found = containers.get(trial);
    if (found === undefined) throw new Error(`No container was kept of ${trial}.\n${run.stderr}`);
    return found.HostConfig;
  };

  it('runs to the end; only the trial that forks too much fails', () => {
    const { 'process-bounded': bounded, ...others } = run.record.ends();
    expect(new Set(Object.values(others))).toEqual(new Set(['succeeded']));
    expect(Object.keys(others)).toHaveLength(BATCH_TRIALS - 1);
    expect(bounded).toBe('failed');
    expect(run.code).toBe(1);
  });

  it('cmd as a string is split into words as a shell splits them, and no shell runs', () => {
    expect(run.record.log('process-words')).toBe('one|two three|four "five"|six seven|$HOME|');
  });

  it('cmd as an array is taken as it is', () => {
    expect(run.record.log('process-array')).toBe('a b||$HOME|');
  });

  it('entrypoint is an array or a string', () => {
    expect(run.record.log('process-entry')).toBe('[x y][z]');
    expect(run.record.log('process-entry-words')).toBe('<x y><z>');
  });

  it('env is merged over the defaults, and null in it removes', () => {
    expect(run.record.facts('process-env')).toEqual({
      own: 'a=b "c"',
      shared: 'all',
      dropped: 'unset',
      threads: '7',
    });
  });

  it('each trial is told who it is, what it varies and where its results go', () => {
    const facts = run.record.facts('process-identity');
    expect(facts).toMatchObject({
      COMBU_RUN: run.record.id,
      COMBU_TRIAL: 'process-identity',
      COMBU_ATTEMPT: '1',
    });
    expect(facts.COMBU_EXPERIMENT).toBeTruthy();
    expect(facts.COMBU_RESULTS).toMatch(/^\//);
    expect(JSON.parse(facts.COMBU_PARAMS ?? '')).toEqual({
      rate: 0.5,
      layers: [1, 2],
      naïve: true,
      nested: { uuid: run.record.id },
    });
  });

  it('user and workdir hold, and that user can write results', () => {
    expect(run.record.facts('process-user')).toEqual({
      uid: '1234',
      gid: '5678',
      pwd: '/work/here',
      results: 'writable',
    });
  });

  it('the defaults fit research code', () => {
    expect(run.record.facts('process-defaults')).toEqual({
      first: 'docker-init',
      threads: String(Math.max(1, Math.floor(availableParallelism() / BATCH_TRIALS))),
      shm: String(1024 * 1024),
      privileges: '1',
      pids: '4096',
      gpus: 'void',
    });
  });

  it('shm, pids, init and labels hold', () => {
    const facts = run.record.log('process-bounded');
    expect(facts).toContain('first=sh\n');
    expect(facts).toContain(`shm=${32 * 1024}\n`);
    expect(facts).not.toContain('forked=all');
    expect(containers.get('process-bounded')?.Config.Labels).toMatchObject({
      project: 'combu tests',
      'a.b/c': '',
    });
  });

  it('requests are limits of the container: a cpu quota, and memory with as much swap as none', () => {
    expect(host('process-limited')).toMatchObject({
      NanoCpus: 500_000_000,
      Memory: 64 * 1024 * 1024,
      MemorySwap: 64 * 1024 * 1024,
    });
    expect(run.record.facts('process-limited')).toEqual({ shm: String(64 * 1024), threads: '1' });
    expect(host('process-swapless')).toMatchObject({
      NanoCpus: 1_500_000_000,
      Memory: 100_000_000,
      MemorySwap: 100_000_000,
    });
    expect(run.record.facts('process-swapless').threads).toMatch(/^[12]$/);
    expect(host('process-defaults')).toMatchObject({ NanoCpus: 0, Memory: 0 });
  });

  it('every container is labelled as combu and as its own', () => {
    const { Name, Config } = containers.get('process-array') as Docker.ContainerInspectInfo;
    expect(Name).toBe('/process-array');
    expect(Config.Labels).toMatchObject({
      'combu.file': place.path('experiment.jsonnet'),
      'combu.run': run.record.id,
      'combu.name': 'process-array',
      'combu.trial': 'process-array',
      'combu.attempt': '1',
    });
    expect(Config.Labels['combu.experiment']).toBeTruthy();
    expect(Config.Labels['combu.owner']).toBeTruthy();
    expect(Config.Labels['combu.fingerprint']).toBeTruthy();
  });

  it('logs are bounded whatever the default driver of the engine', () => {
    expect(host('process-array').LogConfig).toEqual({
      Type: 'json-file',
      Config: { 'max-size': '64m', 'max-file': '2' },
    });
  });
});
