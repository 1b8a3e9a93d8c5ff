import { createHash } from 'node:crypto';
import { Failure } from '../../model/failure.js';
import { LABEL } from '../../model/labels.js';
import type { Observed, ObservedImage } from '../../plan/plan.js';
import { AsyncQueue } from '../../util/async-queue.js';
import type { Clock } from '../../util/clock.js';
import {
  type Backend,
  type ContainerEvent,
  type ContainerSpec,
  type ContainerState,
  type ContainerSummary,
  type EngineFacts,
  type LogChunk,
  type NetworkRemoval,
  RESULTS_PATH,
  type ResourceSample,
} from '../backend.js';
import { hasLabels, ownership, requestOf } from '../ownership.js';
import { archiveOf } from './archive.js';
import { MemoryContainer } from './container.js';
import { engineDown, Faults, type Verb } from './faults.js';
import { MemoryNetworks } from './networks.js';
import { DEFAULT_SCRIPT, type Director } from './script.js';

type Labels = Readonly<Record<string, string>>;

/** What the engine is like; every field has a default. */
export interface MemoryEngine {
  readonly id: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpus: readonly string[];
  readonly local: boolean;
  readonly hasInit: boolean;
  readonly liveRestore: boolean;
  /** By reference. `any`: every image is there. */
  readonly images: ReadonlyMap<string, ObservedImage> | 'any';
  /** What a pull of a reference gives: an image, or the reason why there is none. */
  readonly registry: ReadonlyMap<string, ObservedImage | string>;
  /** How many networks the address pools hold, those that are there included. */
  readonly networkPool: number;
  /** How many running containers one network takes. */
  readonly endpoints: number;
  readonly director: Director;
  /** Milliseconds that a call takes while `underWay` calls, itself included, are unanswered. */
  readonly latency: (verb: Verb, underWay: number) => number;
  /** false = the event is lost on its way. */
  readonly deliversEvent: (event: ContainerEvent) => boolean;
  readonly availableMemory: () => number | undefined;
}

const DEFAULT_ENGINE: MemoryEngine = {
  id: 'memory',
  cpus: 4,
  memory: 8 * 2 ** 30,
  gpus: [],
  local: true,
  hasInit: true,
  liveRestore: false,
  images: 'any',
  registry: new Map(),
  networkPool: 31,
  endpoints: 1000,
  director: () => ({}),
  latency: () => 0,
  deliversEvent: () => true,
  availableMemory: () => undefined,
};

/** An image as the memory engine knows it. */
export function memoryImage(reference: string, differences: Partial<ObservedImage> = {}): ObservedImage {
  const hash = createHash('sha256').update(reference).digest('hex');
  const id = `sha256:${hash}`;
  return { id, digest: id, hasHealthcheck: false, env: [], user: '', workdir: '', ...differences };
}

/**
 * An engine that is all memory: its containers play scripts, its clock may be a fake one. For tests, and to try out
 * at scale how a run goes; ten thousand containers cost seconds.
 */
export class MemoryBackend implements Backend {
  readonly faults = new Faults();
  readonly #engine: MemoryEngine;
  readonly #clock: Clock;
  /** By id. */
  readonly #containers = new Map<string, MemoryContainer>();
  readonly #byName = new Map<string, MemoryContainer>();
  readonly #running = new Set<MemoryContainer>();
  readonly #networks: MemoryNetworks;
  readonly #volumes = new Map<string, Labels>();
  readonly #images: Map<string, ObservedImage>;
  readonly #watchers = new Set<{ labels: Labels; queue: AsyncQueue<ContainerEvent> }>();
  readonly #listeners: ((event: ContainerEvent) => void)[] = [];
  #underWay = 0;
  #created = 0;
  #nextPort = 32768;
  #turn: Promise<unknown> = Promise.resolve();
  /** Of the engine's latest start. */
  #startedAt: number;

  constructor(clock: Clock, engine: Partial<MemoryEngine> = {}) {
    this.#clock = clock;
    this.#startedAt = clock.now();
    this.#engine = { ...DEFAULT_ENGINE, ...engine };
    this.#images = new Map(this.#engine.images === 'any' ? [] : this.#engine.images);
    this.#networks = new MemoryNetworks(this.#engine.networkPool, this.#engine.endpoints);
  }

