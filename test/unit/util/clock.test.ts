import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/util/clock.js';

const DAY = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Whether it has resolved by now, asked as a function. */
function watch(promise: Promise<void>): () => boolean {
  let over = false;
  void promise.then(() => {
    over = true;
  });
  return () => over;
}

it('sleeps for longer than a timer can (24.8 days), and not at all for nothing', async () => {
  const over = watch(systemClock.sleep(30 * DAY));
  await vi.advanceTimersByTimeAsync(30 * DAY - 1);
  expect(over()).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(over()).toBe(true);
  const atOnce = watch(systemClock.sleep(-5));
  await vi.advanceTimersByTimeAsync(1);
  expect(atOnce()).toBe(true);
});

it('ends at once when it is no longer wanted, however long it was to be', async () => {
  const controller = new AbortController();
  const over = watch(systemClock.sleep(30 * DAY, controller.signal));
  await vi.advanceTimersByTimeAsync(1000);
  controller.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect(over()).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
