import { describe, expect, it } from 'vitest';
import type { CliSignal } from '../../../src/cli/context.js';
import { enforceDeadline, listenToSignals, Stopping } from '../../../src/cli/run/signals.js';
import { systemClock } from '../../../src/util/clock.js';

/** A process whose signals the test sends. */
function fakeProcess() {
  const listeners = new Map<CliSignal, Set<() => void>>();
  return {
    onSignal(signal: CliSignal, listener: () => void) {
      const all = listeners.get(signal) ?? new Set();
      listeners.set(signal, all.add(listener));
      return () => void all.delete(listener);
    },
    send: (signal: CliSignal) => {
      for (const listener of listeners.get(signal) ?? []) listener();
    },
    listening: () => [...listeners.values()].reduce((sum, all) => sum + all.size, 0),
  };
}

function setUp() {
  const process = fakeProcess();
  const stopping = new Stopping();
  const heard: string[] = [];
  stopping.onStop((reason, force) => void heard.push(force ? `${reason}, now` : reason));
  const hangups: string[] = [];
  const signals = listenToSignals(process, stopping, () => void hangups.push('hangup'));
  return { process, heard, hangups, signals, stopping };
}

describe('signals during a run', () => {
  it('Ctrl-C once stops, twice kills, three times leaves with 130', async () => {
    const { process, heard, signals } = setUp();
    process.send('SIGINT');
    expect(heard).toEqual(['interrupted']);
    process.send('SIGINT');
    expect(heard).toEqual(['interrupted', 'interrupted, now']);
    process.send('SIGINT');
    expect(await signals.left).toBe(130);
  });

  it('SIGTERM counts alike; the first signal is the one that the run ends by', () => {
    const { process, heard, stopping } = setUp();
    process.send('SIGTERM');
    process.send('SIGINT');
    expect(heard).toEqual(['interrupted', 'interrupted, now']);
    expect(stopping.signal).toBe(15);
  });

  it('a closed terminal stops nothing', () => {
    const { process, heard, hangups, stopping } = setUp();
    process.send('SIGHUP');
    expect(hangups).toEqual(['hangup']);
    expect(heard).toEqual([]);
    expect(stopping.signal).toBeUndefined();
  });

  it('listens no more once closed', () => {
    const { process, signals } = setUp();
    signals.close();
    expect(process.listening()).toBe(0);
  });
});

describe('what a run was asked', () => {
  it('keeps its first reason and only tightens', () => {
    const { stopping, heard } = setUp();
    stopping.ask('deadline', false);
    stopping.ask('interrupted', false);
    stopping.ask('interrupted', true);
    stopping.ask('interrupted', false);
    expect(heard).toEqual(['deadline', 'deadline, now']);
  });

  it.each([false, true])('is a kill all the same after a Ctrl-C (now: %s), and then stays one', (force) => {
    const { stopping, heard } = setUp();
    stopping.ask('interrupted', force);
    heard.length = 0;
    stopping.ask('killed', true);
    expect(stopping.asked).toBe('killed');
    stopping.ask('killed', true);
    stopping.ask('interrupted', true);
    expect(stopping.asked).toBe('killed');
    expect(heard).toEqual(['killed, now']);
  });

  it('is told to who listens late', () => {
    const { stopping } = setUp();
    stopping.ask('killed', true);
    const late: string[] = [];
    stopping.onStop((reason) => void late.push(reason));
    expect(late).toEqual(['killed']);
  });

  it('is the deadline when its time is over, and not when the run was faster', async () => {
    const first = setUp();
    await enforceDeadline(systemClock, 1, first.stopping, new AbortController().signal);
    expect(first.heard).toEqual(['deadline']);
    const second = setUp();
    await enforceDeadline(systemClock, 60_000, second.stopping, AbortSignal.abort());
    expect(second.heard).toEqual([]);
  });
});
