import type { ContainerCreateOptions, EndpointsConfig, HostConfig, MountSettings } from 'dockerode';
import type { Mount, Port } from '../../model/trial.js';
import { type ContainerSpec, RESULTS_PATH } from '../backend.js';

/** What the mapping depends on besides the container itself. */
export interface EngineTraits {
  /** `1.41` and such. */
  readonly apiVersion: string;
  /** The engine has an init to give to containers. */
  readonly hasInit: boolean;
  /** Scales the bound of a container's log; 1 = two files of 64 MiB. */
  readonly logScale: number;
}

/** From this API version on, a create takes several networks at once, and networks' names are unique. */
const SEVERAL_NETWORKS = '1.44';

const LOG_FILE_MEBIBYTES = 64;
const NANOSECONDS = 1e6;

/** What the engine is asked for, and the networks that this API version can join only afterwards. */
export interface CreateOrder {
  readonly options: ContainerCreateOptions;
  readonly furtherNetworks: readonly string[];
}

/** A container as the engine's create call wants it. Pure. */
export function createOrder(spec: ContainerSpec, engine: EngineTraits): CreateOrder {
  const joinsAll = !apiBelow(engine.apiVersion, SEVERAL_NETWORKS);
  const [first, ...others] = spec.networks;
  const joined = joinsAll ? spec.networks : spec.networks.slice(0, 1);
  const healthcheck = healthcheckOf(spec);
  const options: ContainerCreateOptions = {
    name: spec.name,
    Image: spec.image,
    Labels: { ...spec.labels },
    Env: environment(spec),
    ...(spec.cmd === undefined ? {} : { Cmd: [...spec.cmd] }),
    // The engine takes [] for "the image's own"; [''] is its way to say "none".
    ...(spec.entrypoint === undefined
      ? {}
      : { Entrypoint: spec.entrypoint.length === 0 ? [''] : [...spec.entrypoint] }),
    ...(spec.workdir === undefined ? {} : { WorkingDir: spec.workdir }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.stopSignal === undefined ? {} : { StopSignal: spec.stopSignal }),
    ...(healthcheck === undefined ? {} : { Healthcheck: healthcheck }),
    ExposedPorts: Object.fromEntries(spec.ports.map((port) => [portKey(port), {}])),
    HostConfig: hostConfig(spec, engine, first),
    ...(first === undefined || isEngines(first)
      ? {}
      : { NetworkingConfig: { EndpointsConfig: endpoints(joined) } }),
  };
  return { options, furtherNetworks: joinsAll ? [] : others };
}

function hostConfig(spec: ContainerSpec, engine: EngineTraits, network: string | undefined): HostConfig {
  return {
    ...(network === undefined ? {} : { NetworkMode: network }),
    LogConfig: {
      Type: 'json-file',
      Config: {
        'max-size': `${Math.max(1, Math.round(LOG_FILE_MEBIBYTES * engine.logScale))}m`,
        'max-file': '2',
      },
    },
    Mounts: [...spec.mounts.map(mountSettings), resultsMount(spec)],
    PortBindings: portBindings(spec.ports),
    PidsLimit: spec.pids,
    ShmSize: spec.shm,
    SecurityOpt: ['no-new-privileges'],
    ...(engine.hasInit ? { Init: spec.init } : {}),
    ...(spec.cpus === undefined || spec.cpus === 0 ? {} : { NanoCpus: Math.round(spec.cpus * 1e9) }),
    ...(spec.cpuWeight === undefined ? {} : { CpuShares: spec.cpuWeight }),
    // Without MemorySwap the engine would add as much swap again.
    ...(spec.memory === undefined ? {} : { Memory: spec.memory, MemorySwap: spec.memory }),
    ...(spec.devices.length === 0
      ? {}
      : { DeviceRequests: [{ Driver: 'nvidia', DeviceIDs: [...spec.devices], Capabilities: [['gpu']] }] }),
  };
}

/** Images made for GPUs ask for all of them; a trial that has none is told so, unless its own env says otherwise. */
function environment(spec: ContainerSpec): string[] {
  const noGpus = spec.devices.length === 0 ? { NVIDIA_VISIBLE_DEVICES: 'void' } : {};
  return Object.entries({ ...noGpus, ...spec.env }).map(([name, value]) => `${name}=${value}`);
}

function healthcheckOf(spec: ContainerSpec): ContainerCreateOptions['Healthcheck'] {
  if (spec.healthcheck === undefined) return undefined;
  const { test, interval, timeout, retries, startPeriod } = spec.healthcheck;
  return {
    Test: [...test],
    Interval: interval * NANOSECONDS,
    Timeout: timeout * NANOSECONDS,
    Retries: retries,
    StartPeriod: startPeriod * NANOSECONDS,
  };
}

/** As Mounts, not Binds: a folder that is missing is then an error, and not made by the engine as root. */
function mountSettings(mount: Mount): MountSettings {
  const common = { Target: mount.container, ReadOnly: mount.readonly };
  return mount.kind === 'folder'
    ? { Type: 'bind', Source: mount.folder, ...common }
    : { Type: 'volume', Source: mount.volume, ...common };
}

function resultsMount(spec: ContainerSpec): MountSettings {
  const common = { Target: RESULTS_PATH, ReadOnly: false };
  return spec.results.kind === 'folder'
    ? { Type: 'bind', Source: spec.results.folder, ...common }
    : // Without a source: an anonymous one, which goes with its container.
      ({ Type: 'volume', ...common } as MountSettings);
}

function portBindings(ports: readonly Port[]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    const binding = { HostIp: port.address, HostPort: port.host === 0 ? '' : String(port.host) };
    bindings[portKey(port)] = [...(bindings[portKey(port)] ?? []), binding];
  }
  return bindings;
}

function portKey(port: Port): string {
  return `${port.container}/${port.protocol}`;
}

function endpoints(networks: readonly string[]): EndpointsConfig {
  return Object.fromEntries(networks.map((network) => [network, {}]));
}

/** The engine's own networks are a mode, not something to be joined. */
function isEngines(network: string): boolean {
  return network === 'bridge' || network === 'host' || network === 'none';
}

/** Whether an API version (`1.41`) is older than another. */
export function apiBelow(version: string, other: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
