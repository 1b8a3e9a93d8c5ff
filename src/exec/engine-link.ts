import { setMaxListeners } from 'node:events';
import type { Backend, ContainerEvent } from '../backend/backend.js';
import type { EngineOutage } from '../model/event.js';
import { Failure } from '../model/failure.js';
import type { Clock } from '../util/clock.js';
import { NO_LONGER } from '../util/no-longer.js';

/** Milliseconds between questions whether a lost engine is back: doubling from the first to the last. */
const FIRST_PAUSE = 250;
const LAST_PAUSE = 5_000;
/** How often a call is tried that is answered with a fault which another try may not have. */
const FAULT_TRIES = 3;
/** The same where the fault is the engine's own (a 5xx) and says nothing of what was asked: a minute of them. */
const OWN_FAULT_TRIES = 60;
/** Between two of them at the most (milliseconds). */
const FAULT_PAUSE = 1_000;
/** How often a call is tried that gets no answer although the engine is back each time. */
const SILENT_TRIES = 10;
/**
 * An engine that was not away answers within this (milliseconds), or so many times what the quickest hail took: over ssh
 * each is a login. One that is just coming up lets a caller wait.
 */
const AT_ONCE = { least: 1_000, times: 3 };
/** A call that has no answer for so long makes combu ask whether the engine is there at all (milliseconds). */
const SILENCE = 5_000;
/** And the engine that does not say so in this time is away; a machine that is busy makes a login many times as long. */
const HAIL_PATIENCE = { least: 3_000, times: 20, most: 30_000 };
/** An engine that is back answers what it was asked before within this, or never (milliseconds). */
const CATCH_UP = 2_000;
/** What ended so long before the last answer may have ended with the engine (milliseconds). */
const BEFORE_LAST_ANSWER = 15_000;

/** A time in which the engine may have stopped, and containers with it; milliseconds since the epoch. */
export interface Outage {
  readonly from: number;
  /** Its last answer before. */
  readonly heard: number;
  /** Its first answer afterwards. */
  readonly to: number;
}

/**
 * All calls to the engine go through here: while it does not answer they wait until it does, so that its outage is no
 * trial's failure. One question at a time asks whether it is back.
 */
export class EngineLink {
  /** Oldest first. */
  readonly outages: Outage[];
  #lastAnswer: number;
  /** Resolves when it answers (again): whether it was away. */
  #return: Promise<boolean> | undefined;
  #lastEvent: ContainerEvent | undefined;
  #nextReturn = heardByMany();
  /** The latest hail of `confirm` that is under way, or over; and the one that follows it. */
  #hailing: Promise<void> = Promise.resolve();
  #nextHail: Promise<void> | undefined;
  /** Milliseconds that the quickest hail took, when there was one. */
  #quickest: number | undefined;

  constructor(
    private readonly backend: Backend,
    private readonly clock: Clock,
    private readonly told: {
      lost(message: string): void;
      /** `outage`: it may have stopped. */
      back(outage: EngineOutage | undefined): void;
    },
    /** Whether something that ran before an outage is seen to run after it: an engine that stops ends its containers. */
    private readonly somethingRunsOn: () => Promise<boolean> = () => Promise.resolve(false),
    /** Outages that earlier supervisors have seen. */
    earlier: readonly EngineOutage[] = [],
  ) {
    this.outages = earlier.map(({ heard, back }) => outageOf(Date.parse(heard), Date.parse(back)));
    this.#lastAnswer = clock.now();
  }

