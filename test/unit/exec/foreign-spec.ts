import type { ContainerSpec } from '../../../src/backend/backend.js';

/** A container that some other combu made. */
export const foreignSpec: ContainerSpec = {
  name: 'foreign',
  image: 'solver:1',
  labels: {},
  cmd: undefined,
  entrypoint: undefined,
  env: {},
  workdir: undefined,
  user: undefined,
  ports: [],
  mounts: [],
  networks: [],
  healthcheck: undefined,
  cpus: undefined,
  cpuWeight: undefined,
  memory: undefined,
  shm: 0,
  init: false,
  pids: 100,
  stopSignal: undefined,
  devices: [],
  results: { kind: 'volume' },
};
