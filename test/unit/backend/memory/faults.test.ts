import { describe, expect, it } from 'vitest';
import type { Backend, ContainerEvent } from '../../../../src/backend/backend.js';
import { MemoryBackend, type MemoryEngine } from '../../../../src/backend/memory/memory-backend.js';
import { Failure } from '../../../../src/model/failure.js';
import { FakeClock } from '../../../../src/util/fake-clock.js';
import { containerSpec } from '../../../contract/container-spec.js';

/** What the memory backend does beyond the contract: what goes wrong when a test says so. */

function engine(differences: Partial<MemoryEngine> = {}): { backend: MemoryBackend; clock: FakeClock } {
  const clock = new FakeClock(0);
  return { backend: new MemoryBackend(clock, differences), clock };
}

const serving = { ending: { kind: 'never' } } as const;
const broken = new Failure('The connection broke.', { owner: 'refused', retryable: true });

describe('a verb', () => {
  it('fails as often as told, and then works', async () => {
    const { backend } = engine();
    backend.faults.fail('create', broken, { times: 2 });
    const order = containerSpec({ name: 'solver' });
    await expect(backend.create(order)).rejects.toBe(broken);
    await expect(backend.create(order)).rejects.toBe(broken);
    expect(backend.all()).toEqual([]);
    await backend.create(order);
    expect(backend.all()).toEqual([order]);
  });

  it('can do its work and lose the answer', async () => {
    const { backend } = engine();
    backend.faults.fail('create', broken, { answerLost: true });
    const order = containerSpec({ name: 'solver' });
    await expect(backend.create(order)).rejects.toBe(broken);
    expect(backend.all()).toEqual([order]);
    await backend.create(order);
    expect(backend.all()).toEqual([order]);
  });

  it('takes its time, by how many are under way', async () => {
    const { backend, clock } = engine({
      latency: (verb, underWay) => (verb === 'image' ? 100 * underWay : 0),
    });
    await clock.run(Promise.all([backend.image('a'), backend.image('b'), backend.image('c')]));
    expect(clock.now()).toBe(300);
  });
});

describe('an engine that is down', () => {
  it('fails every verb, and can be tried again', async () => {
    const { backend } = engine();
    backend.goDown();
    const calls: Promise<unknown>[] = [
      backend.engine(),
      backend.survey(),
      backend.list({}),
      backend.image('a'),
      backend.create(containerSpec({ name: 'solver' })),
      backend.inspect('x'),
      backend.remove('x'),
      backend.watch({}, new AbortController().signal),
      backend.copyOut('x', '/'),
      (async () => {
        for await (const _ of backend.logs('x', { follow: false }));
      })(),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ retryable: true, owner: 'refused' });
    backend.comeBack();
    expect(await backend.list({})).toEqual([]);
  });

  it('takes its containers with it, if told, and breaks the streams', async () => {
    const { backend } = engine({ director: () => serving });
    const id = await backend.create(containerSpec({ name: 'solver' }));
    await backend.start(id);
    const events = await backend.watch({}, new AbortController().signal);
    backend.goDown(137);
    const reading = (async () => {
      for await (const _ of events);
    })();
    await expect(reading).rejects.toMatchObject({ retryable: true });
    backend.comeBack();
    expect(await backend.inspect(id)).toMatchObject({ status: 'ended', exitCode: 137, oomKilled: false });
  });
});

it('events can be lost on their way; those who look at the engine itself see them', async () => {
  const { backend, clock } = engine({ deliversEvent: (event) => event.kind !== 'ended' });
  const real: string[] = [];
  backend.onEvent((event) => real.push(event.kind));
  const abort = new AbortController();
  const delivered: ContainerEvent['kind'][] = [];
  const events = await backend.watch({}, abort.signal);
  const live = async (on: Backend) => {
    const id = await on.create(containerSpec({ name: 'solver' }));
    await on.start(id);
    for await (const _ of on.logs(id, { follow: true }));
    await on.remove(id);
    abort.abort();
  };
  await clock.run(live(backend));
  for await (const event of events) delivered.push(event.kind);
  expect(delivered).toEqual(['started', 'removed']);
  expect(real).toEqual(['started', 'ended', 'removed']);
});

it('a network takes so many containers and no more', async () => {
  const { backend } = engine({ endpoints: 2, director: () => serving });
  const network = await backend.createNetwork({ name: 'n', labels: {}, internal: false, subnet: undefined });
  const ids = await Promise.all(
    ['a', 'b', 'c'].map((name) => backend.create(containerSpec({ name, networks: [network] }))),
  );
  await backend.start(ids[0]!);
  await backend.start(ids[1]!);
  await expect(backend.start(ids[2]!)).rejects.toMatchObject({ status: 500 });
  await backend.remove(ids[0]!);
  await backend.start(ids[2]!);
  expect(backend.running().map((spec) => spec.name)).toEqual(['b', 'c']);
});

it('the address pools run out', async () => {
  const { backend } = engine({ networkPool: 3 });
  const create = (name: string) =>
    backend.createNetwork({ name, labels: {}, internal: false, subnet: undefined });
  await create('one');
  await create('two');
  expect((await backend.engine()).freeNetworks).toBe(0);
  await expect(create('three')).rejects.toMatchObject({ owner: 'refused' });
});
