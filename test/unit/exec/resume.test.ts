import { describe, expect, it } from 'vitest';
import { memoryImage } from '../../../src/backend/memory/memory-backend.js';
import type { Script } from '../../../src/backend/memory/script.js';
import type { Resuming } from '../../../src/exec/execute.js';
import { executeRun } from '../../../src/exec/execute-run.js';
import { planResume } from '../../../src/exec/resume.js';
import { MemoryJournal } from '../../../src/journal/memory-journal.js';
import { fold, newRunState } from '../../../src/model/run-state.js';
import { settled } from '../../../src/plan/settled.js';
import { Control, experiment, orderFor, TestRun, type TrialWords } from '../../rig/plan-fixture.js';

const exit = (after: number, code = 0) =>
  ({ ending: { kind: 'exit', after, code } }) satisfies Partial<Script>;
const forEver: Partial<Script> = { ending: { kind: 'never' } };

/**
 * A supervisor that is killed without a word after `after` milliseconds: from then on nothing that it does reaches the
 * journal that its successor reads, nor does it act on the engine.
 */
async function crashed(test: TestRun, trials: readonly TrialWords[], after: number) {
  const plan = await test.clock.run(test.plan(experiment(trials)));
  let dead = false;
  const journal = new MemoryJournal(test.clock);
  const hang = new Promise<never>(() => {});
  const deadAfter = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (object, key) => {
        const value = Reflect.get(object, key) as unknown;
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (!dead) return value.apply(object, args) as unknown;
          return key === 'logs'
            ? (async function* () {
                yield await hang;
              })()
            : hang;
        };
      },
    });
  void executeRun(
    orderFor(plan),
    { backend: deadAfter(test.backend), journal: deadAfter(journal), clock: test.clock },
    new Control(),
  );
  await test.clock.advance(after);
  dead = true;
  const previous = journal.events.reduce(fold, newRunState());
  for (const event of journal.events) fold(test.state, event);
  return { plan, previous, events: journal.events };
}

async function resumed(
  test: TestRun,
  trials: readonly TrialWords[],
  previous: TestRun['state'],
  asked: Partial<Resuming> = {},
) {
  const plan = await test.clock.run(test.plan(experiment(trials)));
  const resuming = { rerun: new Set<string>(), spared: new Set<string>(), image: undefined, ...asked };
  return test.clock.run(test.execute(plan, { previous, resuming }));
}

/** `trial.attempt` of all that the resumed run began. */
const begun = (test: TestRun) =>
  test.events('attempt.intended').map(({ trial, attempt }) => `${trial}.${attempt}`);

/** What the resumed run says of why trials run again. */
const because = (test: TestRun) =>
  Object.fromEntries(
    test.events('run.started').flatMap(({ trials }) => trials.map((trial) => [trial.name, trial.because])),
  );

describe('what a resume would do', () => {
  it('counts with the ends that the supervisor had recorded when it died, and changes nothing', async () => {
    const test = new TestRun({ done: exit(1_000), retried: exit(1_000, 1) });
    const retries = { max: 1, on: ['exit' as const], backoff: 1_000, memoryFactor: 1 };
    const trials = [{ name: 'done' }, { name: 'retried', retries }];
    const { plan, events } = await crashed(test, trials, 60_000);
    const unsaid = events.filter(
      ({ type }) => !['trial.ended', 'trial.retrying', 'run.ended'].includes(type),
    );
    const first = unsaid.filter((event) => !('attempt' in event) || event.attempt === 1);
    const previous = first.reduce(fold, newRunState());
    const before = structuredClone(previous);
    const { trials: resumptions } = planResume(plan, previous, []);
    expect(resumptions.get('done')).toEqual({ kind: 'done', restored: false });
    expect(resumptions.get('retried')).toEqual({ kind: 'again', because: { kind: 'under way', parts: [] } });
    expect(previous).toEqual(before);
  });
});

