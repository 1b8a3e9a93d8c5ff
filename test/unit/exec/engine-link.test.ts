import { describe, expect, it } from 'vitest';
import type { ContainerEvent } from '../../../src/backend/backend.js';
import { engineDown } from '../../../src/backend/memory/faults.js';
import { MemoryBackend } from '../../../src/backend/memory/memory-backend.js';
import { EngineLink } from '../../../src/exec/engine-link.js';
import { Failure } from '../../../src/model/failure.js';
import { FakeClock } from '../../../src/util/fake-clock.js';

const SOMETHING: ContainerEvent = { kind: 'started', container: 'c', labels: {}, time: Date.UTC(2026, 0, 1) };

function linked() {
  const clock = new FakeClock();
  const backend = new MemoryBackend(clock);
  const said: string[] = [];
  const link = new EngineLink(backend, clock, {
    lost: (reason) => void said.push(`lost: ${reason}`),
    back: () => void said.push('back'),
  });
  link.heard(SOMETHING);
  return { clock, backend, link, said };
}

describe('an engine that is away', () => {
  it('is waited for, and may have ended containers from a while before', async () => {
    const { clock, backend, link, said } = linked();
    await clock.advance(60_000);
    const last = clock.now();
    await link.call((engine) => engine.list({}));
    backend.goDown(0);
    const asking = link.call((engine) => engine.list({}));
    await clock.advance(120_000);
    expect(said).toEqual(['lost: The engine does not answer']);
    backend.comeBack();
    expect(await clock.run(asking)).toEqual([]);
    expect(said.slice(1)).toEqual(['back']);
    expect(link.outages).toHaveLength(1);
    expect(link.outages[0]!.from).toBe(last - 15_000);
    expect(link.outages[0]!.heard).toBe(last);
    expect(link.outages[0]!.to).toBeGreaterThanOrEqual(last + 120_000);
  });

  it('has ended nothing where it remembers what was before: it was out of reach only', async () => {
    const { clock, backend, link, said } = linked();
    backend.goDown();
    const asking = link.call((engine) => engine.list({}));
    await clock.advance(120_000);
    backend.comeBack();
    await clock.run(asking);
    expect(said).toEqual(['lost: The engine does not answer', 'back']);
    expect(link.outages).toEqual([]);
  });

  it('is noticed by who confirms an end, also while it still answers on old connections', async () => {
    const { clock, backend, link } = linked();
    backend.goDown(0);
    backend.comeBack();
    backend.faults.fail('hail', engineDown(), { times: 5 });
    expect(await clock.run(link.call((engine) => engine.list({})))).toEqual([]);
    expect(link.outages).toEqual([]);
    await clock.run(link.confirm());
    expect(link.outages).toHaveLength(1);
  });
});

describe('an engine that answers with faults', () => {
  const busy = new Failure('busy', { owner: 'engine', retryable: true, status: 503 });

  it('of its own, to one kind of call: is asked again for a minute', async () => {
    const { clock, backend, link, said } = linked();
    backend.faults.fail('list', busy, { times: 12 });
    expect(await clock.run(link.call((engine) => engine.list({})))).toEqual([]);
    backend.faults.fail('list', busy, { times: 1_000 });
    const before = clock.now();
    await expect(clock.run(link.call((engine) => engine.list({})))).rejects.toBe(busy);
    expect(clock.now() - before).toBeGreaterThan(50_000);
    expect(clock.now() - before).toBeLessThan(70_000);
    expect(said).toEqual([]);
  });

  it('to everybody: is waited for as one that is away', async () => {
    const { clock, backend, link, said } = linked();
    backend.faults.fail('list', busy, { times: 3 });
    backend.faults.fail('hail', busy, { times: 100 });
    const before = clock.now();
    expect(await clock.run(link.call((engine) => engine.list({})))).toEqual([]);
    expect(clock.now() - before).toBeGreaterThan(400_000);
    expect(said).toEqual(['lost: busy', 'back']);
    expect(link.outages).toEqual([]);
  });

  it('that lie in what was asked: is asked three times', async () => {
    const { clock, backend, link } = linked();
    const refused = new Failure('the port is taken', { owner: 'refused', retryable: true, status: 500 });
    backend.faults.fail('list', refused, { times: 3 });
    const before = clock.now();
    await expect(clock.run(link.call((engine) => engine.list({})))).rejects.toBe(refused);
    expect(clock.now() - before).toBeLessThan(2_000);
  });
});

describe('an engine that takes calls and says nothing', () => {
  it('is told of, and asked anew when it is back', async () => {
    const { clock, backend, link, said } = linked();
    const silent = new Set(['list', 'hail']);
    const answers = { list: backend.list.bind(backend), hail: backend.hail.bind(backend) };
    const never = () => new Promise<never>(() => {});
    backend.list = (labels) => (silent.has('list') ? never() : answers.list(labels));
    backend.hail = () => (silent.has('hail') ? never() : answers.hail());
    const asking = link.call((engine) => engine.list({}));
    await clock.advance(7_000);
    expect(said).toEqual([]);
    await clock.advance(9_000);
    expect(said).toEqual(['lost: no answer in 5 s']);
    silent.clear();
    expect(await clock.run(asking)).toEqual([]);
    expect(said.slice(1)).toEqual(['back']);
  });

  it('is called anew without leaving earlier calls behind', async () => {
    const { clock, backend, link, said } = linked();
    const never = () => new Promise<never>(() => {});
    const calls: (AbortSignal | undefined)[] = [];
    backend.list = never;
    backend.hail = (signal) => {
      calls.push(signal);
      return never();
    };
    void link.call((engine) => engine.list({}));
    await clock.advance(60_000);
    expect(said).toHaveLength(1);
    expect(calls.length).toBeGreaterThan(3);
    expect(calls.filter((signal) => signal?.aborted !== true).length).toBeLessThanOrEqual(1);
  });

  it.each([
    { which: 'each takes its time', took: [4_000] },
    { which: 'they take far longer later, when the machine is busy', took: [400, 7_000] },
  ])('to new connections, for $which: is not away', async ({ took }) => {
    const { clock, backend, link, said } = linked();
    const left = [...took];
    backend.hail = () => clock.sleep(left.length > 1 ? left.shift()! : left[0]!);
    backend.list = async () => {
      await clock.sleep(100_000);
      return [];
    };
    await clock.run(link.confirm());
    expect(await clock.run(link.call((engine) => engine.list({})))).toEqual([]);
    expect({ said, outages: link.outages }).toEqual({ said: [], outages: [] });
  });

  it('for a while, but is there: is waited for', async () => {
    const { clock, backend, link, said } = linked();
    let asked = 0;
    backend.list = async () => {
      asked += 1;
      await clock.sleep(100_000);
      return [];
    };
    expect(await clock.run(link.call((engine) => engine.list({})))).toEqual([]);
    expect({ asked, said }).toEqual({ asked: 1, said: [] });
  });
});