  // What tests look at, and do behind combu's back.

  /** Every container that is running now, as it was asked for. */
  running(): ContainerSpec[] {
    return [...this.#running].map((container) => container.spec);
  }

  /** Every container that is there, in any state. */
  all(): ContainerSpec[] {
    return [...this.#containers.values()].map((container) => container.spec);
  }

  /** Builds an image anew under its name; the one before stays, by its id alone. */
  setImage(reference: string, image: ObservedImage): void {
    const before = this.#image(reference);
    if (before !== undefined) this.#images.set(before.id, before);
    this.#images.set(reference, image);
  }

  /** Called at each event the moment it happens, also for those that watchers never get. */
  onEvent(listener: (event: ContainerEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** Ends a container's program, by name: a crash, or what the OOM killer does. */
  endProgram(name: string, exitCode: number, oomKilled = false): void {
    this.#byName.get(name)?.end(exitCode, oomKilled);
  }

  /** Has a container shown as held still (its script goes on), or not any more. */
  setPaused(name: string, paused: boolean): void {
    const container = this.#byName.get(name);
    if (container !== undefined) container.paused = paused;
  }

  /** Ends all event streams, as a restart of the engine or a proxy does. */
  breakStreams(): void {
    for (const watcher of this.#watchers) watcher.queue.end(engineDown());
    this.#watchers.clear();
  }

  /** The engine stops answering. With an exit code, it stops itself and its containers end with it. */
  goDown(exitCode?: number): void {
    this.faults.down = true;
    this.breakStreams();
    if (exitCode === undefined) return;
    for (const container of this.#running) container.end(exitCode);
    this.#startedAt = this.#clock.now() + 1;
  }

  comeBack(): void {
    this.faults.down = false;
  }

  // The port.

  engine(): Promise<EngineFacts> {
    return this.#call('engine', () => ({
      id: this.#engine.id,
      name: 'memory',
      version: '0',
      apiVersion: '0',
      cpus: this.#engine.cpus,
      memory: this.#engine.memory,
      local: this.#engine.local,
      hasInit: this.#engine.hasInit,
      root: undefined,
      freeNetworks: this.#networks.free,
      liveRestore: this.#engine.liveRestore,
      remapsUsers: false,
      ahead: 0,
    }));
  }

  hail(_signal?: AbortSignal): Promise<void> {
    return this.#call('hail', () => {});
  }

  remembers(event: ContainerEvent): Promise<boolean> {
    return this.#call('remembers', () => event.time >= this.#startedAt);
  }

  gpus(): Promise<readonly string[]> {
    return this.#call('gpus', () => this.#engine.gpus);
  }

  survey(): Promise<Pick<Observed, 'containers' | 'networks' | 'volumes'>> {
    return this.#call('survey', () => ({
      containers: [...this.#containers.values()].map((container) => this.#summary(container)),
      networks: this.#networks.observed(),
      volumes: [...this.#volumes].map(([name, labels]) => ({
        name,
        run: labels[LABEL.run],
        experiment: labels[LABEL.experiment],
      })),
    }));
  }

  list(labels: Labels): Promise<readonly ContainerSummary[]> {
    return this.#call('list', () =>
      [...this.#containers.values()]
        .filter((container) => hasLabels(container.spec.labels, labels))
        .map((container) => this.#summary(container)),
    );
  }

  image(reference: string): Promise<ObservedImage | undefined> {
    return this.#call('image', () => this.#image(reference));
  }

  whyUnpullable(reference: string): Promise<string | undefined> {
    return this.#call('whyUnpullable', () => {
      const found = this.#engine.registry.get(reference);
      if (found === undefined) return `No registry has the image ${reference}.`;
      return typeof found === 'string' ? found : undefined;
    });
  }

  pull(reference: string, _signal?: AbortSignal): Promise<ObservedImage> {
    return this.#call('pull', () => {
      const found = this.#engine.registry.get(reference) ?? `No registry has the image ${reference}.`;
      if (typeof found === 'string') throw refused(found, 404);
      this.#images.set(reference, found);
      return found;
    });
  }

  createNetwork(spec: Parameters<Backend['createNetwork']>[0]): Promise<string> {
    return this.#call('createNetwork', () => this.#networks.create(spec));
  }

  removeNetwork(id: string): Promise<NetworkRemoval> {
    return this.#call('removeNetwork', () => this.#networks.remove(id));
  }

  /** From now on the engine keeps this network, having lost count of its endpoints. */
  stickNetwork(name: string): void {
    this.#networks.stick(name);
  }

  createVolume(spec: Parameters<Backend['createVolume']>[0]): Promise<void> {
    return this.#call('createVolume', () => {
      if (!this.#volumes.has(spec.name)) this.#volumes.set(spec.name, spec.labels);
    });
  }

  removeVolume(name: string): Promise<'removed' | 'absent' | 'in-use'> {
    return this.#call('removeVolume', () => {
      if (!this.#volumes.has(name)) return 'absent';
      const used = [...this.#containers.values()].some((container) =>
        container.spec.mounts.some((mount) => mount.kind === 'volume' && mount.volume === name),
      );
      if (used) return 'in-use';
      this.#volumes.delete(name);
      return 'removed';
    });
  }

  create(spec: ContainerSpec): Promise<string> {
    return this.#call('create', () => {
      const there = this.#byName.get(spec.name);
      if (there !== undefined) {
        if (hasLabels(there.spec.labels, spec.labels)) return there.id;
        throw refused(`The name ${spec.name} is taken by another container.`, 409);
      }
      const image = this.#image(spec.image);
      if (image === undefined) throw refused(`There is no image ${spec.image} on the engine.`, 404);
      for (const network of spec.networks) this.#networks.require(network);
      for (const mount of spec.mounts) {
        if (mount.kind === 'volume' && !this.#volumes.has(mount.volume)) this.#volumes.set(mount.volume, {});
      }
      this.#created += 1;
      const id = this.#created.toString(16).padStart(64, '0');
      const script = { ...DEFAULT_SCRIPT, ...this.#engine.director(spec) };
      const checked = spec.healthcheck !== undefined || image.hasHealthcheck;
      const container = new MemoryContainer(id, spec, script, checked, this.#clock, (kind, which) =>
        this.#happened(kind, which),
      );
      this.#containers.set(id, container);
      this.#byName.set(spec.name, container);
      return id;
    });
  }

  start(id: string): Promise<void> {
    return this.#call('start', () => {
      const container = this.#require(id);
      if (container.status !== 'created') return;
      const { startError } = container.script;
      if (startError !== undefined) {
        container.failToStart(startError);
        throw new Failure(startError, { owner: 'engine', status: 400 });
      }
      container.ports = this.#bind(container.spec);
      this.#networks.join(container.spec.networks, id);
      this.#running.add(container);
      container.start();
    });
  }

  stop(id: string, grace: number): Promise<void> {
    return this.#call('stop', async () => {
      const container = this.#containers.get(id);
      if (container === undefined) return;
      container.stop(grace);
      await container.ended();
    });
  }

  wasSignalled(id: string, since: number): Promise<boolean> {
    return this.#call('wasSignalled', () => (this.#containers.get(id)?.signalledAt ?? -1) >= since);
  }

  remove(id: string): Promise<void> {
    return this.#call('remove', () => {
      const container = this.#containers.get(id);
      if (container === undefined) return;
      container.end(137);
      this.#containers.delete(id);
      this.#byName.delete(container.spec.name);
      this.#happened('removed', container);
    });
  }

  inspect(id: string): Promise<ContainerState | undefined> {
    return this.#call('inspect', () => this.#containers.get(id)?.state());
  }

  watch(labels: Labels, signal: AbortSignal): Promise<AsyncIterable<ContainerEvent>> {
    return this.#call('watch', () => {
      const watcher = { labels, queue: new AsyncQueue<ContainerEvent>() };
      this.#watchers.add(watcher);
      const leave = () => {
        this.#watchers.delete(watcher);
        watcher.queue.end();
      };
      if (signal.aborted) leave();
      signal.addEventListener('abort', leave, { once: true });
      return watcher.queue;
    });
  }

  async *logs(id: string, options: Parameters<Backend['logs']>[1]): AsyncGenerator<LogChunk> {
    const container = await this.#call('logs', () => this.#require(id));
    yield* container.logs(options);
  }

  copyOut(id: string, path: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    return this.#call('copyOut', () => {
      const container = this.#containers.get(id);
      if (container === undefined) return undefined;
      const files = container.status === 'created' ? {} : container.script.files;
      return archiveOf(files, path, [RESULTS_PATH]);
    });
  }

  sample(id: string): Promise<ResourceSample | undefined> {
    return this.#call('sample', () => this.#containers.get(id)?.sample());
  }

  availableMemory(): Promise<number | undefined> {
    return this.#call('availableMemory', () => this.#engine.availableMemory());
  }

  exclusively<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => {});
    return result;
  }

  whyNoGpus(devices: readonly string[], _image: string): Promise<string | undefined> {
    return this.#call('whyNoGpus', () => {
      const missing = devices.filter((device) => !this.#engine.gpus.includes(device));
      return missing.length === 0 ? undefined : `The machine has no GPU ${missing.join(', ')}.`;
    });
  }

  async close(): Promise<void> {
    for (const watcher of this.#watchers) watcher.queue.end();
    this.#watchers.clear();
  }

  /** Every verb goes through here: it takes its time, and goes wrong where a test said so. */
  async #call<T>(verb: Verb, action: () => T | Promise<T>): Promise<T> {
    this.#underWay += 1;
    try {
      const latency = this.#engine.latency(verb, this.#underWay);
      if (latency > 0) await this.#clock.sleep(latency);
      this.faults.before(verb);
      const result = await action();
      this.faults.after(verb);
      return result;
    } finally {
      this.#underWay -= 1;
    }
  }

  #happened(kind: ContainerEvent['kind'], container: MemoryContainer): void {
    if (kind === 'ended') {
      this.#running.delete(container);
      this.#networks.leave(container.spec.networks, container.id);
    }
    const { labels } = container.spec;
    const event: ContainerEvent = { kind, container: container.id, labels, time: this.#clock.now() };
    for (const listener of this.#listeners) listener(event);
    if (!this.#engine.deliversEvent(event)) return;
    for (const watcher of this.#watchers) if (hasLabels(labels, watcher.labels)) watcher.queue.push(event);
  }

  #bind(spec: ContainerSpec): Record<string, string> {
    if (spec.ports.length === 0) return {};
    const taken = new Set([...this.#running].flatMap((container) => Object.values(container.ports)));
    const bound: Record<string, string> = {};
    for (const port of spec.ports) {
      const host = `${port.address}:${port.host === 0 ? this.#nextPort++ : port.host}`;
      if (taken.has(host)) {
        throw new Failure(`The port ${host} is taken.`, { owner: 'engine', retryable: true, status: 500 });
      }
      bound[`${port.container}/${port.protocol}`] = host;
    }
    return bound;
  }

  #image(reference: string): ObservedImage | undefined {
    const known = this.#images.get(reference);
    if (known !== undefined || this.#engine.images === 'any') return known ?? memoryImage(reference);
    return [...this.#images.values()].find((image) => image.id === reference);
  }

  #require(id: string): MemoryContainer {
    const container = this.#containers.get(id);
    if (container === undefined) throw refused(`There is no container ${id}.`, 404);
    return container;
  }

  #summary(container: MemoryContainer): ContainerSummary {
    const { name, image, labels, ports } = container.spec;
    const running = container.status === 'running';
    return {
      id: container.id,
      name,
      image,
      running,
      status: container.status,
      labels,
      ours: ownership(name, labels),
      request: requestOf(labels),
      networks: this.#networks.namesOf(container.spec.networks),
      ports: running
        ? ports.map((port) => ({
            address: port.address,
            port: Number(container.ports[`${port.container}/${port.protocol}`]?.split(':').at(-1)),
            protocol: port.protocol,
          }))
        : [],
    };
  }
}

function refused(message: string, status: number): Failure {
  return new Failure(message, { owner: 'refused', status });
}
