import pLimit from 'p-limit';
import type { NewRunEvent } from '../model/event.js';
import { Failure } from '../model/failure.js';
import { identityLabels } from '../model/labels.js';
import type { ObservedImage, PlannedImage } from '../plan/plan.js';
import type { RunContext } from './run-context.js';

/** Pulls at once: each already loads its layers in parallel. */
const PULLS = 3;

/** Gets every image of the run, each once. Throws a Failure where one can't be had. */
export async function prepareImages(
  run: RunContext,
  tell: (event: NewRunEvent) => void,
): Promise<ReadonlyMap<string, ObservedImage>> {
  const limit = pLimit(PULLS);
  const images = run.plan.images.map((image) =>
    limit(async () => [image.image, await imageOf(run, image, tell)] as const),
  );
  return new Map(await Promise.all(images));
}

async function imageOf(
  run: RunContext,
  { image: reference, action }: PlannedImage,
  tell: (event: NewRunEvent) => void,
): Promise<ObservedImage> {
  // A run that is resumed goes on with the images it began with, wherever their tags have moved.
  const recorded = run.state.images.get(reference)?.id;
  if (recorded !== undefined) {
    const image = await run.engine.call((backend) => backend.image(recorded));
    if (image !== undefined) return image;
  }
  const pulled = action === 'pull';
  if (pulled) tell({ type: 'image.pulling', image: reference });
  const image = await run.engine.call((backend) =>
    pulled ? backend.pull(reference, run.cancelled.signal) : backend.image(reference),
  );
  if (image === undefined) {
    throw new Failure(`The image ${reference} is gone from the engine.`, { owner: 'refused' });
  }
  tell({ type: 'image.ready', image: reference, id: image.id, digest: image.digest, pulled });
  return image;
}

/** Makes the networks and volumes that the run makes. Throws a Failure where one can't be had. */
export async function prepareNetworks(run: RunContext): Promise<void> {
  const labels = identityLabels(run.order.identity);
  const networks = new Map<string, string>();
  for (const { name, action, internal, subnet } of run.plan.networks) {
    if (action === 'use') continue;
    const id = await run.engine.call((backend) => backend.createNetwork({ name, labels, internal, subnet }));
    networks.set(name, id);
    run.note({ type: 'network.created', name, id });
  }
  run.networks = networks;
  for (const { name, action } of run.plan.volumes) {
    if (action === 'use') continue;
    await run.engine.call((backend) => backend.createVolume({ name, labels }));
    run.note({ type: 'volume.created', name });
  }
}

/** Removes the run's networks, but for those that something else uses. */
export async function removeNetworks(run: RunContext): Promise<void> {
  for (const [name, id] of [...run.state.networks]) {
    try {
      const result = await run.engine.call((backend) => backend.removeNetwork(id));
      if (result !== 'in-use') run.note({ type: 'network.removed', name });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      run.note({
        type: 'run.warning',
        message: `The network ${name} could not be removed: ${error.message}`,
      });
    }
  }
}
