import { describe, expect, it } from 'vitest';
import { decideRetry, nextMemory } from '../../../src/exec/retry.js';
import type { Outcome } from '../../../src/model/event.js';

const retries = { max: 2, on: ['oom', 'timeout', 'exit'] as const, backoff: 1_000, memoryFactor: 2 };
const decide = (history: readonly Outcome[], more: Partial<typeof retries> = {}) => {
  const decision = decideRetry({ ...retries, ...more }, history);
  return decision.again ? decision.delay : 'no';
};

describe('another attempt', () => {
  it('comes so often, later each time, and a minute later at most', () => {
    expect(decide(['failed'])).toBe(1_000);
    expect(decide(['failed', 'oom'])).toBe(2_000);
    expect(decide(['failed', 'oom', 'timeout'])).toBe('no');
    expect(decide(['failed', 'failed', 'failed', 'failed'], { max: 9, backoff: 20_000 })).toBe(60_000);
  });

  it('comes for the causes named only, and never after what somebody wanted', () => {
    expect(decide(['failed'], { on: ['oom'] as never })).toBe('no');
    for (const outcome of ['succeeded', 'killed', 'stopped'] as const) expect(decide([outcome])).toBe('no');
  });

  it('is free three times for what was lost', () => {
    expect(decide(['lost'], { max: 0 })).toBe(1_000);
    expect(decide(['lost', 'lost', 'lost'], { max: 0 })).toBe(1_000);
    expect(decide(['lost', 'lost', 'lost', 'lost'], { max: 0 })).toBe('no');
    // Two lost ones have not used up what the file grants.
    expect(decide(['lost', 'lost', 'failed', 'failed'])).toBe(2_000);
  });

  it('gets more memory after each that ran out of it, as far as there is more', () => {
    expect(nextMemory(100, 2, [], 1_000)).toBe(100);
    expect(nextMemory(100, 2, ['failed'], 1_000)).toBe(100);
    expect(nextMemory(100, 2, ['oom', 'failed', 'oom'], 1_000)).toBe(400);
    expect(nextMemory(100, 2, ['oom', 'oom', 'oom', 'oom'], 1_000)).toBe(1_000);
    expect(nextMemory(100, 1.5, ['oom'], 1_000)).toBe(150);
  });
});
