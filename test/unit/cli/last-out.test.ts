import { expect, it } from 'vitest';
import { MemoryBackend } from '../../../src/backend/memory/memory-backend.js';
import { removeLeftShared } from '../../../src/cli/run/last-out.js';
import { LABEL } from '../../../src/model/labels.js';
import { systemClock } from '../../../src/util/clock.js';
import { containerSpec } from '../../contract/container-spec.js';
import { experiment, planFor } from '../../rig/plan-fixture.js';

const labels = { [LABEL.experiment]: 'theirs', [LABEL.run]: 'theirs' };

/** What is left of another run's networks `lab` and `else` when a run ends that has shared `lab`. */
async function left(lives: boolean | undefined, theirContainer: boolean): Promise<string[]> {
  const backend = new MemoryBackend(systemClock);
  for (const name of ['lab', 'else']) {
    await backend.createNetwork({ name, labels, internal: false, subnet: undefined });
  }
  const plan = await planFor(backend, experiment([{ name: 'mine', networks: ['lab'] }]));
  if (theirContainer) {
    const own = { [LABEL.name]: 'theirs', [LABEL.trial]: 'theirs', [LABEL.attempt]: '1' };
    await backend.create(containerSpec({ name: 'theirs', labels: { ...labels, ...own } }));
  }
  await removeLeftShared(backend, plan, async () => lives);
  return (await backend.survey()).networks.flatMap(({ name, run }) => (run === undefined ? [] : [name]));
}

it('the last run in a shared network removes it, and no other one', async () => {
  expect(await left(false, false)).toEqual(['else']);
});

it('a shared network stays while its own run may need it', async () => {
  expect(await left(true, false)).toEqual(['lab', 'else']);
  expect(await left(undefined, false)).toEqual(['lab', 'else']);
  expect(await left(false, true)).toEqual(['lab', 'else']);
});
