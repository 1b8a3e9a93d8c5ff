import { spawn } from 'node:child_process';
import { Agent, type AgentOptions } from 'node:http';
import { Duplex } from 'node:stream';
import type { EngineAddress } from './endpoint.js';

type SshAddress = Extract<EngineAddress, { kind: 'ssh' }>;

/**
 * Reaches an engine as the docker command does: each connection is an `ssh HOST docker system dial-stdio`, so that
 * the user's own settings, keys and agent of ssh hold.
 */
export class SshAgent extends Agent {
  readonly #address: SshAddress;
  readonly #program: string;

  constructor(address: SshAddress, options: AgentOptions, program = 'ssh') {
    super(options);
    this.#address = address;
    this.#program = program;
  }

  override createConnection(): Duplex {
    const { host, user, port } = this.#address;
    const target = [
      ...(user === undefined ? [] : ['-l', user]),
      ...(port === undefined ? [] : ['-p', String(port)]),
      '--',
      host,
    ];
    const child = spawn(this.#program, [...target, 'docker', 'system', 'dial-stdio'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2_000);
    });
    const socket = Duplex.from({ readable: child.stdout, writable: child.stdin });
    child.on('error', (error) => socket.destroy(error));
    child.on('close', (code) => {
      if (code === 0 || socket.destroyed) return socket.destroy();
      const error = new Error(`ssh ended with ${code}: ${said.trim()}`);
      socket.destroy(Object.assign(error, { code: 'ESSH' }));
    });
    socket.on('close', () => child.kill());
    // What HTTP wants of a socket and a pipe does not have.
    const noOperation = () => socket;
    return Object.assign(socket, {
      setTimeout: noOperation,
      setNoDelay: noOperation,
      setKeepAlive: noOperation,
      ref: noOperation,
      unref: noOperation,
    });
  }
}
