/**
 * How many creates and starts may be under way at the engine. It grows by one when a window's worth of starts was
 * quick and is halved when one was slow or failed, so it follows what the engine can take.
 */
const FIRST = 8;
const SMALLEST = 1;
/** More than 8 at once brought nothing on the engines measured; twice that leaves room for better ones. */
const LARGEST = 16;
/** Milliseconds. A start takes 1.3 s on a machine of two cores with 8 under way; one slower than 5 s is a backlog. */
const QUICK = 1_500;
const SLOW = 5_000;

export class StartWindow {
  #size = FIRST;
  #taken = 0;
  /** Starts that were under way when the window was last halved tell nothing new. */
  #ignored = 0;
  readonly #queue: (() => void)[] = [];

  /** How many starts may be under way. */
  get size(): number {
    return Math.floor(this.#size);
  }

  /** How many more may begin now. */
  get free(): number {
    return Math.max(0, this.size - this.#taken - this.#queue.length);
  }

  /** Resolves when one more may begin; first come, first served. */
  async enter(): Promise<void> {
    if (this.#taken < this.size && this.#queue.length === 0) this.#taken += 1;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
  }

  /** One is over. `latency`: milliseconds that the engine took; undefined = it tells nothing; Infinity = it failed. */
  leave(latency: number | undefined): void {
    this.#taken -= 1;
    if (latency !== undefined) this.#learn(latency);
    while (this.#taken < this.size && this.#queue.length > 0) {
      this.#taken += 1;
      this.#queue.shift()!();
    }
  }

  #learn(latency: number): void {
    if (this.#ignored > 0) {
      this.#ignored -= 1;
    } else if (latency > SLOW) {
      this.#size = Math.max(SMALLEST, this.#size / 2);
      this.#ignored = this.#taken;
    } else if (latency < QUICK) {
      this.#size = Math.min(LARGEST, this.#size + 1 / this.#size);
    }
  }
}
