import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdRun } from '../../../../src/journal/run-lock.js';
import { NO_REQUEST } from '../../../../src/model/resources.js';
import { command } from '../../../rig/command.js';
import { RunScript } from '../../../rig/run-events.js';
import { writeRun } from '../../../rig/run-folder.js';

let cwd: string;
beforeEach(() => {
  cwd = realpathSync(mkdtempSync(join(tmpdir(), 'combu-why-')));
});
afterEach(() => rmSync(cwd, { recursive: true }));

/** No two tests share a run's id: the lock is the machine's. */
const script = (id: string) =>
  new RunScript(undefined, `why${process.pid.toString(36)}${id}`.padEnd(12, '0'));

const why = async (trial: string) => (await command(['why', trial], { cwd })).stdout;

/** A run that was resumed: one trial edited, one that had failed, one done, one left out. */
function resumed(): RunScript {
  const run = script('r').start(['edited', 'failed', 'done', 'left', 'child']);
  for (const name of ['edited', 'done', 'left', 'child']) run.begin(name).end(name, 1);
  run.begin('failed').fail('failed', 1, 'no data');
  run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 });
  run.at = 60;
  run.start(
    [
      { name: 'edited', again: true, because: { kind: 'changed', parts: ['env SEED', 'params lr'] } },
      { name: 'failed', again: true, because: { kind: 'ended', state: 'failed', parts: [] } },
      'done',
      { name: 'child', again: true, because: { kind: 'below', trial: 'edited' } },
    ],
    true,
  );
  run.begin('edited', 2).end('edited', 1, { attempt: 2 });
  run
    .begin('failed', 2)
    .end('failed', 1, { attempt: 2, outcome: 'failed', cause: 'exit 1' }, { final: false });
  run.add({ type: 'trial.retrying', trial: 'failed', attempt: 2, delay: 0, why: 'failed, retry 1 of 1' });
  run.begin('failed', 3).end('failed', 1, { attempt: 3 });
  return run.add({ type: 'run.ended', outcome: 'succeeded', exitCode: 0 });
}

describe('why', () => {
  it('names what of a trial had changed', async () => {
    writeRun(cwd, resumed());
    expect(await why('edited')).toBe(
      `
edited: succeeded
  it ended with 0
attempt 1: it had not run yet; succeeded
attempt 2: env SEED and params lr changed since it had succeeded; succeeded
`.trimStart(),
    );
  });

  it('tells a retry from a trial that was begun anew', async () => {
    writeRun(cwd, resumed());
    expect((await why('failed')).split('\n').slice(2, -1)).toEqual([
      'attempt 1: it had not run yet; failed (exit 1)',
      'attempt 2: it had ended as failed when the run was resumed; failed (exit 1)',
      'attempt 3: failed, retry 1 of 1; succeeded',
    ]);
  });

  it('says why a trial was not run again, and which the resumed run left out', async () => {
    writeRun(cwd, resumed());
    expect(await why('done')).toMatch(
      /not run again at .*14:01.*: nothing .* other than when attempt 1 succeeded/,
    );
    expect(await why('left')).toMatch(/resumed at .* without it: --only/);
  });

  it('says what a skipped trial missed', async () => {
    const run = script('s').start(['a', { name: 'b', depends: ['a'], conditions: ['completed'] }]);
    run.begin('a').fail('a', 1, '');
    run.add({
      type: 'trial.skipped',
      trial: 'b',
      cause: { kind: 'dependency', trial: 'a', state: 'failed' },
    });
    writeRun(cwd, run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 }));
    expect(await why('b')).toBe('b: skipped\n  it was never started: dependency a: failed\n');
  });

  it('says what a trial of a run that goes on waits for', async () => {
    const run = script('w').start(['a', { name: 'b', depends: ['a'], conditions: ['completed'] }]);
    run.begin('a');
    const trial = { networks: [], request: { cpus: 0, memory: 0, gpus: 0 }, unmeasured: false, needs: [] };
    const plan = {
      capacity: { cpus: 1, memory: 1, gpus: [] },
      jobs: null,
      networks: [],
      trials: [
        { ...trial, name: 'a', kind: 'batch', depends: [] },
        { ...trial, name: 'b', kind: 'batch', depends: [{ trial: 'a', condition: 'completed' }] },
      ],
    };
    const lock = await holdRun(writeRun(cwd, run, { plan }), { pid: 1 }, () => {});
    expect(await why('b')).toBe('b: pending\n  waits for a to succeed\n');
    await lock?.release();
    expect(await why('b')).toMatch(/nobody supervises its run: go on with combu run --resume/);
  });

  it('says that the sample left a trial out, and how the rest is run', async () => {
    const run = script('l').start(['fit-2'], false, {
      trials: ['fit-2'],
      rest: [{ request: NO_REQUEST, trials: 2 }],
      services: NO_REQUEST,
    });
    run.begin('fit-2').end('fit-2', 1).add({ type: 'run.ended', outcome: 'succeeded', exitCode: 0 });
    const trials = ['fit-1', 'fit-2', 'fit-3'].map((name) => ({ name }));
    const { id } = writeRun(cwd, run, { experiment: { trials } });
    const reason = `the sample that the run begins with leaves it for later; run the rest: combu run --resume ${id}`;
    expect(await why('fit-3')).toBe(`fit-3: pending\n  ${reason}\n`);
    expect(await why('fit-2')).toContain('fit-2: succeeded');
    const { stdout } = await command(['why', 'fit-1', '--json'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ trial: 'fit-1', state: 'pending', why: reason, attempts: [] });
    const ps = await command(['ps', 'fit-3'], { cwd });
    expect(ps.stderr).toContain(`fit-3 is not in run ${id} yet: the sample`);
    expect(ps.stderr).toContain(`combu run --resume ${id}`);
    expect((await command(['ps', 'fit-9'], { cwd })).stderr).toContain('Did you mean fit-2?');
  });

  it('says so of a trial that the file has got since, when --only named others', async () => {
    const run = script('o').start(['a']).add({ type: 'run.ended', outcome: 'succeeded', exitCode: 0 });
    run.start(['a'], true).add({ type: 'run.ended', outcome: 'succeeded', exitCode: 0 });
    writeRun(cwd, run, { experiment: [{ name: 'a' }, { name: 'new' }] });
    expect(await why('new')).toMatch(
      /^new: pending\n {2}the run was last resumed without it: --only.*--resume/,
    );
  });

  it('prints a document with every attempt', async () => {
    writeRun(cwd, resumed());
    const { stdout } = await command(['why', 'edited', '--json'], { cwd });
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'combu/why/v1',
      trial: 'edited',
      state: 'succeeded',
      attempts: [
        { attempt: 1, changed: [], outcome: 'succeeded' },
        { attempt: 2, changed: ['env SEED', 'params lr'], outcome: 'succeeded', exitCode: 0 },
      ],
    });
  });

  it('needs one trial', async () => {
    writeRun(cwd, resumed());
    const unknown = await command(['why', 'edite'], { cwd });
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('Did you mean edited?');
    expect((await command(['why', '*'], { cwd })).stderr).toContain('* means 5 trials');
  });
});
