import { describe, expect, it } from 'vitest';
import { MemoryBackend } from '../../../src/backend/memory/memory-backend.js';
import { countOwned, removeOwned, removeStarted } from '../../../src/cli/removal.js';
import { Failure } from '../../../src/model/failure.js';
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

const at = (backend: MemoryBackend) => ({ backend, clock: { ...systemClock, sleep: async () => {} } });

/** From now on the engine says this to whoever removes the container; how often it has said it. */
function refuseToRemove(backend: MemoryBackend, name: string, failure: Failure) {
  const remove = backend.remove.bind(backend);
  const asked = { times: 0 };
  backend.remove = async (id) => {
    const [own] = await backend.list({ [LABEL.name]: name });
    if (own?.id !== id) return remove(id);
    asked.times += 1;
    throw failure;
  };
  return asked;
}

const busy = new Failure('Removing the container abc failed: device or resource busy.', {
  owner: 'engine',
  retryable: true,
  status: 500,
});
const lost = new Failure('Removing the container abc failed: the Docker engine gave no answer.', {
  owner: 'refused',
  retryable: true,
});

const left = (backend: MemoryBackend) =>
  backend
    .all()
    .map((spec) => spec.name)
    .sort();

describe('removing', () => {
  it('takes all of an experiment, but for volumes', async () => {
    const backend = await engineWithRuns();
    expect(await removeOwned(at(backend), { experiment: 'mine' }, { volumes: false })).toEqual({
      containers: 2,
      networks: 2,
      volumes: 0,
      stuck: [],
      unremoved: [],
    });
    expect(left(backend)).toEqual(['trial-three']);
    expect(await countOwned(at(backend), { experiment: 'mine' })).toEqual({
      containers: 0,
      networks: 0,
      volumes: 2,
    });
  });

  it('takes one run only, with its volumes where asked', async () => {
    const backend = await engineWithRuns();
    const removed = await removeOwned(at(backend), { run: 'one' }, { volumes: true });
    expect(removed).toEqual({ containers: 1, networks: 1, volumes: 1, stuck: [], unremoved: [] });
    expect(left(backend)).toEqual(['trial-three', 'trial-two']);
    expect((await backend.survey()).volumes.map((one) => one.name).sort()).toEqual([
      'volume-three',
      'volume-two',
    ]);
  });

  it('names a network that the engine keeps for no reason', async () => {
    const backend = await engineWithRuns();
    backend.stickNetwork('net-two');
    const removed = await removeOwned(at(backend), { experiment: 'mine' }, { volumes: false });
    expect(removed).toEqual({ containers: 2, networks: 1, volumes: 0, stuck: ['net-two'], unremoved: [] });
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
    await removeOwned(at(backend), { experiment: 'mine' }, { volumes: true });
    expect(left(backend)).toEqual(['somebody-elses', 'trial-three']);
  });

  it('leaves to a living supervisor what it is about to start', async () => {
    const backend = await engineWithRuns();
    const own = { [LABEL.name]: 'made', [LABEL.trial]: 'made', [LABEL.attempt]: '1' };
    await backend.create(containerSpec({ name: 'made', labels: { ...labels('mine', 'one'), ...own } }));
    expect(await removeStarted(at(backend), { experiment: 'mine' }, new Set())).toEqual({
      removed: 2,
      unremoved: [],
    });
    expect(left(backend)).toEqual(['made', 'trial-three']);
  });

  it('goes on past a container that the engine can’t remove, and says which and why', async () => {
    const backend = await engineWithRuns();
    const asked = refuseToRemove(backend, 'trial-one', busy);
    const removed = await removeOwned(at(backend), { experiment: 'mine' }, { volumes: true });
    expect(removed).toMatchObject({ containers: 1, networks: 2, volumes: 2 });
    expect(removed.unremoved).toMatchObject([{ kind: 'container', name: 'trial-one', why: busy }]);
    expect(left(backend)).toEqual(['trial-one', 'trial-three']);
    expect(asked.times).toBe(3);
  });

  it.each([
    { of: 'was busy for a moment', failure: busy, answerLost: false },
    { of: 'was removed, with the answer lost', failure: lost, answerLost: true },
  ])('counts a container that $of as removed', async ({ failure, answerLost }) => {
    const backend = await engineWithRuns();
    backend.faults.fail('remove', failure, { answerLost });
    const removed = await removeOwned(at(backend), { experiment: 'mine' }, { volumes: false });
    expect(removed).toMatchObject({ containers: 2, networks: 2, unremoved: [] });
    expect(left(backend)).toEqual(['trial-three']);
  });

  it.each(['list', 'survey'] as const)(
    'asks again what is there where the answer is lost (%s)',
    async (verb) => {
      const backend = await engineWithRuns();
      backend.faults.fail(verb, lost);
      const removed = await removeOwned(at(backend), { experiment: 'mine' }, { volumes: false });
      expect(removed).toMatchObject({ containers: 2, networks: 2, unremoved: [] });
    },
  );

  it('tries what the engine refuses once only', async () => {
    const backend = await engineWithRuns();
    const refused = new Failure('No.', { owner: 'refused', status: 403 });
    const asked = refuseToRemove(backend, 'trial-one', refused);
    const { unremoved } = await removeOwned(at(backend), { experiment: 'mine' }, { volumes: false });
    expect(unremoved.map(({ name }) => name)).toEqual(['trial-one']);
    expect(asked.times).toBe(1);
  });

  it('tries nothing more on an engine that has gone', async () => {
    const backend = await engineWithRuns();
    const remove = backend.remove.bind(backend);
    const asked: string[] = [];
    backend.remove = (id) => {
      asked.push(id);
      backend.goDown();
      return remove(id);
    };
    await expect(removeOwned(at(backend), { run: 'one' }, { volumes: false })).rejects.toThrow(
      'The engine does not answer.',
    );
    expect(asked).toHaveLength(1);
  });

  it('while a supervisor lives goes past what can’t be removed, and leaves alone what is spared', async () => {
    const backend = await engineWithRuns();
    const asked = refuseToRemove(backend, 'trial-one', busy);
    const { removed, unremoved } = await removeStarted(at(backend), { experiment: 'mine' }, new Set());
    expect(removed).toBe(1);
    expect(unremoved).toMatchObject([{ name: 'trial-one', why: busy }]);
    const spared = new Set(unremoved.map(({ id }) => id));
    asked.times = 0;
    expect(await removeStarted(at(backend), { experiment: 'mine' }, spared)).toEqual({
      removed: 0,
      unremoved: [],
    });
    expect(asked.times).toBe(0);
  });
});
