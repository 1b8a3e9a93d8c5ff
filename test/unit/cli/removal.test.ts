import { describe, expect, it } from 'vitest';
import { MemoryBackend } from '../../../src/backend/memory/memory-backend.js';
import { countOwned, removeOwned, removeStarted } from '../../../src/cli/removal.js';
import { LABEL } from '../../../src/model/labels.js';
import { systemClock } from '../../../src/util/clock.js';
import { containerSpec } from '../../contract/container-spec.js';

const labels = (experiment: string, run: string) => ({ [LABEL.experiment]: experiment, [LABEL.run]: run });

/** Two runs of one experiment and one of another, each with a container, a network and a volume. */
async function engineWithRuns(): Promise<MemoryBackend> {
  const backend = new MemoryBackend(systemClock, { director: () => ({ ending: { kind: 'never' } }) });
  for (const [experiment, run] of [
    ['mine', 'one'],
    ['mine', 'two'],
    ['other', 'three'],
  ] as const) {
    const name = `trial-${run}`;
    const own = { [LABEL.name]: name, [LABEL.trial]: name, [LABEL.attempt]: '1' };
    await backend.start(
      await backend.create(containerSpec({ name, labels: { ...labels(experiment, run), ...own } })),
    );
    const thing = { labels: labels(experiment, run) };
    await backend.createNetwork({ ...thing, name: `net-${run}`, internal: false, subnet: undefined });
    await backend.createVolume({ ...thing, name: `volume-${run}` });
  }
  return backend;
}

const left = (backend: MemoryBackend) =>
  backend
    .all()
    .map((spec) => spec.name)
    .sort();

describe('removing', () => {
  it('takes all of an experiment, but for volumes', async () => {
    const backend = await engineWithRuns();
    expect(await removeOwned(backend, { experiment: 'mine' }, { volumes: false })).toEqual({
      containers: 2,
      networks: 2,
      volumes: 0,
      stuck: [],
    });
    expect(left(backend)).toEqual(['trial-three']);
    expect(await countOwned(backend, { experiment: 'mine' })).toEqual({
      containers: 0,
      networks: 0,
      volumes: 2,
    });
  });

  it('takes one run only, with its volumes where asked', async () => {
    const backend = await engineWithRuns();
    const removed = await removeOwned(backend, { run: 'one' }, { volumes: true });
    expect(removed).toEqual({ containers: 1, networks: 1, volumes: 1, stuck: [] });
    expect(left(backend)).toEqual(['trial-three', 'trial-two']);
    expect((await backend.survey()).volumes.map((one) => one.name).sort()).toEqual([
      'volume-three',
      'volume-two',
    ]);
  });

  it('names a network that the engine keeps for no reason', async () => {
    const backend = await engineWithRuns();
    backend.stickNetwork('net-two');
    const removed = await removeOwned(backend, { experiment: 'mine' }, { volumes: false });
    expect(removed).toEqual({ containers: 2, networks: 1, volumes: 0, stuck: ['net-two'] });
  });

  it('leaves a container that has the labels, but another name than they say', async () => {
    const backend = await engineWithRuns();
    const copied = {
      ...labels('mine', 'one'),
      [LABEL.name]: 'trial-one',
      [LABEL.trial]: 'x',
      [LABEL.attempt]: '1',
    };
    await backend.create(containerSpec({ name: 'somebody-elses', labels: copied }));
    await removeOwned(backend, { experiment: 'mine' }, { volumes: true });
    expect(left(backend)).toEqual(['somebody-elses', 'trial-three']);
  });

  it('leaves to a living supervisor what it is about to start', async () => {
    const backend = await engineWithRuns();
    const own = { [LABEL.name]: 'made', [LABEL.trial]: 'made', [LABEL.attempt]: '1' };
    await backend.create(containerSpec({ name: 'made', labels: { ...labels('mine', 'one'), ...own } }));
    expect(await removeStarted(backend, { experiment: 'mine' })).toBe(2);
    expect(left(backend)).toEqual(['made', 'trial-three']);
  });
});
