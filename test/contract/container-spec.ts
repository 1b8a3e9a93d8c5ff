import type { ContainerSpec } from '../../src/backend/backend.js';

/** A container of a busybox-like image that asks for nothing; overridden field by field. */
export function containerSpec(differences: Partial<ContainerSpec> & { name: string }): ContainerSpec {
  return {
    image: 'combu-example/busybox:1',
    labels: {},
    cmd: undefined,
    entrypoint: undefined,
    env: {},
    workdir: undefined,
    user: undefined,
    ports: [],
    mounts: [],
    networks: ['none'],
    healthcheck: undefined,
    cpus: undefined,
    cpuWeight: undefined,
    memory: undefined,
    shm: 64 * 2 ** 20,
    init: true,
    pids: 4096,
    stopSignal: undefined,
    devices: [],
    results: { kind: 'volume' },
    ...differences,
  };
}
