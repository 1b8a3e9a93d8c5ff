import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../src/model/json.js';
import { read } from './reading.js';

/** An experiment that uses every field. */
const SOUND = {
  name: 'sound',
  parallelism: 4,
  keep: 'all',
  halt: { failures: 3 },
  tags: { team: 'x' },
  networks: { sim: { internal: true, subnet: '10.9.0.0/16' } },
  volumes: { cache: { external: true } },
  defaults: { image: 'busybox', env: { A: '1' }, resources: { cpus: 1 } },
  trials: [
    {
      name: 'loader',
      pull: 'never',
      ports: [{ host: 8080, container: '80/tcp', address: '0.0.0.0' }],
      networks: ['sim'],
      healthcheck: { test: ['true'], interval: '1s', timeout: 2, retries: 3, startPeriod: '0s' },
      service: true,
    },
    {
      name: 'solver',
      cmd: 'make simulation "ID=1"',
      entrypoint: ['sh', '-c'],
      env: { B: 2, TOKEN_OF_MINE: null },
      workdir: '/src',
      user: '1000:1000',
      labels: { x: 'y' },
      shm: '1g',
      init: true,
      pids: 100,
      stopSignal: 'SIGINT',
      grace: '5s',
      params: { lr: 0.1, layers: [1, 2] },
      volumes: [
        { host: '/tmp', container: '/data', readonly: true },
        { host: 'cache', container: '/cache' },
      ],
      networks: ['sim', 'other'],
      depends: ['loader', { name: 'first', condition: 'completed' }],
      resources: { memory: '1g', gpus: 'all' },
      timeout: '1h',
      retries: { max: 2, on: ['oom'], backoff: '1s', memoryFactor: 2 },
      outputs: ['out/*.json', { path: '/var/log/x', optional: true }],
    },
    { name: 'first' },
  ],
};

const JUNK: readonly JsonValue[] = [
  null, true, false, 0, -1, 0.5, 1e308, '', ' ', 'x', '-', '../..', "'", '\0', '1e9', 'loader', 'solver', '\u{1f600}',
  [], [[]], [null], {}, { '': 1 }, { name: 'x' }, { null: null }, { constructor: 1 }, JSON.parse('{"__proto__": {"a": 1}}'),
  'x'.repeat(200_000), Array(50).fill('loader'),
]; // biome-ignore format: a table reads better packed

/** A repeatable sequence of numbers from 0 up to, not including, a bound. */
function sequence(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state * 48271) % 2147483647;
    return state % bound;
  };
}

/** Changes one thing somewhere in a value: replaces, removes, adds, renames or repeats. */
function mutate(value: JsonValue, next: (bound: number) => number): JsonValue {
  const junk = () => JUNK[next(JUNK.length)]!;
  if (typeof value !== 'object' || value === null || next(6) === 0) return junk();
  if (Array.isArray(value)) {
    const at = next(value.length + 1);
    if (at === value.length) return [...value, next(2) === 0 ? junk() : (value[0] ?? junk())];
    return next(5) === 0 ? value.toSpliced(at, 1) : value.with(at, mutate(value[at], next));
  }
  const entries = Object.entries(value);
  const at = next(entries.length + 1);
  const entry = entries[at];
  if (entry === undefined) return Object.fromEntries([...entries, [`field${next(9)}`, junk()]]);
  const [name, field] = entry as [string, JsonValue];
  const changed: [string, JsonValue][] =
    next(6) === 0 ? (next(2) === 0 ? [] : [[`${name}s`, field]]) : [[name, mutate(field, next)]];
  return Object.fromEntries(entries.toSpliced(at, 1, ...changed));
}

describe('a file that something is wrong with', () => {
  it('has been sound before', () => {
    expect(read(JSON.stringify(SOUND))).toMatchObject({ ok: true });
  });

  it('ends in problems with places, never in an exception', () => {
    const next = sequence(20_26);
    let faulty = 0;
    for (let round = 0; round < 2000; round++) {
      let value: JsonValue = SOUND;
      for (let change = 0; change <= next(3); change++) value = mutate(value, next);
      const text = JSON.stringify(value, null, 1);
      const result = read(text);
      if (result.ok) continue;
      faulty += 1;
      expect(result.error.length, text).toBeGreaterThan(0);
      for (const { place, path, message } of result.error) {
        expect(place?.file, text).toBe('experiment.jsonnet');
        expect(place!.line).toBeGreaterThan(0);
        expect(message).not.toMatch(/undefined|\[object|NaN|\.$/);
        // What a path names is there, but for what comes with it being absent.
        let at: unknown = value;
        for (const step of path) at = (at as Record<string | number, unknown>)?.[step];
        expect(at, `${JSON.stringify(path)} of ${text}`).toBeDefined();
      }
    }
    expect(faulty).toBeGreaterThan(1500);
  });

  it('ends so too where its text is damaged', () => {
    const text = readFileSync('examples/iris/docker/experiment.jsonnet', 'utf8');
    const pieces = [
      '',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '/*',
      '+',
      ' error ',
      ' self.x ',
      '$',
      '1',
      'local ',
      ' null ',
      '|||',
    ];
    const next = sequence(11_26);
    let faulty = 0;
    for (let round = 0; round < 400; round++) {
      const at = next(text.length);
      const damaged = text.slice(0, at) + pieces[next(pieces.length)] + text.slice(at + next(3));
      const result = read(damaged);
      if (result.ok) continue;
      faulty += 1;
      for (const { place, message } of result.error) {
        expect(place?.line, damaged).toBeGreaterThan(0);
        expect(message, damaged).not.toBe('');
      }
    }
    expect(faulty).toBeGreaterThan(100);
  });
});
