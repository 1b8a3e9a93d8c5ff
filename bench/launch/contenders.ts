import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Docker from 'dockerode';
import pLimit from 'p-limit';
import { CLI, docker, IMAGE, namesOf, unlessNetworkStays } from '../engine.js';
import { composeCommand } from '../machine.js';
import { must, run, usedBy } from '../measure.js';

/**
 * One way of having N containers of `sleep` and of getting rid of them. All of them put their containers on one
 * bridge network of their own, and give the containers names that begin with `prefix`.
 */
export interface Contender {
  readonly name: string;
  /** Called once a round before the clock starts. */
  prepare?(prefix: string, count: number): Promise<void>;
  /** Resolves, at the latest, when all containers have been started. */
  start(prefix: string, count: number): Promise<void>;
  /** Resolves when all of it is gone, but perhaps for the network: an engine that has miscounted its endpoints keeps it. */
  kill(prefix: string, count: number): Promise<void>;
  /** What the contender's own process used for starting, where there is one. */
  used?(): { readonly cpuSeconds: number; readonly peakMb: number };
}

const SLEEP = ['sleep', '100000'];

/** The product: the run in the foreground, as a user has it, its output to a pipe. */
export function combu(): Contender {
  let folder = '';
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  let used = { cpuSeconds: 0, peakMb: 0 };
  const file = () => join(folder, 'experiment.jsonnet');
  return {
    name: 'combu',
    async prepare(prefix, count) {
      folder = mkdtempSync(join(tmpdir(), 'combu-bench-'));
      writeFileSync(
        file(),
        `[{ name: '${prefix}-%d' % i, image: '${IMAGE}', cmd: ${JSON.stringify(SLEEP)}, resources: { cpus: 0 },
            networks: ['${prefix}'] } for i in std.range(1, ${count})]`,
      );
    },
    async start() {
      child = spawn(process.execPath, [CLI, '-f', file(), 'run', '--progress', 'plain'], { stdio: 'ignore' });
      ended = new Promise((resolve) => child?.on('close', () => resolve()));
    },
    async kill() {
      if (child?.pid !== undefined && child.exitCode === null) used = usedBy(child.pid);
      await must(process.execPath, [CLI, '-f', file(), 'kill']);
      await ended;
      rmSync(folder, { recursive: true });
    },
    used: () => used,
  };
}

/** The limit: nothing but the engine's own calls, 8 at once. */
export function bare(): Contender {
  const limit = pLimit(8);
  let containers: Docker.Container[] = [];
  let network: Docker.Network | undefined;
  return {
    name: 'bare dockerode loop',
    async start(prefix, count) {
      const created = await docker.createNetwork({ Name: prefix, CheckDuplicate: true });
      network = created;
      containers = await Promise.all(
        namesOf(prefix, count).map((name) =>
          limit(async () => {
            const container = await docker.createContainer({
              name,
              Image: IMAGE,
              Cmd: SLEEP,
              HostConfig: { Init: true, NetworkMode: created.id },
            });
            await container.start();
            return container;
          }),
        ),
      );
    },
    async kill() {
      await Promise.all(
        containers.map((container) => limit(() => container.remove({ force: true, v: true }))),
      );
      await removeNetwork(network);
    },
  };
}

/** The engine lets go of a removed container's endpoint a moment later, and refuses (403) until then, or for good. */
async function removeNetwork(network: Docker.Network | undefined): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await network?.remove();
      return;
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode !== 403) throw error;
      if (tries === 20) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** `docker run -d` and `docker rm` for each container, 8 at once, by one of the programs that do so. */
export function commandEach(name: string, program: string, each: readonly string[]): Contender {
  return {
    name,
    async start(prefix, count) {
      await must('docker', ['network', 'create', prefix]);
      const docker = `docker run -d --init --network ${prefix} --name {} ${IMAGE} ${SLEEP.join(' ')}`;
      await must(program, [...each, ...docker.split(' ')], `${namesOf(prefix, count).join('\n')}\n`);
    },
    async kill(prefix, count) {
      await must(
        program,
        [...each, 'docker', 'rm', '-f', '-v', '{}'],
        `${namesOf(prefix, count).join('\n')}\n`,
      );
      unlessNetworkStays(await run('docker', ['network', 'rm', prefix]));
    },
  };
}

export function compose(): Contender {
  const [program, ...first] = composeCommand();
  let folder = '';
  const call = (prefix: string, ...args: string[]) =>
    run(program!, [...first, '-p', prefix, '-f', join(folder, 'compose.json'), ...args]);
  return {
    name: 'docker compose',
    async prepare(prefix, count) {
      folder = mkdtempSync(join(tmpdir(), 'combu-bench-'));
      const service = { image: IMAGE, command: SLEEP, init: true, networks: ['n'] };
      const services = Object.fromEntries(
        namesOf(prefix, count).map((name, i) => [`t${i}`, { ...service, container_name: name }]),
      );
      writeFileSync(
        join(folder, 'compose.json'),
        JSON.stringify({ services, networks: { n: { name: prefix } } }),
      );
    },
    async start(prefix) {
      const { code, stderr } = await call(prefix, 'up', '-d', '--quiet-pull');
      if (code !== 0) throw new Error(`docker compose up ended with ${code}: ${stderr.slice(-500)}`);
    },
    async kill(prefix) {
      unlessNetworkStays(await call(prefix, 'down', '-t', '0', '-v'));
      rmSync(folder, { recursive: true });
    },
  };
}
