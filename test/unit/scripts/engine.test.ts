import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = resolve('scripts/engine.sh');
const ENGINE = ['docker', 'dockerd', 'iptables', 'busybox', 'setsid', 'systemctl'];

/**
 * A machine with nothing on its PATH but a few plain tools and stand-ins, which write down how they were called.
 * The stand-in for docker answers once something has started the engine; the one for apt-get brings what is on offer.
 */
class Machine {
  readonly folder = mkdtempSync(join(tmpdir(), 'combu-machine-'));
  readonly #installed = join(this.folder, 'bin');
  readonly #offered = join(this.folder, 'offered');
  readonly #running = join(this.folder, 'running');

  constructor() {
    mkdirSync(this.#installed);
    mkdirSync(this.#offered);
    for (const tool of ['sh', 'sleep', 'mktemp', 'cat', 'rm', 'mv', 'tail']) {
      const path = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim();
      symlinkSync(path, join(this.#installed, tool));
    }
    this.#write(this.#installed, 'id', 'if [ "$1" = -u ]; then echo 0; else echo ada; fi');
  }

  #write(folder: string, program: string, body: string): void {
    writeFileSync(join(folder, program), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }

  #standIn(program: string): string {
    const record = `echo "${program} $*" >>${this.folder}/calls`;
    if (program === 'docker') return `if [ "$1" = version ]; then [ -e ${this.#running} ] && echo 20.10; fi`;
    if (program === 'setsid' || program === 'systemctl') return `${record}; : >${this.#running}`;
    return record;
  }

  has(...programs: string[]): void {
    for (const program of programs) this.#write(this.#installed, program, this.#standIn(program));
  }

  /** Makes it a Debian whose archive offers these programs, in whatever packages. */
  offers(...programs: string[]): void {
    for (const program of programs) this.#write(this.#offered, program, this.#standIn(program));
    const bring = `if [ "$1" = install ]; then mv ${this.#offered}/* ${this.#installed}; fi`;
    this.#write(this.#installed, 'apt-get', `echo "apt-get $*" >>${this.folder}/calls; ${bring}`);
  }

  runsEngine(): void {
    writeFileSync(this.#running, '');
  }

  isUsedBy(uid: number): void {
    this.#write(this.#installed, 'id', `if [ "$1" = -u ]; then echo ${uid}; else echo ada; fi`);
  }

  /** Runs the script, without a terminal. */
  setUp(args: string[] = [], env: NodeJS.ProcessEnv = {}): { code: number | null; said: string } {
    const { status, stderr } = spawnSync(SCRIPT, args, {
      env: { PATH: this.#installed, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { code: status, said: stderr };
  }

  /** What was installed and started, in order. */
  get calls(): string[] {
    const file = join(this.folder, 'calls');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }
}

describe('scripts/engine.sh', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
  });
  afterEach(() => {
    rmSync(machine.folder, { recursive: true });
  });

  it('leaves an engine that answers alone, and says nothing', () => {
    machine.has(...ENGINE);
    machine.offers();
    machine.runsEngine();
    expect(machine.setUp()).toEqual({ code: 0, said: '' });
    expect(machine.calls).toEqual([]);
  });

  it('installs and starts an engine, having said both', () => {
    // The client alone: without it, the script would stop at the socket of the engine that tests this.
    machine.has('docker');
    machine.offers(...ENGINE);
    const { code, said } = machine.setUp();
    expect(code).toBe(0);
    expect(said.indexOf('docker.io iptables busybox-static')).toBeGreaterThan(-1);
    expect(said.indexOf('About to install')).toBeLessThan(said.indexOf('Installing'));
    expect(said).toContain('About to start');
    expect(said).toContain('stop it with');
    expect(machine.calls.slice(0, 2)).toEqual([
      'apt-get update',
      'apt-get install -y --no-install-recommends docker.io iptables busybox-static',
    ]);
    expect(machine.calls[2]).toMatch(/^(setsid dockerd|systemctl start docker)$/);
    expect(machine.calls).toHaveLength(3);
  });

  it('only starts an engine that is installed', () => {
    machine.has(...ENGINE);
    machine.offers();
    const { code, said } = machine.setUp();
    expect(code).toBe(0);
    expect(said).not.toContain('install');
    expect(machine.calls).toHaveLength(1);
    expect(machine.calls[0]).toMatch(/^(setsid dockerd|systemctl start docker)$/);
  });

  it('installs what the tests need beside an engine that is already there', () => {
    machine.has(...ENGINE);
    machine.offers('docker-registry');
    machine.runsEngine();
    expect(machine.setUp(['--tests']).code).toBe(0);
    expect(machine.calls.slice(0, 2)).toEqual([
      'apt-get update',
      'apt-get install -y --no-install-recommends docker-registry',
    ]);
  });

  it.each([
    {
      why: 'COMBU_SETUP=no',
      uid: 0,
      debian: true,
      env: { COMBU_SETUP: 'no' },
      says: 'COMBU_SETUP=no forbids',
    },
    { why: 'another user than root', uid: 1000, debian: true, env: {}, says: 'sudo scripts/engine.sh' },
    {
      why: 'another system than Debian',
      uid: 0,
      debian: false,
      env: {},
      says: 'install and start Docker Engine',
    },
    {
      why: 'a DOCKER_HOST that does not answer',
      uid: 0,
      debian: true,
      env: { DOCKER_HOST: 'tcp://192.0.2.1:2375' },
      says: 'DOCKER_HOST=tcp://192.0.2.1:2375',
    },
  ])('refuses in one sentence, installing and starting nothing: $why', ({ uid, debian, env, says }) => {
    machine.has('docker');
    machine.isUsedBy(uid);
    if (debian) machine.offers(...ENGINE);
    const { code, said } = machine.setUp([], env);
    expect(code).toBe(3);
    expect(said).toContain(says);
    expect(said.trimEnd().split('\n')).toHaveLength(1);
    expect(machine.calls).toEqual([]);
  });
});
