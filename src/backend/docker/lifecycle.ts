import type Docker from 'dockerode';
import type { ContainerCreateOptions, ContainerInspectInfo } from 'dockerode';
import { Failure } from '../../model/failure.js';
import { type ContainerSpec, type ContainerState, RESULTS_PATH } from '../backend.js';
import { hasLabels } from '../ownership.js';
import { makeWritable } from './archive.js';
import { createOrder, type EngineTraits } from './container-options.js';
import { ask, PATIENCE, unless } from './errors.js';

/** What the engine says where a time is not known. */
const NEVER = '0001-01-01T00:00:00Z';

/** From nothing to a container, through its life, and back to nothing. */
export class Lifecycle {
  /** Containers whose start was asked for and not answered: they may have run already. */
  readonly #unanswered = new Set<string>();

  constructor(
    private readonly docker: Docker,
    private readonly traits: EngineTraits,
  ) {}

  async create(spec: ContainerSpec): Promise<string> {
    const { options, furtherNetworks } = createOrder(spec, this.traits);
    const made = await unless(
      [409],
      undefined,
      ask(`Creating the container ${spec.name}`, PATIENCE.change, async (abortSignal) => {
        // Only the name belongs in the address; left alone, the client puts everything there.
        const call = { _query: { name: spec.name }, _body: options, abortSignal };
        return (await this.docker.createContainer(call as unknown as ContainerCreateOptions)).id;
      }),
    );
    const { id, fresh } = made === undefined ? await this.#madeBefore(spec) : { id: made, fresh: true };
    if (!fresh) return id;
    try {
      for (const network of furtherNetworks) await this.#join(network, id, spec.name);
      if (spec.results.kind === 'volume') await makeWritable(this.docker, id, RESULTS_PATH);
    } catch (error) {
      await this.#discard(id, error);
      throw error;
    }
    return id;
  }

