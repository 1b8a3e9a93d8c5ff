import type { JsonObject, JsonValue } from '../../../src/model/json.js';
import type { Random } from '../random.js';

/** An experiment that nothing is wrong with, in its object form. */
export interface Sound {
  readonly options: JsonObject;
  /** The last is one that no other depends on. */
  readonly trials: readonly JsonObject[];
}

/** A folder beside each experiment file, for `volumes`. */
export const DATA_FOLDER = 'data';

/** A variable that is set in the environment of every case. */
export const PASSED_VARIABLE = 'TOKEN_OF_MINE';

/** Any image: no case comes so far that one is needed. */
export const IMAGE = 'combu-example/busybox:1';

const NAMES = ['loader', 'solver-%d', 'Trial_%d', 'eval.%d', '%d-sweep', 'worker%d-of-many'];

/** Draws an experiment that may hold any field; of two to six trials each depends on earlier ones only. */
export function soundExperiment(random: Random): Sound {
  const count = 2 + random.below(5);
  const names = Array.from({ length: count }, (_, at) =>
    random.pick(NAMES).replace('%d', String(at)).concat(String(at)),
  );
  /** Whether others need it while it runs, so that it is a service, or wait for its end. */
  const serves = names.map(() => random.chance(0.3));
  const trials = names.map((name, at) => {
    const depends = names.slice(0, at).flatMap((other, index) => {
      if (!random.chance(0.3)) return [];
      const condition = serves[index] ? random.pick(['started', 'healthy']) : 'completed';
      return [{ name: other, condition } satisfies JsonObject];
    });
    const { stall, ...fields } = someOf(fieldsOf(at, random), random);
    const own = serves[at] ? { service: true } : stall === undefined ? {} : { stall };
    return { name, image: IMAGE, ...own, ...fields, ...listed(depends) };
  });
  return { options: someOf(optionsOf(random), random), trials };
}

/** As a file yields it: an object, or, where there is nothing but trials, now and then a bare array. */
export function formOf({ options, trials }: Sound, random: Random): JsonValue {
  if (Object.keys(options).length === 0 && random.chance(0.5)) return trials;
  return random.chance(0.5) ? { ...options, trials } : { trials, ...options };
}

function listed(depends: readonly JsonValue[]): JsonObject {
  return depends.length === 0 ? {} : { depends };
}

function someOf(fields: JsonObject, random: Random): JsonObject {
  const share = random.pick([0, 0.2, 0.5, 1]);
  return Object.fromEntries(Object.entries(fields).filter(() => random.chance(share)));
}

/** Every field of a trial but its name, image, `depends` and `service`; `at` keeps host ports apart. */
function fieldsOf(at: number, random: Random): JsonObject {
  const port = 23_000 + at * 10;
  return {
    pull: random.pick(['missing', 'never']),
    cmd: random.pick<JsonValue>([`make "ID=${at}" 'a b'`, ['sh', '-c', 'exit 0'], ['sleep', 3, true]]),
    entrypoint: random.pick<JsonValue>(['/bin/sh -c', ['/bin/sh', '-c']]),
    env: { A: 'ünï 🎉', B: 2, C: true, EMPTY: '', [PASSED_VARIABLE]: null },
    workdir: '/src',
    user: random.pick<JsonValue>(['1000:1000', 1000, 'nobody']),
    labels: { 'org.lab/x': 'y', n: 5 },
    shm: random.pick<JsonValue>(['64m', 67_108_864]),
    init: random.chance(0.5),
    pids: random.pick([-1, 100]),
    stopSignal: random.pick<JsonValue>(['SIGINT', 'usr1', 15]),
    grace: random.pick<JsonValue>(['5s', 0, 2.5, '1m30s']),
    params: { lr: 10 ** -at, layers: [1, [2, { deep: null }]], 'a name': 'é' },
    ports: [port, { host: port + 1, container: '80/tcp', address: '0.0.0.0' }, { container: `${port}/udp` }],
    volumes: [
      { host: `./${DATA_FOLDER}`, container: '/data', readonly: true },
      { host: '/tmp', container: '/tmp/outside/' },
      { host: 'cache', container: '/cache' },
    ],
    networks: random.pick<JsonValue>([['sim'], ['sim', 'other'], ['bridge'], []]),
    healthcheck: random.pick<JsonValue>([
      { test: ['true'], interval: '1s', timeout: 2, retries: 3, startPeriod: '0s' },
      { test: 'curl -f http://localhost:8080 || exit 1' },
    ]),
    resources: random.pick<JsonValue>([{ cpus: 1, memory: '1g' }, { gpus: 0 }, { cpus: 0.5 }, {}]),
    stall: random.pick<JsonValue>(['30m', 3600]),
    timeout: random.pick<JsonValue>(['1h', 60, '1d12h']),
    retries: random.pick<JsonValue>([2, { max: 2, on: ['oom'], backoff: '1s', memoryFactor: 1.5 }]),
    outputs: random.pick<JsonValue>([['out/*.json', { path: '/var/log/x', optional: true }], ['model']]),
  };
}

/** Every field of an experiment but its trials. */
function optionsOf(random: Random): JsonObject {
  return {
    name: 'ein Versuch',
    parallelism: 1 + random.below(9),
    keep: random.pick(['failed', 'all', 'none']),
    halt: random.pick<JsonValue>(['never', { failures: 3 }, { percent: 12.5 }, { sameError: 20 }]),
    tags: { team: 'x', year: 2026 },
    networks: { sim: { internal: true, subnet: '10.9.0.0/16' } },
    volumes: { cache: {} },
    results: random.pick<JsonValue>([{ store: './results' }, { store: 's3://lab-bucket/prefix' }]),
    defaults: random.pick<JsonValue>([
      { env: { SHARED: '1' }, resources: { cpus: 1 } },
      { labels: { common: 'yes' }, grace: '2s', params: { seed: 1 } },
      {},
    ]),
  };
}
