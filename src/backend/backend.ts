import type { Capacity, Usage } from '../model/resources.js';
import type { Healthcheck, Mount, Port } from '../model/trial.js';
import type { Observed, ObservedContainer, ObservedImage } from '../plan/plan.js';

/**
 * The port to whatever runs containers. A few verbs in combu's own types; each is idempotent: asked again for what is
 * already so, it succeeds. Verbs throw `Failure` (model/failure.ts): `retryable` where trying again can help.
 * Implementations: docker/ (an engine), memory/ (tests, simulation).
 */
export interface Backend {
  /** Facts about the engine. Throws a `refused` Failure when it can't be reached. */
  engine(): Promise<EngineFacts>;

  /**
   * Resolves when the engine takes a new connection and answers on it. One that is stopping takes none any more, while it
   * still answers on those it has, and its containers end one after the other. The signal gives it up, connection and all.
   */
  hail(signal?: AbortSignal): Promise<void>;

  /**
   * Whether the engine has this event in mind, and so was not started anew since; it forgets by itself after some hundreds.
   * Asked over a new connection, for an outage may have ended those that are kept without a word.
   */
  remembers(event: ContainerEvent): Promise<boolean>;

  /** UUIDs of GPUs that can be given to containers; empty where there are none. */
  gpus(): Promise<readonly string[]>;

  /** Everything on the engine that bears on a plan: containers of everybody, networks, volumes. */
  survey(): Promise<Pick<Observed, 'containers' | 'networks' | 'volumes'>>;

  /**
   * Containers with these labels (all of them), in any state. One cheap call, also for 1,000. `connection`: a new one has
   * come through no outage, but costs a login over ssh.
   */
  list(
    labels: Readonly<Record<string, string>>,
    connection?: 'kept' | 'new',
  ): Promise<readonly ContainerSummary[]>;

  image(reference: string): Promise<ObservedImage | undefined>;

  /** Whether a registry would hand the image out; a sentence that says why not, or undefined. Pulls nothing. */
  whyUnpullable(reference: string): Promise<string | undefined>;

  /** Pulls with the stored logins and credential helpers of docker; resolves when the image is there. */
  pull(reference: string, signal?: AbortSignal): Promise<ObservedImage>;

