import { describe, expect, it } from 'vitest';
import { runEnd } from '../../../src/exec/exit-code.js';
import { whyHalt } from '../../../src/exec/halt.js';
import { staysForALook } from '../../../src/exec/keep.js';
import type { StopReason } from '../../../src/model/event.js';
import type { TrialState } from '../../../src/model/run-state.js';
import type { TrialKind } from '../../../src/model/trial.js';

describe('how a run ends', () => {
  const end = (reasons: readonly StopReason[], ...trials: (readonly [TrialKind, TrialState])[]) => {
    const { outcome, exitCode } = runEnd(
      new Set(reasons),
      trials.map(([kind, state]) => ({ kind, state })),
    );
    return `${outcome} ${exitCode}`;
  };

  it('follows from its trials', () => {
    expect(end([], ['batch', 'succeeded'], ['service', 'stopped'], ['service', 'succeeded'])).toBe(
      'succeeded 0',
    );
    expect(end([], ['batch', 'succeeded'], ['batch', 'oom'])).toBe('failed 1');
    expect(end([], ['batch', 'skipped'])).toBe('failed 1');
    expect(end([], ['service', 'failed'], ['batch', 'succeeded'])).toBe('failed 1');
    expect(end([])).toBe('succeeded 0');
  });

  it('a signal that interrupted it is in its exit code, also when the deadline stopped it already', () => {
    expect(runEnd(new Set(['interrupted']), [], 15)).toEqual({ outcome: 'interrupted', exitCode: 143 });
    expect(runEnd(new Set(['deadline']), [], 2)).toEqual({ outcome: 'interrupted', exitCode: 130 });
    expect(runEnd(new Set(), [], 15)).toEqual({ outcome: 'succeeded', exitCode: 0 });
  });

  it('or from what stopped it, a signal before the deadline before halt', () => {
    expect(end(['halted'], ['batch', 'failed'])).toBe('halted 4');
    expect(end(['halted', 'deadline'])).toBe('interrupted 124');
    expect(end(['deadline', 'interrupted'])).toBe('interrupted 130');
    expect(end(['interrupted', 'killed'])).toBe('killed 137');
  });
});

describe('halt', () => {
  const failures = (count: number, signature = 'exit 1') =>
    Array.from({ length: count }, () => ({ state: 'failed' as const, signature }));

  it('after so many failures', () => {
    const halt = { kind: 'failures', failures: 3 } as const;
    expect(whyHalt(halt, failures(2), 10)).toBeUndefined();
    expect(whyHalt(halt, failures(3), 10)).toBe('3 trials failed');
    expect(whyHalt(halt, [...failures(2), { state: 'killed', signature: '' }], 10)).toBeUndefined();
    expect(whyHalt({ kind: 'never' }, failures(10), 10)).toBeUndefined();
  });

  it('at a percentage of all batch trials, from the third failure on', () => {
    const halt = { kind: 'percent', percent: 10 } as const;
    expect(whyHalt(halt, failures(2), 4)).toBeUndefined();
    expect(whyHalt(halt, failures(3), 4)).toBe('3 of 4 trials failed');
    expect(whyHalt(halt, failures(9), 100)).toBeUndefined();
    expect(whyHalt(halt, failures(10), 100)).toBe('10 of 100 trials failed');
  });

  it('after so many failures of one kind', () => {
    const halt = { kind: 'sameError', sameError: 3 } as const;
    expect(whyHalt(halt, [...failures(2), ...failures(2, 'exit 2')], 10)).toBeUndefined();
    expect(whyHalt(halt, [...failures(3), ...failures(2, 'exit 2')], 10)).toBe('3 trials failed with exit 1');
  });
});

describe('a container that stays', () => {
  it('is that of a failure, three of one kind at most, or as the file says', () => {
    expect(staysForALook('failed', 'failed', 2)).toBe(true);
    expect(staysForALook('failed', 'failed', 3)).toBe(false);
    expect(staysForALook('failed', 'oom', 0)).toBe(true);
    expect(staysForALook('failed', 'succeeded', 0)).toBe(false);
    expect(staysForALook('failed', 'killed', 0)).toBe(false);
    expect(staysForALook('all', 'succeeded', 99)).toBe(true);
    expect(staysForALook('none', 'failed', 0)).toBe(false);
  });
});
