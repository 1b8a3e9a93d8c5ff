import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RUN, readRight, trialOf } from './reading.js';

describe('a trial', () => {
  it('has the defaults that fit research code', () => {
    expect(trialOf('')).toEqual({
      name: 'ab',
      image: 'busybox',
      pull: 'missing',
      cmd: undefined,
      entrypoint: undefined,
      env: {},
      workdir: undefined,
      user: undefined,
      labels: {},
      shm: undefined,
      init: undefined,
      pids: 4096,
      stopSignal: undefined,
      grace: 10_000,
      params: undefined,
      ports: [],
      volumes: [],
      networks: [],
      depends: [],
      healthcheck: undefined,
      service: undefined,
      resources: { cpus: undefined, memory: undefined, gpus: undefined },
      timeout: undefined,
      stall: undefined,
      ownStall: false,
      retries: { max: 0, on: ['oom', 'timeout', 'exit'], backoff: 1000, memoryFactor: 1 },
      outputs: [],
      place: { file: 'experiment.jsonnet', line: 1, column: 2 },
    });
  });

  it('takes null for a field that is not given', () => {
    expect(
      trialOf('cmd: null, timeout: null, ports: null, healthcheck: null, resources: { cpus: null }'),
    ).toEqual(trialOf(''));
  });

  it.each([
    ['ab', 'python:3.12-slim', `sha256:${'a'.repeat(64)}`],
    ['a_b.c-1', 'localhost:5000/team/x:V1', `ghcr.io/o/x@sha256:${'0'.repeat(64)}`],
    [`9${'x'.repeat(62)}`, 'a', 'registry.example.org/deep/er/name__x:latest'],
  ])('may be named %s, with the images %s and %s', (name, ...images) => {
    for (const image of images) {
      const [trial] = readRight(`[{ name: '${name}', image: '${image}' }]`).experiment.trials;
      expect(trial).toMatchObject({ name, image });
    }
  });

  it('has its command as written or split into words', () => {
    expect(trialOf(`cmd: 'make simulation ID=1 NAME="a b"', entrypoint: ['sh', '-c']`)).toMatchObject({
      cmd: ['make', 'simulation', 'ID=1', 'NAME=a b'],
      entrypoint: ['sh', '-c'],
    });
    expect(trialOf("cmd: ['run', 3, 0.1, true, '']").cmd).toEqual(['run', '3', '0.1', 'true', '']);
  });

  it('has its variables as text, and passes some through', () => {
    expect(trialOf("env: { A: 'x', B: 3, C: 1e-5, D: false, E: '', TOKEN_OF_MINE: null }").env).toEqual({
      A: { kind: 'value', value: 'x', secret: false },
      B: { kind: 'value', value: '3', secret: false },
      C: { kind: 'value', value: '0.00001', secret: false },
      D: { kind: 'value', value: 'false', secret: false },
      E: { kind: 'value', value: '', secret: false },
      TOKEN_OF_MINE: { kind: 'passed' },
    });
  });

  it.each([
    ['{ host: 8080, container: 80 }', 8080, 80, 'tcp', '127.0.0.1'],
    ['{ host: "2222/tcp", container: "22/tcp" }', 2222, 22, 'tcp', '127.0.0.1'],
    ['{ host: "53", container: "53/udp", address: "0.0.0.0" }', 53, 53, 'udp', '0.0.0.0'],
    ['{ container: "9/sctp", address: "::1" }', 0, 9, 'sctp', '::1'],
    ['{ host: 0, container: 65535 }', 0, 65535, 'tcp', '127.0.0.1'],
    ['80', 0, 80, 'tcp', '127.0.0.1'],
    ['"80/udp"', 0, 80, 'udp', '127.0.0.1'],
  ])('publishes the port %s', (port, host, container, protocol, address) => {
    expect(trialOf(`ports: [${port}]`).ports).toEqual([{ host, container, protocol, address }]);
  });

  it.each([
    ['512m', 512 * 1024 ** 2],
    ['8g', 8 * 1024 ** 3],
    ['8Gi', 8 * 1024 ** 3],
    [104857600, 104857600],
  ])('takes the size %s', (written, bytes) => {
    const size = JSON.stringify(written);
    expect(trialOf(`resources: { memory: ${size} }, shm: ${size}`)).toMatchObject({
      shm: bytes,
      resources: { memory: bytes },
    });
  });

  it('takes its further fields', () => {
    expect(
      trialOf(`pull: 'never', workdir: '/src/', user: 1000, labels: { team: 'x', n: 3 }, init: false, pids: -1,
        stopSignal: 'int', grace: '1m', params: { lr: 0.1, layers: [1, 2], dropout: null }, networks: ['x', 'y'],
        healthcheck: { test: 'true' }, service: false, timeout: '1h30m', stall: '30m', retries: 2,
        outputs: ['out/a.json', './logs/', '/var/*.csv', { path: 'b', optional: true }],
        resources: { cpus: 0.5, gpus: 'all' }`),
    ).toMatchObject({
      pull: 'never',
      workdir: '/src',
      user: '1000',
      labels: { team: 'x', n: '3' },
      init: false,
      pids: -1,
      stopSignal: 'SIGINT',
      grace: 60_000,
      params: { lr: 0.1, layers: [1, 2], dropout: null },
      networks: ['x', 'y'],
      healthcheck: {
        test: ['CMD-SHELL', 'true'],
        interval: 1000,
        timeout: 5000,
        retries: 30,
        startPeriod: 0,
      },
      service: false,
      timeout: 5_400_000,
      stall: 1_800_000,
      ownStall: true,
      retries: { max: 2, on: ['oom', 'timeout', 'exit'], backoff: 1000, memoryFactor: 1 },
      outputs: [
        { path: 'out/a.json', optional: false },
        { path: 'logs', optional: false },
        { path: '/var/*.csv', optional: false },
        { path: 'b', optional: true },
      ],
      resources: { cpus: 0.5, gpus: 'all' },
    });
    expect(
      trialOf(`healthcheck: { test: ['curl', '-f', 'x'], interval: '2s', timeout: 3, retries: 4, startPeriod: '500ms' },
        retries: { max: 3, on: ['oom', 'oom'], backoff: '5s', memoryFactor: 2 }`),
    ).toMatchObject({
      healthcheck: {
        test: ['CMD', 'curl', '-f', 'x'],
        interval: 2000,
        timeout: 3000,
        retries: 4,
        startPeriod: 500,
      },
      retries: { max: 3, on: ['oom'], backoff: 5000, memoryFactor: 2 },
    });
  });

  it('depends by name or with a condition', () => {
    const text = `[{ name: 'ab', image: 'x' }, { name: 'bc', image: 'x' },
      { name: 'cd', image: 'x', depends: ['ab', { name: 'bc', condition: 'completed' }] }]`;
    expect(readRight(text).experiment.trials[2]!.depends).toEqual([
      { trial: 'ab', condition: 'default' },
      { trial: 'bc', condition: 'completed' },
    ]);
  });
});