  createNetwork(spec: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly internal: boolean;
    readonly subnet: string | undefined;
  }): Promise<string>;

  /**
   * `in-use`: containers are in it, and it stays. `stuck`: the engine keeps it although nothing is in it any more: engines
   * that remove many containers at once lose count of a network's endpoints now and then. Implementations try to mend that,
   * which can take most of a minute; a restart of the engine counts anew.
   */
  removeNetwork(id: string): Promise<NetworkRemoval>;

  createVolume(spec: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  }): Promise<void>;
  removeVolume(name: string): Promise<'removed' | 'absent' | 'in-use'>;

  /** Makes the container, joined to all its networks, its results place writable for its user; not started. */
  create(spec: ContainerSpec): Promise<string>;

  /**
   * Throws a Failure with the engine's reason when the container can't be started (it then is still there).
   * Asked again after an answer that was lost, it does not run a second time what has run meanwhile.
   */
  start(container: string): Promise<void>;

  /** Sends the stop signal, and SIGKILL after `grace` milliseconds. Resolves when it has ended. 0 = SIGKILL at once. */
  stop(container: string, grace: number): Promise<void>;

  /** Removes by force, anonymous volumes with it. Resolves when it is gone; also if it was. */
  remove(container: string): Promise<void>;

  /**
   * Whether somebody sent the container a signal at `since` (milliseconds since the epoch) or later. A hint, as all
   * events are: false also where the engine does not remember.
   */
  wasSignalled(container: string, since: number): Promise<boolean>;

  /** undefined = no such container. */
  inspect(container: string): Promise<ContainerState | undefined>;

  /**
   * Events of containers with these labels, from the moment of the call (the subscription stands when the promise
   * resolves) until `signal` aborts. A hint only: events can be lost. The iteration ends, or throws, when the stream breaks.
   */
  watch(
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<ContainerEvent>>;

  /**
   * Standard output and error in the order the engine has them. `follow`: until the container ends or `signal` aborts.
   * `tailBytes`: only about the last so many bytes. `since`: ISO 8601, a chunk's `to`: only what is later than that.
   */
  logs(
    container: string,
    options: {
      readonly follow: boolean;
      readonly since?: string | undefined;
      readonly tailBytes?: number | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): AsyncIterable<LogChunk>;

  /**
   * A tar stream of a path in the container (running or ended); undefined = no such path.
   * Reads as root and copies links as links: who unpacks decides what is safe.
   */
  copyOut(container: string, path: string): Promise<AsyncIterable<Uint8Array> | undefined>;

  /** One sample of what it uses now; undefined where it has ended or can't be measured. */
  sample(container: string): Promise<ResourceSample | undefined>;

  /** Bytes of memory the machine could give now without swapping; undefined where unknown (remote engine). */
  availableMemory(): Promise<number | undefined>;

  /**
   * Runs `action` while no other combu of this machine is between its look at what is used on this engine and its
   * create. Not re-entrant.
   */
  exclusively<T>(action: () => Promise<T>): Promise<T>;

  /** Whether a probe container can have these devices; a sentence that says why not, or undefined. */
  whyNoGpus(devices: readonly string[], image: string): Promise<string | undefined>;

  /** Frees sockets; nothing on the engine changes. */
  close(): Promise<void>;
}

/** What a plan decides by, and what an execution needs beside it. */
export type EngineFacts = Observed['engine'] & {
  /** Containers outlive a restart of the engine: an end around it is then the container's own. */
  readonly liveRestore: boolean;
  /** Users of its containers are others outside of them: it runs rootless, or with user namespaces. */
  readonly remapsUsers: boolean;
  /** Milliseconds by which its clock is ahead of this machine's; 0 where they are one. */
  readonly ahead: number;
};

export type NetworkRemoval = 'removed' | 'absent' | 'in-use' | 'stuck';

/** What `create` makes: one attempt, everything decided. Pure data, mapped to the engine's options by the implementation. */
export interface ContainerSpec {
  readonly name: string;
  /** Image id where known, so that a tag that moves during a run changes nothing. */
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cmd: readonly string[] | undefined;
  readonly entrypoint: readonly string[] | undefined;
  /** Values in clear, passed-through ones too: never recorded. */
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string | undefined;
  readonly user: string | undefined;
  readonly ports: readonly Port[];
  readonly mounts: readonly Mount[];
  /** Engine ids, or `bridge`, `host`, `none`; the first is joined at creation, the others before the start. */
  readonly networks: readonly string[];
  readonly healthcheck: Healthcheck | undefined;
  /** CPU quota; undefined or 0 = not limited. */
  readonly cpus: number | undefined;
  /** Relative weight where there is no quota; undefined = the engine's default. */
  readonly cpuWeight: number | undefined;
  /** Bytes, with as much swap as none; undefined = not limited. */
  readonly memory: number | undefined;
  /** Bytes of /dev/shm. */
  readonly shm: number;
  readonly init: boolean;
  readonly pids: number;
  readonly stopSignal: string | undefined;
  /** GPU UUIDs; empty = none (and the container is told so). */
  readonly devices: readonly string[];
  /** Where `COMBU_RESULTS` is: a folder of the host, bind-mounted, or an anonymous volume made writable for `user`. */
  readonly results: { readonly kind: 'folder'; readonly folder: string } | { readonly kind: 'volume' };
}

/** Path of the results folder in every trial's container. */
export const RESULTS_PATH = '/combu/results';

export interface ContainerSummary extends ObservedContainer {
  readonly labels: Readonly<Record<string, string>>;
  readonly status: 'created' | 'running' | 'ended';
  /** Names of the networks that it is in. */
  readonly networks: readonly string[];
}

/** The engine's record of a container. Times are ISO 8601. */
export type ContainerState =
  | { readonly status: 'created' }
  | {
      readonly status: 'running';
      readonly startedAt: string;
      /** Somebody has the engine hold it still (`docker pause`). */
      readonly paused: boolean;
      readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
      /** `8080/tcp` to `127.0.0.1:32768`. */
      readonly ports: Readonly<Record<string, string>>;
    }
  | {
      readonly status: 'ended';
      /** null where it never started. */
      readonly startedAt: string | null;
      readonly finishedAt: string;
      readonly exitCode: number;
      readonly oomKilled: boolean;
      /** The engine's own words when it could not run it; empty otherwise. */
      readonly error: string;
    };

export interface ContainerEvent {
  readonly kind: 'started' | 'ended' | 'healthy' | 'unhealthy' | 'oom' | 'removed';
  readonly container: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, by the engine's clock. */
  readonly time: number;
}

export interface LogChunk {
  readonly stream: 'stdout' | 'stderr';
  /** Whole lines, but for one that the engine itself gives in parts. */
  readonly bytes: Uint8Array;
  /** When the chunk's first and last line were written, ISO 8601, as precise as the engine's clock (nanoseconds). */
  readonly from: string;
  readonly to: string;
}

export interface ResourceSample {
  /** Bytes, without inactive file pages. */
  readonly memory: number;
  /** Seconds since the container's start, all cores together. */
  readonly cpuSeconds: number;
}

export type { Capacity, Usage };
