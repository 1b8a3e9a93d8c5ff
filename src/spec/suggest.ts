import { distance } from 'fastest-levenshtein';

/** The candidate that a mistyped word most likely meant; undefined where none is near. Case does not count. */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const steps = distance(lower, candidate.toLowerCase());
    if (steps < least) {
      best = candidate;
      least = steps;
    }
  }
  return best;
}

/** Field names of docker, compose and common slips, and what they are called here. Keys are lower case without `_` and `-`. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  command: 'write `cmd`',
  args: 'write `cmd`',
  containername: 'write `name`',
  hostname: 'leave it out: a trial is reached by its `name`',
  volume: 'write `volumes: [{ host: ..., container: ... }]`',
  mounts: 'write `volumes: [{ host: ..., container: ... }]`',
  binds: 'write `volumes: [{ host: ..., container: ... }]`',
  port: 'write `ports: [{ host: ..., container: ... }]`',
  expose:
    'leave it out: trials of one network reach every port of each other; `ports` publishes one on this machine',
  network: 'write `networks: [...]`',
  networkmode: 'write `networks: [...]`, with "bridge", "host" or "none" alone',
  dependson: 'write `depends: [...]`',
  depend: 'write `depends: [...]`',
  dependencies: 'write `depends: [...]`',
  environment: 'write `env: { NAME: value }`',
  envs: 'write `env: { NAME: value }`',
  envfile: 'write `env: { NAME: null }` for each variable that is to be passed through',
  workingdir: 'write `workdir`',
  cwd: 'write `workdir`',
  label: 'write `labels`',
  param: 'write `params`',
  parameters: 'write `params`',
  config: 'write `params` for what this trial varies',
  cpu: 'write `resources: { cpus: ... }`',
  cpus: 'write `resources: { cpus: ... }`',
  memory: 'write `resources: { memory: ... }`',
  mem: 'write `resources: { memory: ... }`',
  memlimit: 'write `resources: { memory: ... }`',
  gpu: 'write `resources: { gpus: ... }`',
  gpus: 'write `resources: { gpus: ... }`',
  deploy: 'write `resources: { cpus: ..., memory: ..., gpus: ... }`',
  restart: 'write `retries: N`',
  restartpolicy: 'write `retries: N`',
  retry: 'write `retries: N`',
  shmsize: 'write `shm`',
  pidslimit: 'write `pids`',
  stopgraceperiod: 'write `grace`',
  pullpolicy: 'write `pull`',
  output: 'write `outputs: [...]`',
  artifacts: 'write `outputs: [...]`',
  replicas:
    'write one trial for each, with a comprehension: `[{ name: "t-%d" % i, ... } for i in std.range(1, 3)]`',
  scale:
    'write one trial for each, with a comprehension: `[{ name: "t-%d" % i, ... } for i in std.range(1, 3)]`',
  services: 'write `trials: [...]`; a trial becomes a service with `service: true`',
  trial: 'write `trials: [...]`',
  experiments: 'write `trials: [...]`',
  default: 'write `defaults`',
  jobs: 'write `parallelism`',
  healthy: 'write `healthcheck: { test: ... }`',
};

/** What to write instead of an unknown field. */
export function fieldAdvice(name: string, known: readonly string[]): string {
  const near = closest(name, known);
  const plain = name.toLowerCase().replace(/[_-]/g, '');
  if (near !== undefined && near.toLowerCase() === plain) return `write \`${near}\``;
  const other = OTHER_WORDS[plain];
  if (other !== undefined && Object.hasOwn(OTHER_WORDS, plain)) {
    const meant = /`(\w+)/.exec(other)?.[1];
    if (meant === undefined || known.includes(meant)) return other;
  }
  return near === undefined ? `known fields are ${known.join(', ')}` : `write \`${near}\``;
}