describe('volumes', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'combu-spec-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('are folders or names by the rules of docker run -v', () => {
    const sources = [folder, './', '.', '..', `../${basename(folder)}/`, '~', 'cache'];
    const list = sources.map((host, n) => `{ host: '${host}', container: '/m${n}/' }`).join(', ');
    const { volumes } = trialOf(`volumes: [${list}, { host: 'data', container: '/ro', readonly: true }]`, {
      folder,
      home: folder,
    });
    expect(
      volumes.map((mount) => (mount.kind === 'folder' ? mount.folder : `volume ${mount.volume}`)),
    ).toEqual([folder, folder, folder, dirname(folder), folder, folder, 'volume cache', 'volume data']);
    expect(volumes[0]).toMatchObject({ container: '/m0', readonly: false });
    expect(volumes.at(-1)).toMatchObject({ container: '/ro', readonly: true });
  });
});

describe('an experiment', () => {
  it('takes its options', () => {
    const { experiment } = readRight(`{
      name: 'my sweep', parallelism: 4, keep: 'none', halt: { percent: 20 }, tags: { team: 'x', n: 3 },
      networks: { sim: { internal: true, subnet: '10.9.0.0/24' }, lab: { external: true } },
      volumes: { cache: {}, data: { external: true } },
      trials: [{ name: 'ab', image: 'x', networks: ['sim', 'lab'],
        volumes: [{ host: 'cache', container: '/c' }, { host: 'data', container: '/d' }] }],
    }`);
    expect(experiment).toMatchObject({
      name: 'my sweep',
      parallelism: 4,
      keep: 'none',
      halt: { kind: 'percent', percent: 20 },
      tags: { team: 'x', n: '3' },
      networks: {
        sim: { internal: true, subnet: '10.9.0.0/24', external: false },
        lab: { internal: false, subnet: undefined, external: true },
      },
      volumes: { cache: { external: false }, data: { external: true } },
      warnings: [],
    });
  });

  it('is named after its file, or the folder of its project', () => {
    const named = (filename: string, folder: string) => {
      const text = "[{ name: 'ab', image: 'x' }]";
      return readRight(text, { folder }, filename).experiment.name;
    };
    expect(named('sweep.jsonnet', '/home/me/iris')).toBe('sweep');
    expect(named('experiment.jsonnet', '/home/me/iris')).toBe('iris');
    expect(named('docker/experiment.jsonnet', '/home/me/iris/docker')).toBe('iris');
    expect(named('<stdin>', '/home/me/iris')).toBe('iris');
    expect(named('experiment.jsonnet', '/')).toBe('experiment');
  });

  it('may be a function of top-level arguments, with the run for UUID', () => {
    const { experiment } = readRight(
      "function(n) [{ name: 't%d' % i, image: 'x', cmd: ['UUID', 'UUIDs'] } for i in std.range(1, n)]",
      {
        topLevelArgs: { n: { kind: 'code', value: '2' } },
      },
    );
    expect(experiment.trials.map(({ name, cmd }) => [name, cmd])).toEqual([
      ['t1', [RUN, 'UUIDs']],
      ['t2', [RUN, 'UUIDs']],
    ]);
  });

  it('warns of declarations that nobody uses', () => {
    const { experiment } = readRight(`{ networks: { simulaton: {} }, volumes: { data: {} },
      trials: [{ name: 'ab', image: 'x', networks: ['simulation'] }] }`);
    expect(experiment.warnings).toEqual([
      'no trial uses the network "simulaton"; trials name "simulation"',
      'no trial uses the volume "data"',
    ]);
  });

  it('warns of what only a shell would act on', () => {
    const warnings = (...cmds: string[]) =>
      readRight(JSON.stringify(cmds.map((cmd, n) => ({ name: `t${n}`, image: 'x', cmd })))).experiment
        .warnings;
    expect(warnings('make a && make b', 'echo $HOME')).toEqual([
      '"make a && make b" (and 1 more like it) is run without a shell, so && is passed on as it stands; if a shell is wanted, write ["sh", "-c", "..."]',
    ]);
    expect(
      warnings("sh -c 'make a && echo $HOME'", 'bash -c "echo $HOME"', "echo '$HOME' a&b cost:5$"),
    ).toEqual([]);
  });
});

