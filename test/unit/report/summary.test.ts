import { describe, expect, it } from 'vitest';
import { summaryLines } from '../../../src/report/summary.js';
import { palette } from '../../../src/report/text/palette.js';
import { RunScript } from '../../rig/run-events.js';

const at = { folder: '.combu/runs/20261121-140000-k3jq8x0mz2ab', command: 'combu', palette: palette(false) };

function summaryOf(run: RunScript): string {
  const state = run.state();
  return summaryLines(state, state.outcome!, run.time(), at).join('\n');
}

describe('the summary', () => {
  it('of a success is short', () => {
    const run = new RunScript().start([{ name: 'loader', kind: 'service' }, 'a', 'b']);
    run.begin('loader').begin('a').begin('b');
    run.at = 65;
    run.end('a', 65).end('b', 65, { note: 'a child ran out of memory' });
    run.end('loader', 65, { outcome: 'stopped' });
    run.add({ type: 'run.ended', outcome: 'succeeded', exitCode: 0 });
    expect(summaryOf(run)).toBe(
      `
run k3jq8x0mz2ab of iris succeeded after 1m05s
  2 trials: 2 succeeded
  1 service: 1 stopped
note: a child ran out of memory (b)

logs and results: .combu/runs/20261121-140000-k3jq8x0mz2ab
results as a table: combu results table
`.trim(),
    );
  });

  it('groups failures, names examples, and says what to do next', () => {
    const names = Array.from({ length: 1000 }, (_, n) => `t-${n}`);
    const run = new RunScript().start([...names, 'late']);
    for (const [n, name] of names.entries()) {
      run.begin(name);
      run.at += 1;
      if (n < 412) run.fail(name, 1, `ImportError: no module named numpy`);
      else if (n < 415) run.fail(name, 1, `seed ${n} is odd`);
      else if (n === 415) run.end(name, 1, { outcome: 'timeout', cause: 'timeout after 1s' });
      else run.end(name, 1);
    }
    run.add({ type: 'attempt.kept', trial: 't-0', attempt: 1, container: 'c' });
    run.add({
      type: 'trial.skipped',
      trial: 'late',
      cause: { kind: 'dependency', trial: 't-0', state: 'failed' },
    });
    run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 });
    expect(summaryOf(run)).toBe(
      `
run k3jq8x0mz2ab of iris failed after 16m40s
  1,001 trials: 584 succeeded, 415 failed, 1 timeout, 1 skipped

412 trials: exit 1: ImportError: no module named numpy
    t-0, t-1, t-2 and 409 more
3 trials: exit 1: seed # is odd
    t-412, t-413, t-414
t-415: timeout after 1s
1 trial skipped: dependency t-0: failed

1 container kept for a look: t-0
logs and results: .combu/runs/20261121-140000-k3jq8x0mz2ab
see a log:             combu logs t-0
try what failed again: combu run --resume k3jq8x0mz2ab
remove what was kept:  combu kill --run k3jq8x0mz2ab
`.trim(),
    );
  });

  it('of an interrupted run says how to go on', () => {
    const run = new RunScript().start(['a', 'b']).begin('a');
    run.at = 5;
    run.end('a', 5, { outcome: 'killed', cause: 'interrupted' });
    run.add({ type: 'trial.skipped', trial: 'b', cause: { kind: 'interrupted' } });
    run.add({ type: 'run.ended', outcome: 'interrupted', exitCode: 130 });
    expect(summaryOf(run)).toBe(
      `
run k3jq8x0mz2ab of iris was interrupted after 5.0s
  2 trials: 1 killed, 1 skipped
1 trial skipped: interrupted

logs and results: .combu/runs/20261121-140000-k3jq8x0mz2ab
go on with it: combu run --resume k3jq8x0mz2ab
`.trim(),
    );
  });

  it('tells ten kinds of failure and counts the others', () => {
    const names = Array.from('abcdefghijkl');
    const run = new RunScript().start(names);
    for (const name of names) run.begin(name).fail(name, 0, `boom ${name}`);
    run.add({ type: 'run.ended', outcome: 'failed', exitCode: 1 });
    const text = summaryOf(run);
    expect(text).toContain('j: exit 1: boom j');
    expect(text).not.toContain('k: exit 1: boom k');
    expect(text).toContain('2 further kinds of failure: see combu status');
  });

  it('says where results are stored, and how those are stored that are not', () => {
    const run = new RunScript().start(['a']);
    run.add({ type: 'results.store', address: 's3://lab/runs', endpoint: null, region: null });
    run.begin('a').end('a', 1);
    run.add({ type: 'results.trouble', message: 'http://minio:9000 does not answer.' });
    run.add({ type: 'results.progress', stored: 12, bytes: 3 * 1024 * 1024, waiting: 3 });
    run.add({ type: 'run.ended', outcome: 'succeeded', exitCode: 5 });
    const text = summaryOf(run);
    expect(text).toContain('stored: 12 objects, 3 MiB, in s3://lab/runs\n');
    expect(text).toContain('3 results not stored yet: http://minio:9000 does not answer.\n');
    expect(text).toContain(`store the results:  combu push --run ${run.run}`);
  });

  it('says so where only the run’s own record could not be stored', () => {
    const run = new RunScript().start(['a']);
    run.add({ type: 'results.store', address: '/mnt/lab', endpoint: null, region: null });
    run.begin('a').end('a', 1);
    run.add({ type: 'results.trouble', message: 'There is no room left.' });
    run.add({ type: 'run.ended', outcome: 'succeeded', exitCode: 5 });
    const text = summaryOf(run);
    expect(text).toContain('not everything is stored yet: There is no room left.\n');
    expect(text).toContain('combu push --run');
  });
});
