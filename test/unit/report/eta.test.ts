import { describe, expect, it } from 'vitest';
import { NO_REQUEST } from '../../../src/model/resources.js';
import { estimateRemaining } from '../../../src/report/eta.js';
import { RunScript } from '../../rig/run-events.js';

const names = (n: number) => Array.from({ length: n }, (_, index) => `t-${index}`);

/** Seconds left, to one tenth. */
function left(run: RunScript): number | undefined {
  const ms = estimateRemaining(run.state(), run.time());
  return ms === undefined ? undefined : Math.round(ms / 100) / 10;
}

/** Runs `count` trials of `seconds` each in waves of `width`, from the nth on. */
function waves(run: RunScript, from: number, count: number, width: number, seconds: number): void {
  for (let first = from; first < from + count; first += width) {
    const wave = names(from + count).slice(first, first + width);
    for (const name of wave) run.begin(name);
    run.at += seconds;
    for (const name of wave) run.end(name, seconds);
  }
}

describe('the estimate of the time left', () => {
  it('is not made up from too little', () => {
    const run = new RunScript().start(names(10));
    waves(run, 0, 2, 2, 10);
    expect(left(run)).toBeUndefined();
  });

  it('sees through waves: 40 trials of 60 s, four at a time', () => {
    const run = new RunScript().start(names(40));
    waves(run, 0, 4, 4, 60);
    for (const name of ['t-4', 't-5', 't-6', 't-7']) run.begin(name);
    run.at += 20;
    // 32 wait, 60 s each; 4 run, 40 s each to go; four at a time.
    expect(left(run)).toBe((32 * 60 + 4 * 40) / 4);
  });

  it('contains what the engine needs: trials of 0.1 s that end one a second', () => {
    const run = new RunScript().start(names(100));
    for (const name of names(50)) {
      run.begin(name);
      run.at += 1;
      run.end(name, 0.1);
    }
    expect(left(run)).toBe(50);
  });

  it('is as long as the longest that runs, whatever the concurrency', () => {
    const run = new RunScript().start(names(14));
    waves(run, 0, 10, 10, 100);
    for (const name of ['t-10', 't-11', 't-12']) run.begin(name);
    run.at += 50;
    run.begin('t-13');
    run.at += 10;
    // Three have 40 s to go, one has 90 s.
    expect(left(run)).toBe(90);
  });

  it('counts what is being started as what runs', () => {
    const run = new RunScript().start(names(10));
    waves(run, 0, 4, 4, 10);
    run.begin('t-4');
    for (const trial of ['t-5', 't-6', 't-7'])
      run.add({
        type: 'attempt.intended',
        trial,
        attempt: 1,
        fingerprint: 'f',
        request: NO_REQUEST,
        devices: [],
      });
    // Six of 10 s each, four at a time.
    expect(left(run)).toBe(15);
  });

  it('leaves services out', () => {
    const run = new RunScript().start([{ name: 'loader', kind: 'service' }, ...names(4)]);
    run.begin('loader');
    waves(run, 0, 4, 4, 10);
    expect(left(run)).toBe(0);
  });

  it('does not take the pause before a resume for work', () => {
    const run = new RunScript().start(names(40));
    waves(run, 0, 20, 1, 10);
    run.at += 24 * 3600;
    run.start(names(40), true);
    expect(left(run)).toBeUndefined();
    waves(run, 20, 5, 1, 10);
    expect(left(run)).toBe(150);
  });
});
