import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BUSYBOX, engine, type Workplace, workplace } from '../../rig/experiment.js';

/** `experiment.jsonnet:3:9: trials[1].ports[0].host: what is wrong` as its parts, of all such lines. */
function problems(stderr: string): { line: number; path: string; text: string }[] {
  return [...stderr.matchAll(/experiment\.jsonnet:(\d+):\d+: (?:((?:\[\d+\]|[A-Za-z])[^\s:]*): )?(.*)/g)].map(
    ([, line, path, text]) => ({ line: Number(line), path: path ?? '', text: text ?? '' }),
  );
}

/** Runs a faulty file: exit 2, no stack trace, and nothing made anywhere. */
async function refused(place: Workplace, text: string): Promise<string> {
  place.write('experiment.jsonnet', text);
  const ended = await place.combu(['run']);
  expect(ended.code, ended.stderr).toBe(2);
  expect(ended.stdout).toBe('');
  expect(ended.stderr).not.toMatch(/^\s+at .*\.js:\d/m);
  expect(await engine.listContainers({ all: true, filters: { name: ['faulty-'] } })).toEqual([]);
  expect(await place.networks()).toEqual([]);
  expect(place.runs()).toEqual([]);
  return ended.stderr;
}

describe('a faulty file', () => {
  const place = workplace();

  it('has all its problems told at once, each with its place', async () => {
    const stderr = await refused(
      place,
      `{
  halt: { failurs: 2 },
  keep: 'some',
  paralellism: 3,
  trials: [
    { name: 'faulty-well', image: '${BUSYBOX}' },
    { name: 'a', image: '${BUSYBOX}' },
    { image: '${BUSYBOX}' },
    { name: 'faulty-imageless' },
    { name: 'faulty-ports', image: '${BUSYBOX}',
      ports: [{ host: 70000, container: 80 },
              { host: 80, container: 'http' }] },
    { name: 'faulty-env', image: '${BUSYBOX}',
      env: ['A=1'],
      enviroment: {},
      cmd: "echo 'open" },
    { name: 'faulty-depends', image: '${BUSYBOX}',
      depends: ['faulty-wel', { name: 'faulty-well', condition: 'ready' }] },
    { name: 'faulty-resources', image: '${BUSYBOX}',
      resources: { cpus: -1, memory: '8 apples' },
      timeout: '10 minutes',
      retries: { max: 1, on: ['error'] } },
    { name: 'faulty-labels', image: '${BUSYBOX}',
      labels: { 'combu.run': 'mine' },
      networks: ['none', 'other'],
      outputs: ['*/model.json'] },
    { name: 'Faulty-Well', image: '${BUSYBOX}' },
  ],
}`,
    );
    const found = problems(stderr);
    const at = (path: string) => found.find((problem) => problem.path === path)?.line;
    expect({
      'halt.failurs': at('halt.failurs'),
      keep: at('keep'),
      paralellism: at('paralellism'),
      'trials[1].name': at('trials[1].name'),
      'trials[4].ports[0].host': at('trials[4].ports[0].host'),
      'trials[4].ports[1].container': at('trials[4].ports[1].container'),
      'trials[5].env': at('trials[5].env'),
      'trials[5].enviroment': at('trials[5].enviroment'),
      'trials[5].cmd': at('trials[5].cmd'),
      'trials[6].depends[0]': at('trials[6].depends[0]'),
      'trials[6].depends[1].condition': at('trials[6].depends[1].condition'),
      'trials[7].resources.cpus': at('trials[7].resources.cpus'),
      'trials[7].resources.memory': at('trials[7].resources.memory'),
      'trials[7].timeout': at('trials[7].timeout'),
      'trials[7].retries.on[0]': at('trials[7].retries.on[0]'),
      'trials[8].outputs[0]': at('trials[8].outputs[0]'),
      'trials[9].name': at('trials[9].name'),
    }).toEqual({
      'halt.failurs': 2,
      keep: 3,
      paralellism: 4,
      'trials[1].name': 7,
      'trials[4].ports[0].host': 11,
      'trials[4].ports[1].container': 12,
      'trials[5].env': 14,
      'trials[5].enviroment': 15,
      'trials[5].cmd': 16,
      'trials[6].depends[0]': 18,
      'trials[6].depends[1].condition': 18,
      'trials[7].resources.cpus': 20,
      'trials[7].resources.memory': 20,
      'trials[7].timeout': 21,
      'trials[7].retries.on[0]': 22,
      'trials[8].outputs[0]': 26,
      'trials[9].name': 27,
    });
    // What is missing has the place of what misses it.
    const lines = found.map((problem) => problem.line);
    expect(lines).toEqual(expect.arrayContaining([8, 9, 24, 25]));
    expect(stderr).toContain('combu.run');
  });

  it('has its misspelt names answered with a suggestion', async () => {
    const stderr = await refused(
      place,
      `{
  paralellism: 3,
  trials: [
    { name: 'faulty-well', image: '${BUSYBOX}' },
    { name: 'faulty-two', image: '${BUSYBOX}', enviroment: {}, depends: ['faulty-wel'] },
  ],
}`,
    );
    const lineOf = (path: string) => {
      const start = stderr.indexOf(`${path}:`);
      expect(start, path).toBeGreaterThanOrEqual(0);
      return stderr.slice(start, start + 400);
    };
    expect(lineOf('paralellism')).toContain('parallelism');
    expect(lineOf('trials[1].enviroment')).toMatch(/\benv\b/);
    expect(lineOf('trials[1].depends[0]')).toContain('faulty-well');
  });

  it('has a cycle shown as a path', async () => {
    const stderr = await refused(
      place,
      `[
  { name: 'faulty-one', image: '${BUSYBOX}', depends: ['faulty-two'] },
  { name: 'faulty-two', image: '${BUSYBOX}', depends: ['faulty-three'] },
  { name: 'faulty-three', image: '${BUSYBOX}', depends: ['faulty-one'] },
]`,
    );
    const names = stderr.match(/faulty-(one|two|three)/g) ?? [];
    const path = names.join(' ');
    expect(path).toMatch(
      /faulty-one faulty-two faulty-three faulty-one|faulty-two faulty-three faulty-one faulty-two|faulty-three faulty-one faulty-two faulty-three/,
    );
    expect(stderr).toMatch(/experiment\.jsonnet:[234]:/);
  });

  it('in the bare form has paths that begin with the index', async () => {
    const stderr = await refused(
      place,
      `[\n  { name: 'faulty-well', image: '${BUSYBOX}' },\n  { name: 'faulty-ports', image: '${BUSYBOX}', ports: [{ host: 'x', container: 1 }] },\n]`,
    );
    expect(problems(stderr)).toMatchObject([{ line: 3, path: '[1].ports[0].host' }]);
  });

  it('that shares one host port or one name between two trials is told of both', async () => {
    const stderr = await refused(
      place,
      `[
  { name: 'faulty-same', image: '${BUSYBOX}', ports: [{ host: 22299, container: 1 }] },
  { name: 'faulty-same', image: '${BUSYBOX}' },
  { name: 'faulty-third', image: '${BUSYBOX}', ports: [{ host: '22299/tcp', container: 2 }] },
]`,
    );
    expect(stderr).toContain('22299');
    const lines = problems(stderr).map((problem) => problem.line);
    expect(lines).toEqual(expect.arrayContaining([3, 4]));
  });

  it('that is no Jsonnet, or throws, has the place of that', async () => {
    expect(await refused(place, `[\n  { name: 'faulty-open', image: \n`)).toMatch(
      /experiment\.jsonnet:[23]:/,
    );
    const thrown = await refused(place, `local n = 3;\n[{ name: error 'no name for %d' % n, image: 'x' }]`);
    expect(thrown).toContain('no name for 3');
    expect(thrown).toContain('experiment.jsonnet:2:');
    expect(await refused(place, `[{ name: 'faulty-' + nmae }]`)).toMatch(/experiment\.jsonnet:1:/);
    expect(await refused(place, `{ trials: 3 }`)).toContain('trials');
    expect(await refused(place, `'hello'`)).toContain('experiment.jsonnet');
  });

  it('makes no state folder', async () => {
    await refused(place, `[{ name: 'faulty-x', imagine: 1 }]`);
    expect(existsSync(place.path('.combu', 'runs'))).toBe(false);
  });
});
