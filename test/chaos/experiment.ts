import type { Random } from '../fuzz/random.js';
import { makeImage } from '../rig/experiment.js';

/** Busybox with an anonymous volume: each container of it leaves one behind, unless somebody removes it. */
export const IMAGE = `combu-chaos/volume:${process.pid}`;

export async function makeChaosImage(): Promise<void> {
  await makeImage(IMAGE, { changes: ['VOLUME /scratch'] });
}

/** A trial of which everything that it will do is known, so that what combu says of it can be held against that. */
export interface ChaosTrial {
  readonly name: string;
  readonly service: boolean;
  readonly healthcheck: boolean;
  /** Attempts up to this one end with `code`, all later ones with 0. */
  readonly failing: number;
  readonly code: number;
  readonly retries: number;
  /** Lines of log, besides the first and the last. */
  readonly lines: number;
  /** Milliseconds before and after what it makes. */
  readonly pauses: readonly [number, number];
  /** What it leaves behind: a declared output, and a file in its results folder. */
  readonly output: boolean;
  readonly result: boolean;
  readonly depends: readonly { readonly name: string; readonly condition: string }[];
  readonly cpus: number;
  readonly volume: string | undefined;
}

/** Two to six tiny trials, some of them services, that fail, are tried again, need each other and leave things behind. */
export function makeTrials(random: Random, prefix: string): ChaosTrial[] {
  const trials: ChaosTrial[] = [];
  const count = random.between(2, 6);
  for (let index = 0; index < count; index++) {
    // The last is no service: then something needs what runs before.
    const service = index < count - 1 && random.chance(0.2);
    const failing = service ? 0 : random.weighted([[70, 0] as const, [15, 1], [8, 2], [7, 1000]]);
    trials.push({
      name: `${prefix}-${'abcdef'[index]}`,
      service,
      healthcheck: service && random.chance(0.5),
      failing,
      code: random.pick([1, 2, 3, 42, 137]),
      retries: random.weighted([[failing === 0 ? 80 : 30, 0] as const, [40, 1], [20, 2]]),
      lines: random.weighted([[70, random.below(20)] as const, [25, random.below(400)], [5, 20_000]]),
      pauses: [random.below(500), random.below(300)],
      output: random.chance(0.4),
      result: random.chance(0.4),
      depends: service ? [] : dependsOf(random, trials),
      cpus: random.chance(0.4) ? 0.1 : 0,
      volume: random.chance(0.15) ? `${prefix}-data` : undefined,
    });
  }
  return trials;
}

function dependsOf(random: Random, before: readonly ChaosTrial[]): ChaosTrial['depends'] {
  return before
    .filter(({ service }) => random.chance(service ? 0.7 : 0.25))
    .map(({ name, service, healthcheck }) => ({
      name,
      condition: service ? (healthcheck ? 'healthy' : 'started') : 'completed',
    }));
}

/** The experiment file. */
export function write(trials: readonly ChaosTrial[]): string {
  return JSON.stringify({ trials: trials.map(writeTrial) }, undefined, 2);
}

function writeTrial(trial: ChaosTrial) {
  return {
    name: trial.name,
    image: IMAGE,
    cmd: ['sh', '-c', trial.service ? serve(trial) : work(trial)],
    depends: trial.depends,
    resources: { cpus: trial.cpus },
    ...(trial.service ? { service: true } : {}),
    ...(trial.healthcheck
      ? { healthcheck: { test: 'test -e /tmp/up', interval: '100ms', timeout: '5s', retries: 100 } }
      : {}),
    ...(trial.service ? {} : { retries: { max: trial.retries, backoff: '100ms' } }),
    ...(trial.output ? { outputs: ['/out/made.txt'] } : {}),
    ...(trial.volume === undefined ? {} : { volumes: [{ host: trial.volume, container: '/data' }] }),
  };
}

function work({ lines, pauses, output, result, failing, code }: ChaosTrial): string {
  return [
    'echo "$COMBU_TRIAL $COMBU_ATTEMPT begins"',
    `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo "line $i"; done`,
    'echo x > /scratch/x',
    `usleep ${pauses[0] * 1000}`,
    ...(output ? ['mkdir -p /out; echo "$COMBU_TRIAL $COMBU_ATTEMPT made" > /out/made.txt'] : []),
    ...(result ? ['echo "$COMBU_TRIAL $COMBU_ATTEMPT saved" > $COMBU_RESULTS/saved.txt'] : []),
    `usleep ${pauses[1] * 1000}`,
    'echo ends',
    `[ "$COMBU_ATTEMPT" -gt ${failing} ] || exit ${code}`,
  ].join('\n');
}

/** A service is up after a while, says so, and never ends. */
function serve({ pauses, output }: ChaosTrial): string {
  return [
    'echo "$COMBU_TRIAL $COMBU_ATTEMPT begins"',
    ...(output ? ['mkdir -p /out; echo "$COMBU_TRIAL $COMBU_ATTEMPT made" > /out/made.txt'] : []),
    `usleep ${pauses[0] * 1000}`,
    'touch /tmp/up',
    'while :; do sleep 1; done',
  ].join('\n');
}

/** What an attempt ends with when nobody ends it. */
export function exitCodeOf({ failing, code }: ChaosTrial, attempt: number): number {
  return attempt <= failing ? code : 0;
}

/** The whole log of an attempt that nobody ended. */
export function logOf({ name, lines }: ChaosTrial, attempt: number): string {
  const numbered = Array.from({ length: lines }, (_, index) => `line ${index + 1}\n`);
  return [`${name} ${attempt} begins\n`, ...numbered, 'ends\n'].join('');
}

/** The files in the results folder of an attempt that nobody ended. */
export function resultsOf(trial: ChaosTrial, attempt: number): Readonly<Record<string, string>> {
  return {
    ...(trial.output ? { 'made.txt': `${trial.name} ${attempt} made\n` } : {}),
    ...(trial.result && !trial.service ? { 'saved.txt': `${trial.name} ${attempt} saved\n` } : {}),
  };
}
