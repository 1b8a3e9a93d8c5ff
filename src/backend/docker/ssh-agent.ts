import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Agent, type AgentOptions } from 'node:http';
import { Duplex } from 'node:stream';
import type { EngineAddress, Surroundings } from './endpoint.js';

type SshAddress = Extract<EngineAddress, { kind: 'ssh' }>;

/**
 * Reaches an engine as the docker command does: each connection is an `ssh HOST docker system dial-stdio`, so that
 * the user's own settings, keys and agent of ssh hold.
 */
export class SshAgent extends Agent {
  readonly #address: SshAddress;
  readonly #env: Surroundings['env'];

  constructor(address: SshAddress, env: Surroundings['env'], options: AgentOptions) {
    super(options);
    this.#address = address;
    this.#env = env;
  }

  override createConnection(): Duplex {
    const { host, user, port } = this.#address;
    const target = [
      ...(user === undefined ? [] : ['-l', user]),
      ...(port === undefined ? [] : ['-p', String(port)]),
      '--',
      host,
    ];
    const env = this.#env as NodeJS.ProcessEnv;
    return new ChildSocket(spawn('ssh', [...target, 'docker', 'system', 'dial-stdio'], { env }));
  }
}

/** A program's input and output as one socket. Where the program fails, what it said on standard error is the reason. */
class ChildSocket extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;

  constructor(child: ChildProcessWithoutNullStreams) {
    super();
    this.#child = child;
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000);
    });
    child.stdout.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) child.stdout.pause();
    });
    // It then ends, too, and its end says more.
    child.stdin.on('error', () => {});
    child.on('error', (error) => this.destroy(error));
    child.on('close', (code) => {
      if (code === 0) this.push(null);
      else this.destroy(Object.assign(new Error(`ssh ended with ${code}: ${said.trim()}`), { code: 'ESSH' }));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.#child.stdin.write(bytes, () => done());
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  // What HTTP asks of a socket, and a pipe does not have. Without unref it keeps combu alive until the agent is destroyed.

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
