import { describe, expect, it } from 'vitest';
import { EngineLink } from '../../../src/exec/engine-link.js';
import { Failure } from '../../../src/model/failure.js';
import { experiment, TestRun } from '../../rig/plan-fixture.js';

const soon = { ending: { kind: 'exit', after: 1_000, code: 0 } } as const;
const noStart = new Failure('a file is there already', { owner: 'refused', retryable: true, status: 500 });

/** A run of one trial, whose engine stops when it is to start its container. */
async function stoppedAtStart(meanwhile: (test: TestRun) => void): Promise<TestRun> {
  const test = new TestRun({ a: soon });
  const plan = await test.clock.run(test.plan(experiment([{ name: 'a' }])));
  const start = test.backend.start.bind(test.backend);
  let stopped = false;
  test.backend.start = (container) => {
    if (!stopped) test.backend.goDown(137);
    stopped = true;
    return start(container);
  };
  const running = test.execute(plan);
  await test.clock.advance(10_000);
  meanwhile(test);
  test.backend.comeBack();
  await test.clock.run(running);
  return test;
}

describe('a container that the engine was to start when it stopped', () => {
  const outcomes = (test: TestRun) => test.events('attempt.ended').map(({ outcome }) => outcome);

  it('and can’t start any more is lost, and made anew', async () => {
    const test = await stoppedAtStart(({ backend }) => {
      backend.faults.fail('start', noStart, { times: 3 });
    });
    expect(outcomes(test)).toEqual(['lost', 'succeeded']);
    expect(test.ends()).toEqual({ a: 'succeeded (exit 0)' });
  });

  it('starts when it is back, if it can', async () => {
    const test = await stoppedAtStart(() => {});
    expect(outcomes(test)).toEqual(['succeeded']);
  });
});

describe('a container that somebody removes before it is started', () => {
  it('is lost, and made anew', async () => {
    const test = new TestRun({ a: soon });
    const start = test.backend.start.bind(test.backend);
    let removed = false;
    test.backend.start = async (container) => {
      if (!removed) {
        removed = true;
        await test.backend.remove(container);
      }
      return start(container);
    };
    expect((await test.run(experiment([{ name: 'a' }]))).exitCode).toBe(0);
    expect(test.events('attempt.ended').map(({ outcome }) => outcome)).toEqual(['lost', 'succeeded']);
  });
});

describe('an engine that was out of reach, and has forgotten by then what was before', () => {
  it('did not stop where something of the run runs on: what ended meanwhile ended by itself', async () => {
    const long = { ending: { kind: 'exit', after: 600_000, code: 0 } } as const;
    const test = new TestRun({ long, a: { ending: { kind: 'exit', after: 30_000, code: 0 } } });
    test.backend.remembers = async () => false;
    const plan = await test.clock.run(test.plan(experiment([{ name: 'long' }, { name: 'a' }])));
    const running = test.execute(plan);
    await test.clock.advance(10_000);
    test.backend.goDown();
    await test.clock.advance(60_000);
    test.backend.comeBack();
    expect((await test.clock.run(running)).exitCode).toBe(0);
    expect(test.events('attempt.ended').map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded']);
  });
});

describe('an engine that its containers outlive', () => {
  it('took nothing of what they wrote while it was away: their logs say so', async () => {
    const exit = (after: number) => ({ kind: 'exit', after, code: 0 }) as const;
    const scripts = {
      through: { lines: ['before', { after: 100_000, text: 'after' }], ending: exit(120_000) },
      meanwhile: { lines: ['before'], ending: exit(30_000) },
      early: { lines: ['before'], ending: exit(5_000) },
      late: { lines: ['after'], ending: exit(1_000) },
    };
    const test = new TestRun(scripts, { liveRestore: true });
    test.backend.remembers = async () => false;
    const trials = [
      { name: 'through' },
      { name: 'meanwhile' },
      { name: 'early' },
      { name: 'late', depends: [{ trial: 'through', condition: 'completed' as const }] },
    ];
    const running = test.execute(await test.clock.run(test.plan(experiment(trials))));
    await test.clock.advance(10_000);
    test.backend.goDown();
    const down = test.clock.now();
    await test.clock.advance(60_000);
    test.backend.comeBack();
    expect((await test.clock.run(running)).exitCode).toBe(0);

    const log = (name: string) => test.journal.logs.get(`${name}.1`)!.toString();
    const [, from, to] = /from (\S+) to (\S+) may be missing/.exec(log('through'))!;
    expect(Date.parse(from!)).toBeLessThanOrEqual(down);
    expect(Date.parse(to!)).toBeGreaterThanOrEqual(down + 60_000);
    const said = (end: string) =>
      `[combu: what was written from ${from} to ${end} may be missing: the engine was away]\n`;
    expect(log('through')).toBe(`before\n${said(to!)}after\n`);
    expect(log('meanwhile')).toBe(
      `before\n${said(test.events('attempt.ended').find(({ trial }) => trial === 'meanwhile')!.finishedAt!)}`,
    );
    expect(log('early')).toBe('before\n');
    expect(log('late')).toBe('after\n');
    // Whoever goes on with the run knows of it.
    expect(test.state.outages).toEqual([{ heard: from, back: to }]);
    const { outages } = new EngineLink(
      test.backend,
      test.clock,
      { lost: () => {}, back: () => {} },
      undefined,
      test.state.outages,
    );
    expect(outages.map(({ heard }) => heard)).toEqual([Date.parse(from!)]);
  });
});
