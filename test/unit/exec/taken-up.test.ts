import { describe, expect, it, vi } from 'vitest';
import type { Backend } from '../../../src/backend/backend.js';
import { executeRun } from '../../../src/exec/execute-run.js';
import { Failure } from '../../../src/model/failure.js';
import { fold, newRunState } from '../../../src/model/run-state.js';
import { Mortal } from '../../rig/mortal.js';
import { Control, experiment, orderFor, TestRun, type TrialWords } from '../../rig/plan-fixture.js';

const HOUR = 3_600_000;
const long = { ending: { kind: 'exit' as const, after: 10 * HOUR, code: 0 } };

/** A run whose supervisor died after a minute; its trials live. */
async function orphaned(trials: readonly TrialWords[]): Promise<TestRun> {
  const test = new TestRun(Object.fromEntries(trials.map(({ name }) => [name, long])));
  const mortal = new Mortal();
  const order = orderFor(await test.clock.run(test.plan(experiment(trials))));
  const hands = {
    backend: mortal.hands(test.backend),
    journal: mortal.hands(test.journal),
    clock: test.clock,
  };
  void executeRun(order, hands, new Control());
  await test.clock.advance(60_000);
  mortal.die();
  return test;
}

async function resume(
  test: TestRun,
  trials: readonly TrialWords[],
  backend: Backend,
  control = new Control(),
) {
  const previous = test.journal.events.reduce(fold, newRunState());
  const order = { ...orderFor(await test.clock.run(test.plan(experiment(trials)))), previous };
  return executeRun(order, { backend, journal: test.journal, clock: test.clock }, control);
}

/** The same backend, one of whose calls is made another way. */
function except<K extends keyof Backend>(backend: Backend, name: K, instead: Backend[K]): Backend {
  return new Proxy(backend, {
    get(object, key) {
      const value = key === name ? instead : (Reflect.get(object, key) as unknown);
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
}

const living = async (test: TestRun) =>
  (await test.clock.run(test.backend.list({}))).flatMap(({ name, status }) =>
    status === 'running' ? [name] : [],
  );

describe('a resume that does not begin', () => {
  const before = [{ name: 'a' }];
  const after = [{ name: 'a' }, { name: 'new', image: 'other:2' }];

  it('leaves what runs as it was, when it is interrupted while it pulls an image', async () => {
    const test = await orphaned(before);
    const written = test.journal.events.length;
    const pulling = except(test.backend, 'pull', (_image, signal) => {
      return new Promise((_, reject) => {
        const interrupted = new Failure('Pulling was interrupted.', { owner: 'user' });
        signal?.addEventListener('abort', () => reject(interrupted));
      });
    });
    const control = new Control();
    const running = resume(test, after, pulling, control);
    await test.clock.advance(1_000);
    control.ask('interrupted');
    expect(await test.clock.run(running)).toEqual({ outcome: 'interrupted', exitCode: 130 });
    expect(test.journal.events.slice(written)).toEqual([]);
    expect(await living(test)).toEqual(['a']);
  });

  it('leaves it so, too, when the image can not be had; the next resume takes up what lives', async () => {
    const test = await orphaned(before);
    const written = test.journal.events.length;
    const refusing = except(test.backend, 'pull', () =>
      Promise.reject(new Failure('no such manifest.', { owner: 'refused', status: 404 })),
    );
    const result = await test.clock.run(resume(test, after, refusing));
    expect(result).toEqual({ outcome: 'failed', exitCode: 3 });
    const told = test.journal.events.slice(written);
    expect(told.map(({ type }) => type)).toEqual(['run.warning']);
    expect(await living(test)).toEqual(['a']);

    const again = test.journal.events.length;
    expect(await test.clock.run(resume(test, before, test.backend))).toEqual({
      outcome: 'succeeded',
      exitCode: 0,
    });
    const attempts = test.journal.events.slice(again).filter(({ type }) => type === 'attempt.intended');
    expect(attempts).toEqual([]);
  });

  it('leaves a run that had ended with the end that it had', async () => {
    const test = new TestRun({ a: { ending: { kind: 'exit', after: 1_000, code: 1 } } });
    const plan = await test.clock.run(test.plan(experiment(before)));
    const ports = { backend: test.backend, journal: test.journal, clock: test.clock };
    await test.clock.run(executeRun(orderFor(plan), ports, new Control()));
    const refusing = except(test.backend, 'pull', () =>
      Promise.reject(new Failure('no such manifest.', { owner: 'refused', status: 404 })),
    );
    expect(await test.clock.run(resume(test, after, refusing))).toEqual({ outcome: 'failed', exitCode: 3 });
    expect(test.journal.events.at(-1)).toMatchObject({ type: 'run.ended', outcome: 'failed', exitCode: 1 });
  });
});

describe('a resume', () => {
  it('asks no more about a container that it has taken up than about any other', async () => {
    const test = await orphaned([{ name: 'a' }]);
    let looks = 0;
    const counted = except(test.backend, 'inspect', (id) => {
      looks += 1;
      return test.backend.inspect(id);
    });
    void resume(test, [{ name: 'a' }], counted);
    await test.clock.advance(600_000);
    // When it is taken up; afterwards one list a minute tells that it lives.
    expect(looks).toBeGreaterThanOrEqual(1);
    expect(looks).toBeLessThanOrEqual(2);
  });

  it('goes on where something that is over can not be removed, and says so', async () => {
    const test = await orphaned([{ name: 'a' }, { name: 'gone' }]);
    const stuck = except(test.backend, 'remove', async (id) => {
      const found = (await test.backend.list({})).find((one) => one.id === id);
      if (found?.name !== 'gone') return test.backend.remove(id);
      throw new Failure('device or resource busy.', { owner: 'refused', status: 409 });
    });
    const result = await test.clock.run(resume(test, [{ name: 'a' }], stuck));
    expect(result).toEqual({ outcome: 'succeeded', exitCode: 0 });
    const warnings = test.journal.events.flatMap((event) =>
      event.type === 'run.warning' ? [event.message] : [],
    );
    expect(warnings).toEqual([
      'The container gone, of an attempt that is over, could not be removed: device or resource busy.',
    ]);
  });
});

it('many trials that wait at the same time are no leak to warn of', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const names = Array.from({ length: 16 }, (_, i) => `t${i}`);
  const failing = { ending: { kind: 'exit' as const, after: 1_000, code: 1 } };
  const test = new TestRun(Object.fromEntries(names.map((name) => [name, failing])));
  const retries = { max: 1, on: ['exit' as const], backoff: 60_000, memoryFactor: 1 };
  await test.run(experiment(names.map((name) => ({ name, resources: { cpus: 0 }, retries }))));
  expect(test.events('trial.retrying')).toHaveLength(16);
  expect(warned).not.toHaveBeenCalled();
  warned.mockRestore();
});