describe('a run whose supervisor died', () => {
  const trials = [
    { name: 'done' },
    { name: 'long' },
    { name: 'missed', depends: [{ trial: 'done', condition: 'completed' as const }] },
    { name: 'later', depends: [{ trial: 'long', condition: 'completed' as const }] },
  ];

  it('goes on: what is done stays done, what lives is adopted, what ended meanwhile is recorded as it ended', async () => {
    const test = new TestRun({
      done: exit(1_000),
      long: { ...exit(100_000), lines: ['one', { after: 50_000, text: 'two' }] },
      missed: { ...exit(20_000), lines: ['seen by nobody'] },
      later: exit(1_000),
    });
    const { previous } = await crashed(test, trials, 10_000);
    expect(previous.trials.get('missed')?.state).toBe('running');
    await test.clock.advance(60_000);
    const { exitCode } = await resumed(test, trials, previous);
    expect(exitCode).toBe(0);
    expect(test.events('run.started')[0]?.resumed).toBe(true);
    expect(test.events('attempt.intended').map((event) => event.trial)).toEqual(['later']);
    const ends = Object.fromEntries(test.events('attempt.ended').map((event) => [event.trial, event]));
    expect(Object.keys(ends).sort()).toEqual(['later', 'long', 'missed']);
    expect(ends.missed).toMatchObject({
      outcome: 'succeeded',
      attempt: 1,
      finishedAt: '2026-01-01T00:00:21.000Z',
    });
    expect(test.journal.logs.get('missed.1')?.toString()).toBe('seen by nobody\n');
    expect(test.journal.logs.get('long.1')?.toString()).toBe('one\ntwo\n');
    expect(test.backend.all()).toEqual([]);
  });

  it('starts what was only made, under the same attempt', async () => {
    const slow = new TestRun({ a: exit(1_000) }, { latency: (verb) => (verb === 'start' ? 5_000 : 1) });
    const { previous } = await crashed(slow, [{ name: 'a' }], 1_000);
    // The start that was under way is lost with its supervisor.
    const [container] = await slow.clock.run(slow.backend.list({ 'combu.trial': 'a' }));
    expect(previous.trials.get('a')).toMatchObject({ state: 'starting', attempt: 1 });
    const { exitCode } = await resumed(slow, [{ name: 'a' }], previous);
    expect(exitCode).toBe(0);
    expect(slow.events('attempt.ended')).toHaveLength(1);
    expect(slow.events('attempt.ended')[0]?.attempt).toBe(1);
    expect(container).toBeDefined();
  });

  it('starts what was only made also where its service was not even made', async () => {
    const pair = [
      { name: 'db', service: true },
      { name: 'uses', depends: ['db'] },
    ];
    const test = new TestRun(
      { db: forEver, uses: exit(1_000) },
      { latency: (verb) => (verb === 'start' ? 5_000 : 1) },
    );
    const { previous } = await crashed(test, pair, 1_000);
    const [container] = await test.clock.run(test.backend.list({ 'combu.trial': 'db' }));
    await test.clock.run(test.backend.remove(container!.id));
    previous.trials.get('db')!.container = null;
    expect((await resumed(test, pair, previous)).exitCode).toBe(0);
    expect(begun(test)).toEqual(['db.2']);
    expect(test.events('attempt.ended').map(({ trial, attempt }) => `${trial}.${attempt}`)).toEqual([
      'uses.1',
      'db.2',
    ]);
  });

  it('tries again what is gone', async () => {
    const test = new TestRun({ 'a.1': forEver, 'a.2': exit(1_000) });
    const { previous } = await crashed(test, [{ name: 'a' }], 10_000);
    const [container] = await test.clock.run(test.backend.list({ 'combu.trial': 'a' }));
    await test.clock.run(test.backend.remove(container!.id));
    expect((await resumed(test, [{ name: 'a' }], previous)).exitCode).toBe(0);
    expect(test.events('attempt.ended').map(({ attempt, outcome }) => `${attempt} ${outcome}`)).toEqual([
      '1 lost',
      '2 succeeded',
    ]);
  });

  it('runs a trial that was changed as its next attempt, and one that failed', async () => {
    const before = [{ name: 'same' }, { name: 'changed' }, { name: 'failed' }];
    const test = new TestRun({ 'failed.1': exit(0, 1) });
    const { previous } = await crashed(test, before, 10_000);
    expect(previous.outcome).toBe('failed');
    const after = [{ name: 'same' }, { name: 'changed', cmd: ['run', '--better'] }, { name: 'failed' }];
    expect((await resumed(test, after, previous)).exitCode).toBe(0);
    expect(test.events('attempt.intended').map(({ trial, attempt }) => `${trial}.${attempt}`)).toEqual([
      'changed.2',
      'failed.2',
    ]);
    expect(test.backend.all()).toEqual([]);
  });

  it('counts the retries that were used before, in whatever the trial was when its supervisor died', async () => {
    const retries = { max: 1, on: ['exit' as const], backoff: 30_000, memoryFactor: 1 };
    for (const diedAt of [20_000, 45_000]) {
      const test = new TestRun({ a: exit(10_000, 1) });
      const { previous } = await crashed(test, [{ name: 'a', retries }], diedAt);
      expect(previous.trials.get('a')?.state).toBe(diedAt === 20_000 ? 'retrying' : 'running');
      expect((await resumed(test, [{ name: 'a', retries }], previous)).exitCode).toBe(1);
      expect(test.events('attempt.ended').map(({ attempt }) => attempt)).toEqual([2]);
    }
  });

  it('gives a trial that had failed for good all its retries again', async () => {
    const retries = { max: 1, on: ['exit' as const], backoff: 1_000, memoryFactor: 1 };
    const test = new TestRun({ a: exit(0, 1) });
    const { previous } = await crashed(test, [{ name: 'a', retries }], 10_000);
    expect(previous.trials.get('a')).toMatchObject({ state: 'failed', attempt: 2 });
    await resumed(test, [{ name: 'a', retries }], previous);
    expect(test.events('attempt.ended').map(({ attempt }) => attempt)).toEqual([3, 4]);
  });

  it('asks for more memory after attempts that ran out of it before', async () => {
    const retries = { max: 2, on: ['oom' as const], backoff: 30_000, memoryFactor: 2 };
    const words = [{ name: 'a', retries, resources: { memory: 2 ** 30 } }];
    const outOfMemory: Partial<Script> = { ending: { kind: 'oom', after: 1_000 } };
    const test = new TestRun({ 'a.1': outOfMemory, 'a.2': exit(1_000) });
    const { previous } = await crashed(test, words, 10_000);
    await resumed(test, words, previous);
    expect(test.events('attempt.intended').map(({ request }) => request.memory)).toEqual([2 * 2 ** 30]);
  });

  it('says that what was kept for a look is gone, once a trial is to run again', async () => {
    const test = new TestRun({ 'a.1': exit(0, 1) });
    const { previous } = await crashed(test, [{ name: 'a' }], 10_000);
    expect(previous.trials.get('a')?.kept).toBe(true);
    await resumed(test, [{ name: 'a' }], previous);
    expect(test.events('attempt.removed').map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('gives up a trial whose containers are gone again and again', async () => {
    const test = new TestRun({ a: forEver });
    const { previous } = await crashed(test, [{ name: 'a' }], 10_000);
    previous.trials.get('a')!.outcomes = ['lost', 'lost', 'lost'];
    const [container] = await test.clock.run(test.backend.list({ 'combu.trial': 'a' }));
    await test.clock.run(test.backend.remove(container!.id));
    expect((await resumed(test, [{ name: 'a' }], previous)).exitCode).toBe(1);
    expect(test.events('attempt.intended')).toEqual([]);
    expect(previous.trials.get('a')?.state).toBe('lost');
  });
});

describe('what runs again when an ended run is resumed', () => {
  const completed = (trial: string) => [{ trial, condition: 'completed' as const }];
  const before: readonly TrialWords[] = [
    { name: 'prepare' },
    {
      name: 'solve-1',
      depends: completed('prepare'),
      env: { SEED: { kind: 'value', value: '1', secret: false } },
    },
    { name: 'solve-2', depends: completed('prepare') },
    { name: 'report', depends: completed('solve-2') },
  ];
  const changed = (name: string, words: Partial<TrialWords>) =>
    before.map((one) => (one.name === name ? { ...one, ...words } : one));

  async function ended(trials = before, scripts: ConstructorParameters<typeof TestRun>[0] = {}) {
    const test = new TestRun(scripts);
    const { previous } = await crashed(test, trials, 60_000);
    expect(previous.outcome).not.toBe(null);
    return { test, previous };
  }

  it('is nothing where trials stand in another order, or ask for other resources, time or ports', async () => {
    const { test, previous } = await ended();
    const after = before.toReversed().map((one) => ({
      ...one,
      resources: { memory: 2 ** 33 },
      timeout: 1_000_000,
      labels: { seen: 'yes' },
      retries: { max: 5, on: ['exit' as const], backoff: 1, memoryFactor: 1 },
    }));
    expect((await resumed(test, after, previous)).exitCode).toBe(0);
    expect(begun(test)).toEqual([]);
  });

  it('is the one whose variable changed, and those that are new; it says which part that was', async () => {
    const { test, previous } = await ended();
    const env = { SEED: { kind: 'value' as const, value: '2', secret: false } };
    const added = Array.from({ length: 10 }, (_, index) => ({ name: `new-${index}` }));
    expect((await resumed(test, [...added, ...changed('solve-1', { env })], previous)).exitCode).toBe(0);
    expect(begun(test).sort()).toEqual([...added.map(({ name }) => `${name}.1`), 'solve-1.2'].sort());
    expect(because(test)['solve-1']).toEqual({ kind: 'changed', parts: ['env SEED'] });
    expect(because(test)['new-0']).toBeUndefined();
  });

  it('is what completed on a trial that changed, and so on below it', async () => {
    const { test, previous } = await ended();
    await resumed(test, changed('solve-2', { params: { lr: 0.2 } }), previous);
    expect(begun(test)).toEqual(['solve-2.2', 'report.2']);
    expect(because(test).report).toEqual({ kind: 'changed', parts: ['dependency solve-2'] });
  });

  it('is not what was passed through from an environment that is another now', async () => {
    const passed = [{ name: 'a', env: { TOKEN: { kind: 'passed' as const } } }];
    const { test, previous } = await ended(passed);
    const plan = await test.clock.run(test.plan(experiment(passed)));
    await test.clock.run(test.execute(plan, { previous, secrets: { TOKEN: 'another' } }));
    expect(begun(test)).toEqual([]);
  });

  it('is nothing once an edit is taken back, whatever came of it meanwhile', async () => {
    const { test, previous } = await ended(before, { 'solve-1.2': exit(0, 1), 'prepare.2': forEver });
    const edited = before.map((one) => ({ ...one, workdir: '/elsewhere' }));
    const plan = await test.clock.run(test.plan(experiment(edited)));
    const running = test.execute(plan, { previous });
    await test.clock.advance(5_000);
    test.control.ask('interrupted');
    await test.clock.run(running);
    expect(begun(test)).toEqual(['prepare.2']);
    expect(previous.trials.get('report')?.state).toBe('skipped');
    const again = new TestRun();
    expect((await resumed(again, before, previous)).exitCode).toBe(0);
    expect(begun(again)).toEqual([]);
    expect(previous.trials.get('prepare')).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(previous.trials.get('report')).toMatchObject({ state: 'succeeded', attempt: 1 });
  });

  it('is what was asked for by name and never came to run, when the run is resumed once more', async () => {
    const { test, previous } = await ended(before, { 'prepare.2': forEver });
    const plan = await test.clock.run(test.plan(experiment(before)));
    const resuming = { rerun: new Set(['prepare']), spared: new Set<string>(), image: undefined };
    const running = test.execute(plan, { previous, resuming });
    await test.clock.advance(5_000);
    test.control.ask('interrupted');
    await test.clock.run(running);
    const again = new TestRun();
    await resumed(again, before, previous);
    expect(begun(again).sort()).toEqual(['prepare.3', 'report.2', 'solve-1.2', 'solve-2.2']);
  });

  it('is what was asked for by name, and what completed on it', async () => {
    const { test, previous } = await ended();
    expect((await resumed(test, before, previous, { rerun: new Set(['solve-2']) })).exitCode).toBe(0);
    expect(begun(test)).toEqual(['solve-2.2', 'report.2']);
    expect(because(test)).toMatchObject({
      'solve-2': { kind: 'rerun' },
      report: { kind: 'below', trial: 'solve-2' },
    });
  });

  it('is not a trial that the file has no more; what it left on the engine goes', async () => {
    const { test, previous } = await ended(before, { 'solve-1.1': exit(0, 1) });
    expect(test.backend.all()).toHaveLength(1);
    await resumed(
      test,
      before.filter(({ name }) => name !== 'solve-1'),
      previous,
    );
    expect(begun(test)).toEqual([]);
    expect(test.backend.all()).toEqual([]);
  });

  it('ends a trial that runs on although the file has it no more', async () => {
    const test = new TestRun({ a: forEver, b: exit(1_000) });
    const { previous } = await crashed(test, [{ name: 'a' }, { name: 'b', depends: completed('a') }], 10_000);
    expect((await resumed(test, [{ name: 'c' }], previous)).exitCode).toBe(0);
    expect(previous.trials.get('a')?.state).toBe('killed');
    expect(previous.trials.get('b')).toMatchObject({ state: 'skipped', cause: 'no longer in the file' });
    expect(test.backend.all()).toEqual([]);
  });

  it('leaves alone what was not chosen, kept containers too', async () => {
    const { test, previous } = await ended(before, { 'solve-1.1': exit(0, 1) });
    const chosen = before.filter(({ name }) => name !== 'solve-1');
    await resumed(test, chosen, previous, { spared: new Set(['solve-1']) });
    expect(test.backend.all().map(({ name }) => name)).toEqual(['solve-1']);
    expect(previous.trials.get('solve-1')).toMatchObject({ state: 'failed', kept: true });
  });

  it('has no value of a secret, nor a hash of one, in its record', async () => {
    const secret = (value: string) => [
      { name: 'a', env: { API_KEY: { kind: 'value' as const, value, secret: true } } },
    ];
    const { test, previous } = await ended(secret('hunter2'));
    const [first] = previous.trials.values();
    const parts = first?.parts;
    await resumed(test, secret('hunter3'), previous);
    expect(begun(test)).toEqual(['a.2']);
    expect(because(test).a).toEqual({ kind: 'changed', parts: [] });
    expect(parts).toHaveProperty(['env API_KEY']);
    expect(test.events('attempt.intended')[0]?.parts).toEqual(parts);
  });
});

describe('an image that is another when its run is resumed', () => {
  const trials: readonly TrialWords[] = [
    { name: 'first' },
    { name: 'after', depends: [{ trial: 'first', condition: 'completed' }] },
    { name: 'broken' },
  ];

  /** A run of which `broken` failed, with the image built anew under its name since. */
  async function rebuilt() {
    const test = new TestRun({ 'broken.1': exit(0, 1) });
    const { previous } = await crashed(test, trials, 60_000);
    test.backend.setImage('solver:1', { ...memoryImage('solver:1'), id: 'sha256:new' });
    return { test, previous };
  }

  const settledOf = (previous: TestRun['state'], image: 'keep' | 'rerun' | undefined) =>
    settled(previous, image, new Map([['solver:1', { id: 'sha256:new' }]]));

  async function goOn(test: TestRun, previous: TestRun['state'], image: 'keep' | 'rerun' | undefined) {
    const plan = await test.clock.run(test.plan(experiment(trials), { settled: settledOf(previous, image) }));
    const resuming = { rerun: new Set<string>(), spared: new Set<string>(), image };
    return test.clock.run(test.execute(plan, { previous, resuming }));
  }

  it('keep: no success is repeated, what completed on one neither; the rest uses the new image', async () => {
    const { test, previous } = await rebuilt();
    expect((await goOn(test, previous, 'keep')).exitCode).toBe(0);
    expect(begun(test)).toEqual(['broken.2']);
    expect(previous.images.get('solver:1')).toMatchObject({
      id: 'sha256:new',
      earlier: [memoryImage('solver:1').id],
    });
    // And so it stays when it is resumed once more, with nothing said.
    const again = await goOn(test, previous, undefined);
    expect(again.exitCode).toBe(0);
    expect(begun(test)).toEqual(['broken.2']);
  });

  it('rerun: what was made of the old image runs again', async () => {
    const { test, previous } = await rebuilt();
    expect((await goOn(test, previous, 'rerun')).exitCode).toBe(0);
    expect(begun(test).sort()).toEqual(['after.2', 'broken.2', 'first.2']);
    expect(because(test).first).toEqual({ kind: 'changed', parts: ['image'] });
    expect(previous.images.get('solver:1')?.earlier).toEqual([]);
  });

  it('is refused while nobody has said which', async () => {
    const { test, previous } = await rebuilt();
    expect((await goOn(test, previous, undefined)).exitCode).toBe(3);
    expect(begun(test)).toEqual([]);
    expect(previous.warnings.at(-1)).toContain('solver:1');
  });
});
