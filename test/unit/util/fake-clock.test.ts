import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/util/fake-clock.js';

describe('the fake clock', () => {
  it('wakes sleepers in the order of their times, and those of one moment in the order they lay down', async () => {
    const clock = new FakeClock(0);
    const woken: string[] = [];
    const sleep = async (name: string, ms: number) => {
      await clock.sleep(ms);
      woken.push(`${name} at ${clock.now()}`);
    };
    await clock.run(Promise.all([sleep('c', 30), sleep('a', 10), sleep('b', 30), sleep('d', 20)]));
    expect(woken).toEqual(['a at 10', 'd at 20', 'c at 30', 'b at 30']);
  });

  it('lets all work of a moment end before time passes', async () => {
    const clock = new FakeClock(0);
    let finished = Number.NaN;
    const work = async () => {
      for (let step = 0; step < 50; step++) await Promise.resolve();
      finished = clock.now();
    };
    await clock.run(Promise.all([clock.sleep(1_000), work()]));
    expect(finished).toBe(0);
    expect(clock.now()).toBe(1_000);
  });

  it('stops sleeping at once when the signal aborts', async () => {
    const clock = new FakeClock(0);
    const abort = new AbortController();
    const long = clock.sleep(1_000_000, abort.signal);
    await clock.run(clock.sleep(5));
    abort.abort();
    await clock.run(long);
    expect(clock.now()).toBe(5);
    await clock.run(clock.sleep(1, abort.signal));
    expect(clock.now()).toBe(5);
  });

  it('advances by a span, waking whoever sleeps no longer', async () => {
    const clock = new FakeClock(0);
    const woken: number[] = [];
    for (const ms of [10, 20, 21]) void clock.sleep(ms).then(() => woken.push(clock.now()));
    await clock.advance(20);
    expect(woken).toEqual([10, 20]);
    expect(clock.now()).toBe(20);
  });

  it('waits for work that is not on the clock', async () => {
    const clock = new FakeClock(0);
    const real = new Promise<string>((resolve) => setTimeout(() => resolve('written'), 20));
    expect(await clock.run(real)).toBe('written');
  });

  it('says that work can never settle', async () => {
    const clock = new FakeClock(0);
    const forever = (async () => {
      for (;;) await clock.sleep(60_000);
    })();
    await expect(clock.run(forever, 3_600_000)).rejects.toThrow(/3600000 ms/);
  });

  it('hands on what went wrong', async () => {
    const clock = new FakeClock(0);
    const work = clock.sleep(5).then(() => Promise.reject(new Error('no')));
    await expect(clock.run(work)).rejects.toThrow('no');
  });
});
