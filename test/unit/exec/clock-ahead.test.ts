import { expect, it } from 'vitest';
import type { Backend } from '../../../src/backend/backend.js';
import type { MemoryBackend } from '../../../src/backend/memory/memory-backend.js';
import { executeRun } from '../../../src/exec/execute-run.js';
import { Control, experiment, orderFor, TestRun } from '../../rig/plan-fixture.js';

const MINUTE = 60_000;

/** The same engine on a machine whose clock is so far ahead of ours. */
function ahead(backend: MemoryBackend, by: number): Backend {
  const later = (time: string) => new Date(Date.parse(time) + by).toISOString();
  const calls: Partial<Backend> = {
    engine: async () => ({ ...(await backend.engine()), local: false, ahead: by }),
    async inspect(id) {
      const state = await backend.inspect(id);
      if (state?.status === 'running') return { ...state, startedAt: later(state.startedAt) };
      if (state?.status !== 'ended') return state;
      const startedAt = state.startedAt === null ? null : later(state.startedAt);
      return { ...state, startedAt, finishedAt: later(state.finishedAt) };
    },
    async watch(labels, signal) {
      const events = await backend.watch(labels, signal);
      return (async function* () {
        for await (const event of events) yield { ...event, time: event.time + by };
      })();
    },
  };
  return new Proxy(backend, {
    get(object, key) {
      const value = Reflect.get(key in calls ? calls : object, key) as unknown;
      return typeof value === 'function' ? (value.bind(key in calls ? calls : object) as unknown) : value;
    },
  });
}

it.each([10, -10])('a time-out is kept where the engine’s clock is %i minutes ahead', async (minutes) => {
  const test = new TestRun({ a: { ending: { kind: 'never' } } });
  const plan = await test.clock.run(test.plan(experiment([{ name: 'a', timeout: 60 * MINUTE }])));
  const backend = ahead(test.backend, minutes * MINUTE);
  const began = test.clock.now();
  const running = executeRun(
    orderFor(plan),
    { backend, journal: test.journal, clock: test.clock },
    new Control(),
  );
  expect(await test.clock.run(running)).toEqual({ outcome: 'failed', exitCode: 1 });
  expect(test.events('attempt.ended')).toMatchObject([{ outcome: 'timeout' }]);
  const took = test.clock.now() - began;
  expect(took).toBeGreaterThanOrEqual(60 * MINUTE);
  expect(took).toBeLessThan(61 * MINUTE);
});
