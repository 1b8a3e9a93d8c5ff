import type { Backend } from '../backend/backend.js';
import { Failure } from '../model/failure.js';
import type { Clock } from '../util/clock.js';

/** Milliseconds between questions whether a lost engine is back: doubling from the first to the last. */
const FIRST_PAUSE = 250;
const LAST_PAUSE = 5_000;
/** How often a call is tried that the engine answers with a fault of its own (a 5xx): some pass, most do not. */
const FAULT_TRIES = 3;
/** How often a call is tried that gets no answer although the engine is back each time. */
const SILENT_TRIES = 10;
/** An engine that was not away answers within this (milliseconds); one that is just coming up lets a caller wait. */
const AT_ONCE = 1_000;
/** What ended so long before the last answer may have ended with the engine (milliseconds). */
const BEFORE_LAST_ANSWER = 15_000;

/** A time in which the engine may have stopped, and containers with it; milliseconds since the epoch. */
export interface Outage {
  readonly from: number;
  readonly to: number;
}

/**
 * All calls to the engine go through here: while it does not answer they wait until it does, so that its outage is no
 * trial's failure. One question at a time asks whether it is back.
 */
export class EngineLink {
  readonly outages: Outage[] = [];
  #lastAnswer: number;
  #return: Promise<void> | undefined;

  constructor(
    private readonly backend: Backend,
    private readonly clock: Clock,
    private readonly told: { lost(message: string): void; back(): void },
  ) {
    this.#lastAnswer = clock.now();
  }

  /** The engine has been heard of. */
  answered(): void {
    if (this.#return === undefined) this.#lastAnswer = this.clock.now();
  }

  /** Calls until there is an answer that trying again can't change. Throws the engine's Failure then. */
  async call<T>(action: (backend: Backend) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      if (this.#return !== undefined) await this.#return;
      try {
        const answer = await action(this.backend);
        this.answered();
        return answer;
      } catch (error) {
        if (!(error instanceof Failure) || !error.retryable) throw error;
        const answered = error.status !== undefined;
        if (tries >= (answered ? FAULT_TRIES : SILENT_TRIES)) throw error;
        if (answered) await this.clock.sleep(FIRST_PAUSE * 2 ** (tries - 1));
        else await this.#untilBack(error.message);
      }
    }
  }

  /** Calls until there is an answer: for questions whose answer a run can't go on without, and that change nothing. */
  async insist<T>(action: (backend: Backend) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.call(action);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        await this.clock.sleep(LAST_PAUSE);
      }
    }
  }

  /** What the engine hands out piece by piece. Breaks as it breaks: who reads knows where to go on. */
  async *stream<T>(open: (backend: Backend) => AsyncIterable<T>): AsyncGenerator<T, void, void> {
    for await (const item of open(this.backend)) {
      this.answered();
      yield item;
    }
  }

  #untilBack(message: string): Promise<void> {
    this.#return ??= this.#probe(message).finally(() => {
      this.#return = undefined;
    });
    return this.#return;
  }

  async #probe(message: string): Promise<void> {
    const lastAnswer = this.#lastAnswer;
    if (await this.#answersAtOnce()) return;
    this.told.lost(message);
    for (let pause = FIRST_PAUSE; !(await this.#answers()); pause = Math.min(LAST_PAUSE, pause * 2)) {
      await this.clock.sleep(pause);
    }
    this.#lastAnswer = this.clock.now();
    this.outages.push({ from: lastAnswer - BEFORE_LAST_ANSWER, to: this.#lastAnswer });
    this.told.back();
  }

  /** A connection that broke is no outage while the engine answers the next question. */
  async #answersAtOnce(): Promise<boolean> {
    const asked = this.clock.now();
    return (await this.#answers()) && this.clock.now() - asked < AT_ONCE;
  }

  async #answers(): Promise<boolean> {
    try {
      await this.backend.engine();
      return true;
    } catch (error) {
      if (error instanceof Failure) return false;
      throw error;
    }
  }
}
