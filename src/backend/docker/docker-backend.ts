import { hostname, networkInterfaces, release } from 'node:os';
import type Docker from 'dockerode';
import type { Observed, ObservedImage } from '../../plan/plan.js';
import { systemClock } from '../../util/clock.js';
import { lockPath, waitForLock } from '../../util/socket-lock.js';
import type {
  Backend,
  ContainerEvent,
  ContainerSpec,
  ContainerState,
  ContainerSummary,
  EngineFacts,
  LogChunk,
  NetworkRemoval,
  ResourceSample,
} from '../backend.js';
import { type AddressPool, countNetworks, DEFAULT_POOLS } from './address-pools.js';
import { copyOut } from './archive.js';
import type { Connection } from './connect.js';
import type { LoginFinder } from './credentials.js';
import type { Diagnosis, DockerEngine } from './docker-engine.js';
import { type Endpoint, type EngineAddress, formatAddress } from './endpoint.js';
import { ask, PATIENCE } from './errors.js';
import { remembers, watch } from './events.js';
import { listGpus, whyNoGpus } from './gpus.js';
import { Images } from './images.js';
import { Lifecycle } from './lifecycle.js';
import { readLogs } from './logs.js';
import { NetworkRemover } from './network-remover.js';
import { createNetwork, createVolume, removeVolume } from './networks.js';
import { availableMemory, sampleFiles, sampleStats } from './samples.js';
import { wasSignalled } from './signalled.js';
import { listContainers, listNetworks, survey } from './survey.js';

type Labels = Readonly<Record<string, string>>;

/** What the engine says of itself that combu uses; its client's own type is `any`. */
interface EngineInfo {
  readonly ID: string;
  readonly Name: string;
  readonly KernelVersion: string;
  /** ISO 8601. */
  readonly SystemTime: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly InitBinary?: string;
  readonly InitCommit?: { readonly ID?: string };
  readonly CgroupVersion?: string;
  readonly CgroupDriver?: string;
  readonly Driver: string;
  readonly DockerRootDir: string;
  readonly LiveRestoreEnabled: boolean;
  readonly Runtimes?: Readonly<Record<string, unknown>>;
  readonly DefaultAddressPools?: readonly { readonly Base: string; readonly Size: number }[] | null;
  readonly Warnings?: readonly string[] | null;
  /** Such as `name=seccomp,profile=default` and `name=rootless`. */
  readonly SecurityOptions?: readonly string[] | null;
}

export interface DockerOptions {
  /** GPUs to give out, where the machine is not to be asked. */
  readonly gpus: readonly string[] | undefined;
  /** The program that lists GPUs. */
  readonly nvidiaSmi: string;
  /** Scales the bound of a container's log; 1 = two files of 64 MiB. */
  readonly logScale: number;
  readonly loginFor: LoginFinder;
}