describe('defaults', () => {
  const merged = (defaults: string, trial: string) =>
    readRight(`{ defaults: { ${defaults} }, trials: [{ name: 'ab', image: 'x', ${trial} }] }`).experiment
      .trials[0]!;

  it('lie under every trial: objects deep, all else replaced', () => {
    expect(
      merged(
        "cmd: 'a b', outputs: ['x'], env: { A: '1', B: '2' }, params: { net: { depth: 2, width: 3 } }, resources: { cpus: 2, memory: '1g' }",
        "outputs: ['y'], env: { B: '3', C: '4' }, params: { net: { width: 5 } }, resources: { cpus: 1 }",
      ),
    ).toMatchObject({
      cmd: ['a', 'b'],
      outputs: [{ path: 'y' }],
      env: { A: { value: '1' }, B: { value: '3' }, C: { value: '4' } },
      params: { net: { depth: 2, width: 5 } },
      resources: { cpus: 1, memory: 1024 ** 3 },
    });
  });

  it('may hold what means something to some of the trials only', () => {
    expect(merged("stall: '30m'", 'service: true')).toMatchObject({ service: true, ownStall: false });
    expect(merged("stall: '30m'", '')).toMatchObject({ stall: 1_800_000, ownStall: false });
    expect(merged("stall: '30m'", "stall: '1h'")).toMatchObject({ stall: 3_600_000, ownStall: true });
  });

  it('are removed by null, which else means what it means', () => {
    const trial = merged(
      "cmd: 'a b', env: { A: '1', TOKEN_OF_MINE: null }, params: { p: 1, q: null }, timeout: '1m'",
      'cmd: null, env: { A: null, TOKEN_OF_MINE: null }, params: { p: null, r: null }, timeout: null',
    );
    expect(trial.cmd).toBeUndefined();
    expect(trial.timeout).toBeUndefined();
    expect(trial.env).toEqual({ TOKEN_OF_MINE: { kind: 'passed' } });
    expect(trial.params).toEqual({ q: null, r: null });
  });
});