  /**
   * Nobody has the id of a container that was made and could not be made ready: it would hold its name against the next
   * attempt. Where trying again can help (an answer was lost, the engine erred) it stays, for the same call made again
   * takes it up.
   */
  async #discard(id: string, why: unknown): Promise<void> {
    if (!(why instanceof Failure) || why.status === undefined || why.retryable) return;
    try {
      await this.remove(id);
    } catch (error) {
      // The reason why it is not ready is the one to tell.
      if (!(error instanceof Failure)) throw error;
    }
  }

  async start(id: string): Promise<void> {
    if (this.#unanswered.has(id) && !neverRan(await this.inspect(id))) return;
    this.#unanswered.add(id);
    try {
      const call = (abortSignal: AbortSignal) => this.docker.getContainer(id).start({ abortSignal });
      await unless([304], undefined, ask(`Starting the container ${short(id)}`, PATIENCE.change, call));
    } catch (error) {
      if (error instanceof Failure && error.status !== undefined) throw await this.#startFailure(id, error);
      throw error;
    }
    this.#unanswered.delete(id);
  }

  /**
   * Of an engine that tried and could not, the container's record has the reason: it is then the container's. One that has
   * no such record failed before, or somebody between says that it failed, and it may yet have done it.
   */
  async #startFailure(id: string, failure: Failure): Promise<Failure> {
    if (failure.owner !== 'engine') {
      this.#unanswered.delete(id);
      return failure;
    }
    const state = await this.inspect(id).catch(() => undefined);
    if (state?.status !== 'ended' || state.startedAt !== null) return failure;
    const { message, retryable, status, cause } = failure;
    return new Failure(message, { owner: 'refused', retryable, status, cause });
  }

  async stop(id: string, grace: number): Promise<void> {
    const container = this.docker.getContainer(id);
    if (grace <= 0) {
      const kill = (abortSignal: AbortSignal) => container.kill({ signal: 'SIGKILL', abortSignal });
      // 409: it was not running.
      await unless([404, 409], undefined, ask(`Killing the container ${short(id)}`, PATIENCE.change, kill));
      return;
    }
    const t = Math.ceil(grace / 1000);
    const stop = (abortSignal: AbortSignal) => container.stop({ t, abortSignal });
    // The engine answers when it has ended, which may take the whole grace.
    const patience = t * 1000 + PATIENCE.change;
    await unless([304, 404], undefined, ask(`Stopping the container ${short(id)}`, patience, stop));
  }

  async remove(id: string): Promise<void> {
    const container = this.docker.getContainer(id);
    const doing = `Removing the container ${short(id)}`;
    const remove = (abortSignal: AbortSignal) => container.remove({ v: true, force: true, abortSignal });
    const answer = await unless([404], 'gone', unless([409], 'going', ask(doing, PATIENCE.change, remove)));
    this.#unanswered.delete(id);
    if (answer !== 'going') return;
    // Somebody else is removing it.
    const gone = (abortSignal: AbortSignal) => container.wait({ condition: 'removed', abortSignal });
    await unless([404], undefined, ask(doing, PATIENCE.change, gone));
  }

  async inspect(id: string): Promise<ContainerState | undefined> {
    const info = await this.#look(id);
    return info === undefined ? undefined : stateOf(info);
  }

  #look(nameOrId: string): Promise<ContainerInspectInfo | undefined> {
    const inspect = (abortSignal: AbortSignal) => this.docker.getContainer(nameOrId).inspect({ abortSignal });
    return unless(
      [404],
      undefined,
      ask(`Looking at the container ${short(nameOrId)}`, PATIENCE.look, inspect),
    );
  }

  /** The name is taken: by an earlier call of our own whose answer was lost, or by somebody else. */
  async #madeBefore(spec: ContainerSpec): Promise<{ id: string; fresh: boolean }> {
    const there = await this.#look(spec.name);
    if (there === undefined) {
      throw new Failure(`The name ${spec.name} is still held by a container that is being removed.`, {
        owner: 'engine',
        retryable: true,
        status: 409,
      });
    }
    if (!hasLabels(there.Config.Labels, spec.labels)) {
      throw new Failure(`The name ${spec.name} is taken by the container ${short(there.Id)}.`, {
        owner: 'refused',
        status: 409,
        fix: 'Rename the trial, or remove that container if it is yours.',
      });
    }
    return { id: there.Id, fresh: there.State.Status === 'created' };
  }

  async #join(network: string, id: string, name: string): Promise<void> {
    const connect = () => this.docker.getNetwork(network).connect({ Container: id });
    // 403: it is in that network already.
    await unless(
      [403],
      undefined,
      ask(`Joining the container ${name} to a network`, PATIENCE.change, connect),
    );
  }
}

function neverRan(state: ContainerState | undefined): boolean {
  return state?.status === 'created' || (state?.status === 'ended' && state.startedAt === null);
}

/** The engine's record in combu's words. */
export function stateOf(info: ContainerInspectInfo): ContainerState {
  const { State: state } = info;
  const startedAt = state.StartedAt === NEVER ? null : state.StartedAt;
  switch (state.Status) {
    case 'created':
      // A start that failed leaves it "created", with an error.
      if (state.Error === '') return { status: 'created' };
      break;
    case 'running':
    case 'paused':
    case 'restarting':
      return {
        status: 'running',
        startedAt: state.StartedAt,
        paused: state.Paused,
        health: healthOf(state.Health?.Status),
        ports: boundPorts(info.NetworkSettings.Ports),
      };
  }
  return {
    status: 'ended',
    startedAt,
    finishedAt: state.FinishedAt === NEVER ? info.Created : state.FinishedAt,
    exitCode: state.ExitCode,
    oomKilled: state.OOMKilled,
    error: state.Error,
  };
}

function healthOf(status: string | undefined): 'none' | 'starting' | 'healthy' | 'unhealthy' {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : 'none';
}

type EnginePorts = ContainerInspectInfo['NetworkSettings']['Ports'];

function boundPorts(ports: EnginePorts | null): Record<string, string> {
  const bound: Record<string, string> = {};
  for (const [port, bindings] of Object.entries(ports ?? {})) {
    const first = (bindings as EnginePorts[string] | null)?.[0];
    if (first !== undefined) bound[port] = formatHostPort(first.HostIp, first.HostPort);
  }
  return bound;
}

function formatHostPort(address: string, port: string): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Ids as people know them: the first twelve characters. */
export function short(id: string): string {
  return /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id;
}
