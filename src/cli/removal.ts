import pLimit from 'p-limit';
import type { Backend, ContainerSummary } from '../backend/backend.js';
import { Failure } from '../model/failure.js';
import { LABEL } from '../model/labels.js';
import type { Clock } from '../util/clock.js';

/**
 * Removals at once. With more the engine gets hardly faster (14 to 19 containers a second), and the more leave a network at
 * the same moment, the likelier it miscounts those that are left in it, which takes seconds to mend (see EndpointCount).
 */
const AT_ONCE = 8;
/** What could not be removed is tried again after each of these pauses (milliseconds): something may still use it for a moment. */
const PAUSES = [500, 2_000];

/** Whose things on the engine: everything of an experiment, or of one run. */
export type Owned = { readonly experiment: string } | { readonly run: string };

export interface Counts {
  readonly containers: number;
  readonly networks: number;
  readonly volumes: number;
}

/** What was removed, and what stays. */
export interface Removed extends Counts {
  /** Names of networks that are stuck (see Backend.removeNetwork). */
  readonly stuck: readonly string[];
  readonly unremoved: readonly Unremoved[];
}

/** What the engine could not be brought to remove. */
export interface Unremoved {
  readonly kind: 'container' | 'network' | 'volume';
  readonly id: string;
  readonly name: string;
  readonly why: Failure;
}

/** A container, network or volume, as the engine and people know it. */
interface Thing {
  readonly id: string;
  readonly name: string;
}

/** What of it is on the engine now. */
interface Found {
  readonly containers: readonly Thing[];
  readonly networks: readonly Thing[];
  readonly volumes: readonly Thing[];
}

/** Where things are removed, and the clock of the pauses between tries. */
export interface Engine {
  readonly backend: Backend;
  readonly clock: Clock;
}

/**
 * Removes what is on the engine of it: containers, then networks, then volumes if asked for; one that can't be removed
 * keeps no other. Only what carries combu's labels, and of containers only those whose name equals their label, is touched.
 * Throws a Failure only where the engine is out of reach.
 */
export async function removeOwned(
  engine: Engine,
  owned: Owned,
  { volumes }: { readonly volumes: boolean },
): Promise<Removed> {
  const { backend } = engine;
  const found = await findOwned(engine, owned);
  const containers = await removeEach(engine, 'container', found.containers, ({ id }) => backend.remove(id));
  const networks = await removeEach(engine, 'network', found.networks, ({ id }) => backend.removeNetwork(id));
  const gone = await removeEach(engine, 'volume', volumes ? found.volumes : [], ({ name }) =>
    backend.removeVolume(name),
  );
  return {
    containers: containers.ends.length,
    networks: networks.ends.filter(({ end }) => end === 'removed' || end === 'absent').length,
    volumes: gone.ends.filter(({ end }) => end !== 'in-use').length,
    stuck: networks.ends.filter(({ end }) => end === 'stuck').map(({ thing }) => thing.name),
    unremoved: [...containers.unremoved, ...networks.unremoved, ...gone.unremoved],
  };
}

/**
 * Removes the containers that run or have ended, but for those of `spared`; returns how many, and which stay. For while a
 * supervisor lives: what it is about to start is left to it, for an engine that starts and removes a container at once can
 * lose count of a network's endpoints.
 */
export async function removeStarted(
  engine: Engine,
  owned: Owned,
  spared: ReadonlySet<string>,
): Promise<{ readonly removed: number; readonly unremoved: readonly Unremoved[] }> {
  const started = (await ownContainers(engine, owned)).filter(
    ({ id, status }) => status !== 'created' && !spared.has(id),
  );
  const { ends, unremoved } = await removeEach(engine, 'container', started, ({ id }) =>
    engine.backend.remove(id),
  );
  return { removed: ends.length, unremoved };
}

/** Tries each, and again what failed where that can help. Throws the engine's Failure where it is out of reach for all. */
async function removeEach<T extends Thing, E>(
  { backend, clock }: Engine,
  kind: Unremoved['kind'],
  things: readonly T[],
  remove: (thing: T) => Promise<E>,
): Promise<{ readonly ends: readonly { thing: T; end: E }[]; readonly unremoved: readonly Unremoved[] }> {
  const limit = pLimit(AT_ONCE);
  const ends: { thing: T; end: E }[] = [];
  const unremoved: Unremoved[] = [];
  for (let round = 0, left = things; left.length > 0; round++) {
    const pause = PAUSES[round];
    const again: T[] = [];
    const tryOne = async (thing: T) => {
      try {
        ends.push({ thing, end: await remove(thing) });
      } catch (why) {
        if (!(why instanceof Failure)) throw why;
        // An engine that is gone would have to be waited for once for each.
        if (why.status === undefined) await backend.hail();
        if (why.retryable && pause !== undefined) again.push(thing);
        else unremoved.push({ kind, id: thing.id, name: thing.name, why });
      }
    };
    try {
      await Promise.all(left.map((thing) => limit(tryOne, thing)));
    } finally {
      limit.clearQueue();
    }
    if (again.length > 0 && pause !== undefined) await clock.sleep(pause);
    left = again;
  }
  return { ends, unremoved };
}

/** How much of it is there. */
export async function countOwned(engine: Engine, owned: Owned): Promise<Counts> {
  const found = await findOwned(engine, owned);
  return {
    containers: found.containers.length,
    networks: found.networks.length,
    volumes: found.volumes.length,
  };
}

/** Ids of the runs that have containers there. */
export async function runsThere(engine: Engine, owned: Owned): Promise<ReadonlySet<string>> {
  return new Set((await ownContainers(engine, owned)).flatMap(({ ours }) => (ours ? [ours.run] : [])));
}

/** Asks again where that can help, as often as something is removed again: half-way through is no place to stop at. */
async function look<T>({ backend, clock }: Engine, question: (backend: Backend) => Promise<T>): Promise<T> {
  for (let round = 0; ; round++) {
    const pause = PAUSES[round];
    try {
      return await question(backend);
    } catch (why) {
      if (!(why instanceof Failure) || !why.retryable || pause === undefined) throw why;
      if (why.status === undefined) await backend.hail();
      await clock.sleep(pause);
    }
  }
}

async function ownContainers(engine: Engine, owned: Owned): Promise<readonly ContainerSummary[]> {
  const labels = 'run' in owned ? { [LABEL.run]: owned.run } : { [LABEL.experiment]: owned.experiment };
  const listed = await look(engine, (backend) => backend.list(labels));
  return listed.filter((one) => one.ours !== undefined);
}

async function findOwned(engine: Engine, owned: Owned): Promise<Found> {
  const [containers, survey] = await Promise.all([
    ownContainers(engine, owned),
    look(engine, (backend) => backend.survey()),
  ]);
  const isOwned = (thing: { readonly run: string | undefined; readonly experiment?: string | undefined }) =>
    'run' in owned ? thing.run === owned.run : thing.experiment === owned.experiment;
  return {
    containers,
    networks: survey.networks.filter(isOwned),
    volumes: survey.volumes.filter(isOwned).map(({ name }) => ({ id: name, name })),
  };
}
