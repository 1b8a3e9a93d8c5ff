import { describe, expect, it } from 'vitest';
import { StartWindow } from '../../../src/exec/start-window.js';

/** Starts one after the other, each of which takes so long. */
async function starts(window: StartWindow, latency: number | undefined, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await window.enter();
    window.leave(latency);
  }
}

describe('the window of starts', () => {
  it('begins with eight at once and lets the ninth wait', async () => {
    const window = new StartWindow();
    for (let n = 0; n < 8; n++) await window.enter();
    expect(window.free).toBe(0);
    let entered = false;
    const ninth = window.enter().then(() => {
      entered = true;
    });
    await Promise.resolve();
    expect(entered).toBe(false);
    window.leave(undefined);
    await ninth;
    expect(entered).toBe(true);
  });

  it('grows slowly with an engine that is quick, up to sixteen', async () => {
    const window = new StartWindow();
    await starts(window, 300, 9);
    expect(window.size).toBe(9);
    await starts(window, 300, 500);
    expect(window.size).toBe(16);
  });

  it('is halved once for each backlog, down to one', async () => {
    const window = new StartWindow();
    for (let n = 0; n < 8; n++) await window.enter();
    // All eight suffered from the same backlog.
    for (let n = 0; n < 8; n++) window.leave(10_000);
    expect(window.size).toBe(4);
    await starts(window, Number.POSITIVE_INFINITY, 10);
    expect(window.size).toBe(1);
    await window.enter();
    window.leave(undefined);
    expect(window.free).toBe(1);
  });

  it('stays as it is while starts are neither quick nor slow', async () => {
    const window = new StartWindow();
    await starts(window, 3_000, 100);
    expect(window.size).toBe(8);
  });
});
