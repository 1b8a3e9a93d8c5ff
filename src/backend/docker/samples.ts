import { readFile } from 'node:fs/promises';
import type Docker from 'dockerode';
import type { ResourceSample } from '../backend.js';
import { ask, PATIENCE, unless } from './errors.js';
import { short } from './lifecycle.js';

/** How the engine arranges control groups, as its info says. */
export interface CgroupTraits {
  readonly version: string;
  readonly driver: string;
}

/** One sample from the control group's own files, which costs nothing; undefined where they can't be read. */
export async function sampleFiles(
  id: string,
  { version, driver }: CgroupTraits,
  root = '/sys/fs/cgroup',
): Promise<ResourceSample | undefined> {
  const group = driver === 'systemd' ? `system.slice/docker-${id}.scope` : `docker/${id}`;
  try {
    return version === '2' ? await readUnified(`${root}/${group}`) : await readSplit(root, group);
  } catch {
    return undefined;
  }
}

async function readUnified(folder: string): Promise<ResourceSample> {
  const [current, memory, cpu] = await Promise.all(
    ['memory.current', 'memory.stat', 'cpu.stat'].map((file) => readFile(`${folder}/${file}`, 'utf8')),
  );
  return {
    memory: Number(current) - field(memory!, 'inactive_file'),
    cpuSeconds: field(cpu!, 'usage_usec') / 1e6,
  };
}

async function readSplit(root: string, group: string): Promise<ResourceSample> {
  const [usage, memory, cpu] = await Promise.all(
    [
      `memory/${group}/memory.usage_in_bytes`,
      `memory/${group}/memory.stat`,
      `cpuacct/${group}/cpuacct.usage`,
    ].map((file) => readFile(`${root}/${file}`, 'utf8')),
  );
  return {
    memory: Number(usage) - field(memory!, 'total_inactive_file'),
    cpuSeconds: Number(cpu) / 1e9,
  };
}

function field(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`no ${name}`);
  return Number(line.slice(name.length + 1));
}

/** One sample by the engine's own statistics: slower, and zeros once the container has ended. */
export async function sampleStats(docker: Docker, id: string): Promise<ResourceSample | undefined> {
  const stats = await unless(
    [404, 409],
    undefined,
    ask(`Measuring the container ${short(id)}`, PATIENCE.look, () =>
      docker.getContainer(id).stats({ stream: false, 'one-shot': true }),
    ),
  );
  const used = stats?.memory_stats.usage;
  if (stats === undefined || !used) return undefined;
  const details = stats.memory_stats.stats as { total_inactive_file?: number; inactive_file?: number };
  return {
    memory: used - (details.total_inactive_file ?? details.inactive_file ?? 0),
    cpuSeconds: stats.cpu_stats.cpu_usage.total_usage / 1e9,
  };
}

/** Bytes that this machine could give without swapping; undefined where Linux's record of it is not there. */
export async function availableMemory(file = '/proc/meminfo'): Promise<number | undefined> {
  try {
    const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile(file, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
