import type { Clock } from './clock.js';

interface Sleeper {
  readonly due: number;
  /** Sleepers that are due at one moment wake in the order in which they went to sleep. */
  readonly order: number;
  awake: boolean;
  readonly wake: () => void;
}

/** How long `run` waits, in real milliseconds, for work that no sleeper stands for (a file being written, say). */
const REAL_PATIENCE = 2_000;

/**
 * A clock whose time stands still while anything is being done and leaps to the next sleeper's when all is idle.
 * The same program does the same in the same order, however fast the machine is; hours pass in milliseconds.
 */
export class FakeClock implements Clock {
  #now: number;
  #order = 0;
  /** A binary heap, the earliest first. */
  readonly #sleepers: Sleeper[] = [];

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    if (ms === Number.POSITIVE_INFINITY && signal === undefined) return new Promise(() => {});
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        due: this.#now + Math.max(0, ms),
        order: this.#order++,
        awake: false,
        wake: () => {
          if (sleeper.awake) return;
          sleeper.awake = true;
          signal?.removeEventListener('abort', sleeper.wake);
          resolve();
        },
      };
      signal?.addEventListener('abort', sleeper.wake, { once: true });
      if (sleeper.due !== Number.POSITIVE_INFINITY) this.#push(sleeper);
    });
  }

  /**
   * Lets time pass until `work` has settled, and hands on its result. Throws when it can't settle any more because
   * everything waits and nobody sleeps, or when more than `limit` milliseconds have passed on this clock.
   */
  async run<T>(work: Promise<T>, limit = 366 * 24 * 3_600_000): Promise<T> {
    let settled = false;
    const settle = () => {
      settled = true;
    };
    work.then(settle, settle);
    const end = this.#now + limit;
    let idleSince: number | undefined;
    for (;;) {
      await idle();
      if (settled) return work;
      if (this.#now > end) throw new Error(`Not settled after ${limit} ms on the fake clock.`);
      if (this.#leap()) {
        idleSince = undefined;
      } else {
        idleSince ??= performance.now();
        if (performance.now() - idleSince > REAL_PATIENCE) {
          throw new Error('Everything waits and nobody sleeps: this work can never settle.');
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
  }

  /** Lets `ms` milliseconds pass, and wakes whoever sleeps no longer than that, each at its own time. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await idle();
    for (let next = this.#next(); next !== undefined && next.due <= end; next = this.#next()) {
      this.#leap();
      await idle();
    }
    this.#now = end;
  }

  /** Goes to the time of the next sleeper and wakes it; false = nobody sleeps. */
  #leap(): boolean {
    const sleeper = this.#next();
    if (sleeper === undefined) return false;
    this.#pop();
    this.#now = Math.max(this.#now, sleeper.due);
    sleeper.wake();
    return true;
  }

  /** The earliest that still sleeps. */
  #next(): Sleeper | undefined {
    while (this.#sleepers[0]?.awake) this.#pop();
    return this.#sleepers[0];
  }

  #push(sleeper: Sleeper): void {
    const heap = this.#sleepers;
    let at = heap.push(sleeper) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!earlier(heap[at]!, heap[parent]!)) break;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #pop(): void {
    const heap = this.#sleepers;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && earlier(heap[child]!, heap[first]!)) first = child;
      }
      if (first === at) return;
      [heap[at], heap[first]] = [heap[first]!, heap[at]!];
      at = first;
    }
  }
}

function earlier(a: Sleeper, b: Sleeper): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

/** Resolves when every promise that could go on has gone on. */
function idle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