/** A Docker engine. Every method is one matter of the files beside this one; nothing is decided here. */
export class DockerBackend implements DockerEngine {
  readonly #docker: Docker;
  readonly #lifecycle: Lifecycle;
  readonly #images: Images;
  readonly #remover: NetworkRemover;
  readonly #local: boolean;
  readonly #hasInit: boolean;
  /** What the calls of this process that want to be alone wait for. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly endpoint: Endpoint,
    private readonly connection: Connection,
    private readonly info: EngineInfo,
    private readonly options: DockerOptions,
  ) {
    this.#docker = connection.docker;
    this.#local = isLocal(endpoint.address, info);
    // An engine names an init also where the program is missing; it then knows no version of it.
    this.#hasInit = Boolean(info.InitBinary) && info.InitCommit?.ID !== 'N/A';
    this.#images = new Images(connection.docker, options.loginFor);
    this.#remover = new NetworkRemover(connection.docker, systemClock);
    this.#lifecycle = new Lifecycle(connection.docker, {
      apiVersion: connection.apiVersion,
      hasInit: this.#hasInit,
      logScale: options.logScale,
    });
  }

  static async open(
    endpoint: Endpoint,
    connection: Connection,
    options: DockerOptions,
  ): Promise<DockerBackend> {
    return new DockerBackend(endpoint, connection, await askInfo(connection.docker), options);
  }

  async engine(): Promise<EngineFacts> {
    const asked = systemClock.now();
    const info = await askInfo(this.#docker);
    const midway = (asked + systemClock.now()) / 2;
    const networks = await this.#networks();
    return {
      id: info.ID,
      name: info.Name,
      version: this.connection.engineVersion,
      apiVersion: this.connection.apiVersion,
      cpus: info.NCPU,
      memory: info.MemTotal,
      local: this.#local,
      hasInit: this.#hasInit,
      root: this.#local ? info.DockerRootDir : undefined,
      freeNetworks: networks.free,
      liveRestore: info.LiveRestoreEnabled,
      remapsUsers: (info.SecurityOptions ?? []).some((option) => /^name=(rootless|userns)\b/.test(option)),
      ahead: this.#local ? 0 : Math.round(Date.parse(info.SystemTime) - midway),
    };
  }

  async hail(signal?: AbortSignal): Promise<void> {
    // The client takes options here as everywhere; its types don't know.
    const ping = this.connection.newcomer.ping as (options: object) => Promise<unknown>;
    const call = (abortSignal: AbortSignal) => ping.call(this.connection.newcomer, { abortSignal });
    await ask('Calling the engine', PATIENCE.look, call, signal);
  }

  remembers(event: ContainerEvent): Promise<boolean> {
    return remembers(this.connection.newcomer, event);
  }

  async gpus(): Promise<readonly string[]> {
    if (this.options.gpus !== undefined) return this.options.gpus;
    return this.#local ? listGpus(this.options.nvidiaSmi) : [];
  }

  survey(): Promise<Pick<Observed, 'containers' | 'networks' | 'volumes'>> {
    return survey(this.#docker);
  }

  list(labels: Labels, connection: 'kept' | 'new' = 'kept'): Promise<readonly ContainerSummary[]> {
    return listContainers(connection === 'new' ? this.connection.newcomer : this.#docker, labels);
  }

  image(reference: string): Promise<ObservedImage | undefined> {
    return this.#images.find(reference);
  }

  whyUnpullable(reference: string): Promise<string | undefined> {
    return this.#images.whyUnpullable(reference);
  }

  pull(reference: string, signal?: AbortSignal): Promise<ObservedImage> {
    return this.#images.pull(reference, signal);
  }

  createNetwork(spec: Parameters<Backend['createNetwork']>[0]): Promise<string> {
    return createNetwork(this.#docker, this.connection.apiVersion, spec);
  }

  removeNetwork(id: string): Promise<NetworkRemoval> {
    return this.#remover.remove(id);
  }

  createVolume(spec: Parameters<Backend['createVolume']>[0]): Promise<void> {
    return createVolume(this.#docker, spec);
  }

  removeVolume(name: string): Promise<'removed' | 'absent' | 'in-use'> {
    return removeVolume(this.#docker, name);
  }

  create(spec: ContainerSpec): Promise<string> {
    return this.#lifecycle.create(spec);
  }

  start(container: string): Promise<void> {
    return this.#lifecycle.start(container);
  }

  stop(container: string, grace: number): Promise<void> {
    return this.#lifecycle.stop(container, grace);
  }

  remove(container: string): Promise<void> {
    return this.#lifecycle.remove(container);
  }

  wasSignalled(container: string, since: number): Promise<boolean> {
    return wasSignalled(this.#docker, container, since);
  }

  inspect(container: string): Promise<ContainerState | undefined> {
    return this.#lifecycle.inspect(container);
  }

  watch(labels: Labels, signal: AbortSignal): Promise<AsyncIterable<ContainerEvent>> {
    return watch(this.#docker, labels, signal);
  }

  logs(container: string, options: Parameters<Backend['logs']>[1]): AsyncIterable<LogChunk> {
    return readLogs(this.#docker, container, options);
  }

  copyOut(container: string, path: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    return copyOut(this.#docker, container, path);
  }

  async sample(container: string): Promise<ResourceSample | undefined> {
    const cgroups = { version: this.info.CgroupVersion ?? '1', driver: this.info.CgroupDriver ?? 'cgroupfs' };
    const sample = this.#local ? sampleFiles(container, cgroups) : undefined;
    return sample ?? sampleStats(this.#docker, container);
  }

  async availableMemory(): Promise<number | undefined> {
    return this.#local ? availableMemory() : undefined;
  }

  exclusively<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(async () => {
      const lock = await waitForLock(lockPath(`combu-budget-${this.info.ID}`));
      try {
        return await action();
      } finally {
        await lock.release();
      }
    });
    this.#turn = result.catch(() => {});
    return result;
  }

  whyNoGpus(devices: readonly string[], image: string): Promise<string | undefined> {
    return whyNoGpus(this.#docker, devices, image);
  }

  async close(): Promise<void> {
    this.connection.close();
  }

  /** Facts for a person who looks for what is wrong. */
  async diagnose(): Promise<Diagnosis> {
    const [info, networks] = await Promise.all([askInfo(this.#docker), this.#networks()]);
    return {
      address: formatAddress(this.endpoint.address),
      origin: this.endpoint.origin,
      networks,
      dockerRoot: info.DockerRootDir,
      storageDriver: info.Driver,
      cgroupVersion: info.CgroupVersion ?? '1',
      liveRestore: info.LiveRestoreEnabled,
      runtimes: Object.keys(info.Runtimes ?? {}),
      warnings: info.Warnings ?? [],
    };
  }

  /** Of the pools' subnets, those are taken that a network has, or an interface of the machine. */
  async #networks(): Promise<{ total: number; free: number }> {
    const networks = await listNetworks(this.#docker);
    const subnets = networks
      .flatMap((network) => network.IPAM?.Config ?? [])
      .map((config) => config.Subnet ?? '');
    const interfaces = this.#local
      ? Object.values(networkInterfaces()).flatMap(
          (addresses) => addresses?.map(({ cidr }) => cidr ?? '') ?? [],
        )
      : [];
    return countNetworks(poolsOf(this.info), [...subnets, ...interfaces]);
  }
}

function askInfo(docker: Docker): Promise<EngineInfo> {
  return ask('Asking the engine about itself', PATIENCE.look, (): Promise<EngineInfo> => docker.info());
}

function poolsOf(info: EngineInfo): readonly AddressPool[] {
  const pools = info.DefaultAddressPools ?? [];
  return pools.length === 0 ? DEFAULT_POOLS : pools.map(({ Base, Size }) => ({ base: Base, size: Size }));
}

/** The engine has this machine's name and kernel, and is reached without leaving it: so its paths are ours. */
function isLocal(address: EngineAddress, info: EngineInfo): boolean {
  const near =
    address.kind === 'socket' ||
    (address.kind === 'tcp' && ['localhost', '127.0.0.1', '::1'].includes(address.host));
  return near && info.Name === hostname() && info.KernelVersion === release();
}