  /** The engine has been heard of. */
  answered(): void {
    if (this.#return === undefined) this.#lastAnswer = this.clock.now();
  }

  /** Whether the engine may have stopped after this time (milliseconds since the epoch). */
  stoppedSince(time: number): boolean {
    return this.outages.some(({ to }) => to >= time);
  }

  /** The engine has told of something. */
  heard(event: ContainerEvent): void {
    this.#lastEvent = event;
    this.answered();
  }

  /**
   * Resolves when the engine has taken a new connection since the call: one that was stopping has stopped by then, is back,
   * and `outages` has it. To be called between an end that was seen and the question what it means.
   */
  confirm(): Promise<void> {
    // One that is under way may have been taken before; the next serves all who ask meanwhile.
    this.#nextHail ??= this.#hailing.then(() => {
      this.#nextHail = undefined;
      this.#hailing = this.insist(() => this.#hail());
      return this.#hailing;
    });
    return this.#nextHail;
  }

  /** Learns how long the engine takes for a new connection while all is well; an engine that gives none is no failure here. */
  async acquaint(): Promise<void> {
    await succeeds(this.#hail().then(() => true));
  }

  /**
   * Calls until there is an answer that trying again can't change. Throws the engine's Failure then. `faultTries`: how
   * often it is tried where the answer is a fault, if that is the caller's to decide.
   */
  call<T>(action: (backend: Backend) => Promise<T>, faultTries?: number): Promise<T> {
    return this.#try(() => this.#attend(action(this.backend)), faultTries);
  }

  /** The same for what takes as long as it takes, and must not go on twice at a time. */
  callAtLength<T>(action: (backend: Backend) => Promise<T>, faultTries?: number): Promise<T> {
    return this.#try(() => action(this.backend), faultTries);
  }

  async #try<T>(action: () => Promise<T>, faultTries: number | undefined): Promise<T> {
    for (let faults = 0, silences = 0; ; ) {
      if (this.#return !== undefined) await this.#return;
      try {
        const answer = await action();
        this.answered();
        return answer;
      } catch (error) {
        if (!(error instanceof Failure) || !error.retryable) throw error;
        if (error.status === undefined) {
          if (++silences >= SILENT_TRIES) throw error;
          await this.#untilBack(error);
        } else {
          const tries = faultTries ?? (error.owner === 'engine' ? OWN_FAULT_TRIES : FAULT_TRIES);
          if (++faults >= tries) throw error;
          await this.clock.sleep(Math.min(FAULT_PAUSE, FIRST_PAUSE * 2 ** (faults - 1)));
          // It may say so to everybody.
          if (faults >= FAULT_TRIES) await this.#untilBack(error);
        }
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

  /** Aborts when the engine is back the next time: a stream that was open meanwhile may be dead without a word. */
  get nextReturn(): AbortSignal {
    return this.#nextReturn.signal;
  }

  /**
   * What the engine hands out piece by piece. Breaks as it breaks, and also when the engine is back after it was away:
   * who reads knows where to go on. `over` aborts when nobody reads any more: what never ends by itself is to end then.
   */
  async *stream<T>(
    open: (backend: Backend, over: AbortSignal) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, void> {
    const back = this.nextReturn;
    const over = new AbortController();
    const pieces = open(this.backend, over.signal)[Symbol.asyncIterator]();
    let giveUp = (_error: Failure) => {};
    const onReturn = () => giveUp(NO_ANSWER);
    back.addEventListener('abort', onReturn);
    try {
      for (;;) {
        if (back.aborted) throw NO_ANSWER;
        const piece = await new Promise<IteratorResult<T>>((resolve, reject) => {
          giveUp = reject;
          pieces.next().then(resolve, reject);
        });
        if (piece.done) return;
        this.answered();
        yield piece.value;
      }
    } finally {
      back.removeEventListener('abort', onReturn);
      over.abort(NO_LONGER);
      // Nobody waits for one that is dead. Behind a piece that has not come yet this alone would end nothing.
      pieces.return?.().catch(() => {});
    }
  }

  /** An engine that stays silent is asked whether it is there; what it was asked before it went away is then given up. */
  async #attend<T>(call: Promise<T>): Promise<T> {
    const answered = new AbortController();
    const silent = async (): Promise<T> => {
      await this.clock.sleep(SILENCE, answered.signal);
      if (answered.signal.aborted || !(await this.#untilBack(NO_ANSWER))) return call;
      await this.clock.sleep(CATCH_UP, answered.signal);
      if (answered.signal.aborted) return call;
      throw NO_ANSWER;
    };
    try {
      return await Promise.race([call, silent()]);
    } finally {
      answered.abort(NO_LONGER);
    }
  }

  #untilBack(failure: Failure): Promise<boolean> {
    this.#return ??= this.#probe(reasonOf(failure)).finally(() => {
      this.#return = undefined;
    });
    return this.#return;
  }

  async #probe(reason: string): Promise<boolean> {
    const lastAnswer = this.#lastAnswer;
    const lastEvent = this.#lastEvent;
    const asked = this.clock.now();
    const atOnce = Math.max(AT_ONCE.least, AT_ONCE.times * (this.#quickest ?? 0));
    if (await this.#answers()) {
      // A connection that broke, or an answer that is long in coming, is no outage.
      if (this.clock.now() - asked < atOnce || (await this.#neverStopped(lastEvent))) return false;
    }
    this.told.lost(reason);
    for (let pause = FIRST_PAUSE; !(await this.#answers()); pause = Math.min(LAST_PAUSE, pause * 2)) {
      await this.clock.sleep(pause);
    }
    this.#lastAnswer = this.clock.now();
    const stopped = !(await this.#neverStopped(lastEvent));
    if (stopped) this.outages.push(outageOf(lastAnswer, this.#lastAnswer));
    this.told.back(stopped ? { heard: iso(lastAnswer), back: iso(this.#lastAnswer) } : undefined);
    this.#nextReturn.abort();
    this.#nextReturn = heardByMany();
    return true;
  }

  async #answers(): Promise<boolean> {
    const over = new AbortController();
    const { least, times, most } = HAIL_PATIENCE;
    const patience = Math.min(most, Math.max(least, times * (this.#quickest ?? 0)));
    const silence = this.clock.sleep(patience, over.signal).then(() => false);
    const answer = succeeds(this.#hail(over.signal).then(() => true));
    try {
      return await Promise.race([answer, silence]);
    } finally {
      over.abort(NO_LONGER);
    }
  }

  async #hail(signal?: AbortSignal): Promise<void> {
    const asked = this.clock.now();
    await this.backend.hail(signal);
    const took = this.clock.now() - asked;
    this.#quickest = Math.min(took, this.#quickest ?? took);
  }

  /** Whether it is certain that the engine was out of reach only, and never stopped. */
  async #neverStopped(event: ContainerEvent | undefined): Promise<boolean> {
    if (event !== undefined && (await succeeds(this.backend.remembers(event)))) return true;
    return succeeds(this.somethingRunsOn());
  }
}

function outageOf(heard: number, to: number): Outage {
  return { from: heard - BEFORE_LAST_ANSWER, heard, to };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

const NO_ANSWER = new Failure(`no answer in ${SILENCE / 1_000} s`, { owner: 'refused', retryable: true });

/** A question without an answer is answered with no. */
async function succeeds(question: Promise<boolean>): Promise<boolean> {
  try {
    return await question;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** The system's own words, where it has any, are the shortest. */
function reasonOf(failure: Failure): string {
  const { cause, status, message } = failure;
  return (status === undefined && cause instanceof Error ? cause.message : message).replace(/\.$/, '');
}

/** Every open stream listens to it, which Node takes for a leak from the eleventh on. */
function heardByMany(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
