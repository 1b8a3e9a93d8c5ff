import pLimit from 'p-limit';
import type { Backend, ContainerSummary } from '../backend/backend.js';
import { LABEL } from '../model/labels.js';

/**
 * Removals at once. With more the engine gets hardly faster (14 to 19 containers a second), and the more leave a network at
 * the same moment, the likelier it miscounts those that are left in it, which takes seconds to mend (see EndpointCount).
 */
const AT_ONCE = 8;

/** Whose things on the engine: everything of an experiment, or of one run. */
export type Owned = { readonly experiment: string } | { readonly run: string };

export interface Counts {
  readonly containers: number;
  readonly networks: number;
  readonly volumes: number;
}

/** What was removed, and what the engine keeps for no reason. */
export interface Removed extends Counts {
  /** Names of networks that are stuck (see Backend.removeNetwork). */
  readonly stuck: readonly string[];
}

/** What of it is on the engine now. */
interface Found {
  readonly containers: readonly string[];
  readonly networks: readonly { readonly id: string; readonly name: string }[];
  readonly volumes: readonly string[];
}

/**
 * Removes what is on the engine of it: containers all at once, then networks, then volumes if asked for. Returns how many
 * were there. Only what carries combu's labels, and of containers only those whose name equals their label, is touched.
 */
export async function removeOwned(
  backend: Backend,
  owned: Owned,
  { volumes }: { readonly volumes: boolean },
): Promise<Removed> {
  const limit = pLimit(AT_ONCE);
  const found = await findOwned(backend, owned);
  await Promise.all(found.containers.map((id) => limit(() => backend.remove(id))));
  const networks = await Promise.all(
    found.networks.map(({ id, name }) =>
      limit(async () => ({ name, removal: await backend.removeNetwork(id) })),
    ),
  );
  const gone = volumes
    ? await Promise.all(found.volumes.map((name) => limit(() => backend.removeVolume(name))))
    : [];
  return {
    containers: found.containers.length,
    networks: networks.filter(({ removal }) => removal === 'removed' || removal === 'absent').length,
    volumes: gone.filter((end) => end !== 'in-use').length,
    stuck: networks.filter(({ removal }) => removal === 'stuck').map(({ name }) => name),
  };
}

/**
 * Removes the containers that run or have ended, and returns how many. For while a supervisor lives: what it is about to
 * start is left to it, for an engine that starts and removes a container at once can lose count of a network's endpoints.
 */
export async function removeStarted(backend: Backend, owned: Owned): Promise<number> {
  const limit = pLimit(AT_ONCE);
  const started = (await ownContainers(backend, owned)).filter((one) => one.status !== 'created');
  await Promise.all(started.map((one) => limit(() => backend.remove(one.id))));
  return started.length;
}

/** How much of it is there. */
export async function countOwned(backend: Backend, owned: Owned): Promise<Counts> {
  const found = await findOwned(backend, owned);
  return {
    containers: found.containers.length,
    networks: found.networks.length,
    volumes: found.volumes.length,
  };
}

/** Ids of the runs that have containers there. */
export async function runsThere(backend: Backend, owned: Owned): Promise<ReadonlySet<string>> {
  return new Set((await ownContainers(backend, owned)).flatMap(({ ours }) => (ours ? [ours.run] : [])));
}

async function ownContainers(backend: Backend, owned: Owned): Promise<readonly ContainerSummary[]> {
  const labels = 'run' in owned ? { [LABEL.run]: owned.run } : { [LABEL.experiment]: owned.experiment };
  return (await backend.list(labels)).filter((one) => one.ours !== undefined);
}

async function findOwned(backend: Backend, owned: Owned): Promise<Found> {
  const [containers, survey] = await Promise.all([ownContainers(backend, owned), backend.survey()]);
  const isOwned = (thing: { readonly run: string | undefined; readonly experiment?: string | undefined }) =>
    'run' in owned ? thing.run === owned.run : thing.experiment === owned.experiment;
  return {
    containers: containers.map((one) => one.id),
    networks: survey.networks.filter(isOwned),
    volumes: survey.volumes.filter(isOwned).map((one) => one.name),
  };
}
