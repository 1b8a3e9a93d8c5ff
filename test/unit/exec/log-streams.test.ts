import { expect, it } from 'vitest';
import type { LogKeeper } from '../../../src/exec/attempt-log.js';
import { LogStreams } from '../../../src/exec/log-streams.js';
import { FakeClock } from '../../../src/util/fake-clock.js';

it('logs that have no stream are all looked at in turn, also where hundreds of trials run', async () => {
  const clock = new FakeClock();
  const over = new AbortController();
  const streams = new LogStreams(clock, over.signal, (work) => void work);
  const looks: number[] = Array.from({ length: 400 }, () => 0);
  let streaming = 0;
  const logs = looks.map(
    (_, index) =>
      ({
        full: false,
        follow: () => {
          streaming += 1;
        },
        catchUp: async () => {
          looks[index]! += 1;
        },
      }) as unknown as LogKeeper,
  );
  for (const log of logs) streams.begin(log);
  await clock.advance(10_000);
  const waiting = looks.slice(100);
  expect(streaming).toBe(100);
  expect(Math.min(...waiting)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...waiting) - Math.min(...waiting)).toBeLessThanOrEqual(1);
  over.abort();
});

it('logs that have no stream are read by one at a time, however often there are none for a moment', async () => {
  const clock = new FakeClock();
  const over = new AbortController();
  const streams = new LogStreams(clock, over.signal, (work) => void work);
  let looks = 0;
  const log = () =>
    ({
      full: false,
      follow: () => {},
      catchUp: async () => {
        looks += 1;
      },
    }) as unknown as LogKeeper;
  for (let i = 0; i < 100; i++) streams.begin(log());
  for (let i = 0; i < 50; i++) {
    const short = log();
    streams.begin(short);
    streams.end(short);
  }
  streams.begin(log());
  await clock.advance(1_000);
  looks = 0;
  await clock.advance(10_000);
  // One look in a quarter of a second.
  expect(looks).toBeGreaterThanOrEqual(39);
  expect(looks).toBeLessThanOrEqual(41);
  over.abort();
});
