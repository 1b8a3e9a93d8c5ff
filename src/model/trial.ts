import type { JsonObject } from './json.js';
import type { Place } from './problem.js';
import type { Resources } from './resources.js';

/** When a dependency lets its dependents start. `default` is a bare name: `healthy` where a healthcheck is known, else `started`. */
export type WrittenCondition = 'started' | 'healthy' | 'completed' | 'default';
export type Condition = Exclude<WrittenCondition, 'default'>;

/** A value of `env`: written in the file, or passed through from combu's own environment (its value is never recorded). */
export type EnvValue =
  | {
      readonly kind: 'value';
      readonly value: string /** Its name looks like a secret's: masked in every record. */;
      readonly secret: boolean;
    }
  | { readonly kind: 'passed' };

export interface Port {
  /** 0 = any free port. */
  readonly host: number;
  readonly container: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** Host address that is bound; 127.0.0.1 unless the file says otherwise. */
  readonly address: string;
}

export type Mount =
  | {
      readonly kind: 'folder' /** Absolute path on the engine's host. */;
      readonly folder: string;
      readonly container: string;
      readonly readonly: boolean;
    }
  | {
      readonly kind: 'volume';
      readonly volume: string;
      readonly container: string;
      readonly readonly: boolean;
    };

export interface Dependency {
  readonly trial: string;
  readonly condition: WrittenCondition;
}

export interface Healthcheck {
  /** As the engine has it: `['CMD-SHELL', text]` or `['CMD', ...argv]`. */
  readonly test: readonly string[];
  /** Milliseconds, as all durations here. */
  readonly interval: number;
  readonly timeout: number;
  readonly retries: number;
  readonly startPeriod: number;
}

/** What makes a failed attempt worth another. */
export const RETRY_CAUSES = ['oom', 'timeout', 'exit'] as const;
export type RetryCause = (typeof RETRY_CAUSES)[number];

export interface Retries {
  /** How many further attempts; 0 = none. */
  readonly max: number;
  readonly on: readonly RetryCause[];
  /** Milliseconds before the first further attempt; doubles each time up to one minute. */
  readonly backoff: number;
  /** The memory request is multiplied by this for each attempt after an `oom`. */
  readonly memoryFactor: number;
}

/** What a trial has that says nothing of it, and what is not said is like where it says something. */
export const NO_RETRIES: Retries = { max: 0, on: RETRY_CAUSES, backoff: 1000, memoryFactor: 1 };

export interface Output {
  /** Path in the container; relative ones are under `workdir`; globs in the last part only. */
  readonly path: string;
  readonly optional: boolean;
}

export type PullPolicy = 'missing' | 'always' | 'never';

/** The engine's own networks: each stands alone, none is made or removed by combu. */
export const ENGINE_NETWORKS: readonly string[] = ['bridge', 'host', 'none'];

/** One container specification of the experiment, parsed: defaults merged, every field valid. */
export interface Trial {
  readonly name: string;
  readonly image: string;
  readonly pull: PullPolicy;
  /** undefined = the image's own. */
  readonly cmd: readonly string[] | undefined;
  readonly entrypoint: readonly string[] | undefined;
  readonly env: Readonly<Record<string, EnvValue>>;
  readonly workdir: string | undefined;
  readonly user: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Bytes of /dev/shm; undefined = the memory asked for, or 1 GiB. */
  readonly shm: number | undefined;
  /** undefined = on where the engine has an init. */
  readonly init: boolean | undefined;
  readonly pids: number;
  readonly stopSignal: string | undefined;
  /** Milliseconds between the stop signal and SIGKILL. */
  readonly grace: number;
  readonly params: JsonObject | undefined;
  readonly ports: readonly Port[];
  readonly volumes: readonly Mount[];
  /** Empty = the run's own network. `bridge`, `host` and `none` stand alone. */
  readonly networks: readonly string[];
  readonly depends: readonly Dependency[];
  readonly healthcheck: Healthcheck | undefined;
  /** What the file says; undefined = combu infers it (see plan). */
  readonly service: boolean | undefined;
  readonly resources: Resources;
  /** Milliseconds of running; undefined = no limit. */
  readonly timeout: number | undefined;
  /** Milliseconds without cpu, log or results after which a batch trial is stopped; undefined = never. */
  readonly stall: number | undefined;
  /** `stall` was written for this trial, not for whatever trial has none of its own. */
  readonly ownStall: boolean;
  readonly retries: Retries;
  readonly outputs: readonly Output[];
  /** Where the trial's element stands in the file. */
  readonly place: Place | undefined;
}

/** A batch trial runs to its end, its exit code is its outcome; others need a service while they run. */
export type TrialKind = 'batch' | 'service';
