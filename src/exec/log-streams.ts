import type { Clock } from '../util/clock.js';
import type { LogKeeper } from './attempt-log.js';

/** Each followed log costs the engine one of its 128 inotify instances. */
const STREAMS = 100;
/** Milliseconds between two looks at logs that have no stream. */
const TURN = 250;
/** How many of them are looked at in a turn, at the most: of a thousand, each is looked at every half a minute. */
const AT_ONCE = 8;

/** Hands out the streams by which logs are followed; logs that have none are read in turn. */
export class LogStreams {
  readonly #streaming = new Set<LogKeeper>();
  /** The one whose turn is next comes first. */
  readonly #waiting = new Set<LogKeeper>();
  /** Also while nothing waits: one that reads may be about to look again. */
  #reading = false;

  constructor(
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
    private readonly background: (work: Promise<void>) => void,
  ) {}

  begin(log: LogKeeper): void {
    if (this.#streaming.size < STREAMS) {
      this.#stream(log);
      return;
    }
    this.#waiting.add(log);
    if (!this.#reading) this.background(this.#readInTurn());
  }

  end(log: LogKeeper): void {
    this.#waiting.delete(log);
    if (!this.#streaming.delete(log)) return;
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      this.#stream(next);
      return;
    }
  }

  #stream(log: LogKeeper): void {
    this.#streaming.add(log);
    log.follow();
  }

  async #readInTurn(): Promise<void> {
    this.#reading = true;
    while (this.#waiting.size > 0 && !this.signal.aborted) {
      const next = [...this.#waiting].slice(0, Math.min(AT_ONCE, Math.ceil(this.#waiting.size / AT_ONCE)));
      await Promise.all(next.map((log) => log.catchUp()));
      for (const log of next) if (this.#waiting.delete(log) && !log.full) this.#waiting.add(log);
      await this.clock.sleep(TURN, this.signal);
    }
    this.#reading = false;
  }
}
