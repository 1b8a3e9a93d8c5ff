import { expect, it } from 'vitest';
import { MemoryBackend } from '../../../../src/backend/memory/memory-backend.js';
import { FakeClock } from '../../../../src/util/fake-clock.js';
import { containerSpec } from '../../../contract/container-spec.js';

// The time that a test may take bounds this one: a minute of ten thousand containers costs a second or two.
it('plays ten thousand containers in virtual time', async () => {
  const clock = new FakeClock(0);
  const backend = new MemoryBackend(clock, {
    latency: (verb) => (verb === 'start' ? 290 : 30),
    director: () => ({ ending: { kind: 'exit', after: 60_000, code: 0 }, lines: ['one', 'two'] }),
  });
  const play = async (number: number) => {
    const id = await backend.create(containerSpec({ name: `trial-${number}` }));
    await backend.start(id);
    let lines = 0;
    for await (const _ of backend.logs(id, { follow: true })) lines += 1;
    await backend.remove(id);
    return lines;
  };
  const lines = await clock.run(Promise.all(Array.from({ length: 10_000 }, (_, number) => play(number))));
  expect(lines.every((count) => count === 2)).toBe(true);
  expect(backend.all()).toEqual([]);
  // 30 ms to create, 290 to start, 60,000 to run, 30 to remove, all of them at once.
  expect(clock.now()).toBe(60_350);
});
