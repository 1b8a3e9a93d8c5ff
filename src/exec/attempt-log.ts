import type { LogChunk } from '../backend/backend.js';
import type { AttemptLog } from '../journal/journal.js';
import { Failure } from '../model/failure.js';
import type { Clock } from '../util/clock.js';
import { NO_LONGER } from '../util/no-longer.js';
import type { EngineLink } from './engine-link.js';

const MEBIBYTE = 2 ** 20;
/** The engine keeps two files of 64 MiB; a follower whose file rotates away loses lines without an error. So far it is safe. */
const HEAD = 48 * MEBIBYTE;
/** What is read of the end when there is more than that. */
const TAIL = 16 * MEBIBYTE;
/** What a line costs the engine beside its own bytes. */
const LINE_COST = 100;
/** How long a stream may still flow after its container's end (milliseconds). */
const PATIENCE = 5_000;
/** A stream that ended while its container runs is opened again after so long (milliseconds). */
const REOPEN_PAUSE = 1_000;
/** A head that fills less than this share of its bound has never been cut. */
const WHOLE = 0.9;
/** So much must have been taken of a log before it is worth asking whether the stream jumped. */
const SUSPECT = 8 * MEBIBYTE;
const NEWLINE = 10;
/** A last line longer than this is not shown to its end anyway. */
const LAST_LINE = 4_096;

/**
 * Brings one attempt's log from the engine into its file: what is written first, while it runs, up to a bound; after
 * its end the last of it, with one line between that says what was cut.
 */
export class LogKeeper {
  readonly #stop = new AbortController();
  #bytes: number;
  /** What the engine's file has grown by. */
  #weight = 0;
  /** The time of the latest line taken; standard output and error may stand in the engine's file in another order. */
  #to: string | undefined;
  /** When the head of an earlier supervisor ends: its lines' times are not in the file. */
  #headEnd: string | undefined;
  #full = false;
  #reading: Promise<void> = Promise.resolve();
  #following: Promise<void> = Promise.resolve();
  /** Lines taken, and the time of the first. */
  #lines = 0;
  #from: string | undefined;
  /** Where the time between what was taken before and after is the longest: the place of a jump, if there was one. */
  #pause: { readonly length: number; readonly bytes: number; readonly to: string } | undefined;
  #cut: { readonly from: string; readonly to: string } | null = null;
  #ending: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly engine: EngineLink,
    private readonly container: string,
    private readonly file: AttemptLog,
    private readonly clock: Clock,
    private readonly scale: number,
    /** Told of a stream that has ended, or broken, and not by `finish`: the container may have ended. */
    private readonly streamEnded: () => void = () => {},
  ) {
    this.#bytes = file.size;
  }

  /**
   * Goes on with a log that an earlier supervisor began. The engine still has all of a short one, which is read anew; of
   * a long one the head in the file is all that there is, so only the end is added.
   */
  async takeUp(): Promise<void> {
    if (this.#bytes < HEAD * this.scale * WHOLE) {
      await this.file.truncate(0);
      this.#bytes = 0;
    } else {
      this.#full = true;
      this.#to = new Date(0).toISOString();
      this.#headEnd = this.file.lastWrite ?? undefined;
    }
  }

  /** Whether nothing more is to be taken before the end. */
  get full(): boolean {
    return this.#full;
  }

  /** Takes what is there and what comes, until the bound is reached or `finish` is called. */
  follow(): void {
    // A look that is still going on would take the same lines.
    this.#following = this.#reading.then(() => this.#followOn());
    // What it throws is heard of when the log is finished.
    this.#following.catch(() => {});
  }

  /** Takes what is there now. */
  async catchUp(): Promise<void> {
    if (this.#full || this.#stop.signal.aborted) return;
    this.#reading = this.#tolerant(() => this.#take(false));
    await this.#reading;
  }

  /** The container has ended: completes the file. `there`: the container can still be asked. */
  async finish(there: boolean): Promise<void> {
    const flowed = new AbortController();
    await Promise.race([this.#reading, this.clock.sleep(PATIENCE, flowed.signal)]);
    flowed.abort(NO_LONGER);
    this.#stop.abort(NO_LONGER);
    await Promise.all([this.#reading, this.#following]);
    if (there) {
      // Also after a stream that ended by itself: now and then it lacks what the program wrote last.
      if (!this.#full) await this.#tolerant(() => this.#take(false));
      if (!this.#full && this.#weight > SUSPECT * this.scale) await this.#tolerant(() => this.#mendJump());
      if (this.#full) await this.#tolerant(() => this.#readTail());
    }
    await this.file.close();
  }

  get result(): {
    readonly bytes: number;
    readonly cut: { readonly from: string; readonly to: string } | null;
  } {
    return { bytes: this.#bytes, cut: this.#cut };
  }

  /** When the latest line that was taken so far was written, as the engine tells it. */
  get taken(): string | undefined {
    return this.#to;
  }

  /** The last line that is not empty, as it was written. */
  get lastLine(): string {
    return new TextDecoder().decode(this.#ending).trimEnd().split('\n').at(-1) ?? '';
  }

  async #followOn(): Promise<void> {
    while (!this.#full && !this.#stop.signal.aborted) {
      this.#reading = this.#tolerant(() => this.#take(true));
      await this.#reading;
      await this.clock.sleep(REOPEN_PAUSE, this.#stop.signal);
      if (!this.#stop.signal.aborted) this.streamEnded();
    }
  }

  /** A log that the engine can't give (a container just removed, say) is no reason to fail a trial. */
  async #tolerant(action: () => Promise<void>): Promise<void> {
    try {
      await this.engine.callAtLength(action);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }

  async #take(follow: boolean): Promise<void> {
    const bound = HEAD * this.scale;
    const chunks = this.engine.stream((backend, over) =>
      backend.logs(this.container, {
        follow,
        since: this.#to,
        signal: follow ? AbortSignal.any([this.#stop.signal, over]) : over,
      }),
    );
    for await (const chunk of chunks) {
      this.#weight += chunk.bytes.length + LINE_COST * countLines(chunk.bytes);
      if (this.#weight > bound) {
        this.#full = true;
        return;
      }
      await this.#write(chunk);
    }
  }

  async #readTail(): Promise<void> {
    const { chunks, cut } = this.#withinLine ? await this.#restByCount() : await this.#restByTime();
    const first = chunks[0];
    if (cut && first !== undefined && this.#to !== undefined) {
      const from = this.#headEnd ?? this.#to;
      this.#cut = { from, to: first.from };
      const line = `[combu: what was written from ${from} to ${first.from} was cut]\n`;
      await this.#append(new TextEncoder().encode(this.#withinLine ? `\n${line}` : line));
    }
    for (const chunk of chunks) await this.#write(chunk);
  }

  /** What was taken so far ends within a line. */
  get #withinLine(): boolean {
    return this.#ending.length > 0 && this.#ending.at(-1) !== NEWLINE;
  }

  /** What is later than what was taken, or the last of that; `cut`: it is not all. */
  async #restByTime(): Promise<{ readonly chunks: readonly LogChunk[]; readonly cut: boolean }> {
    const tailBytes = TAIL * this.scale;
    const chunks: LogChunk[] = [];
    let bytes = 0;
    for await (const chunk of this.engine.stream((backend) =>
      backend.logs(this.container, { follow: false, since: this.#to, tailBytes }),
    )) {
      chunks.push(chunk);
      bytes += chunk.bytes.length;
    }
    if (chunks.length === 0 || this.#to === undefined) return { chunks, cut: false };
    return { chunks, cut: bytes >= tailBytes || (await this.#dropped(this.#to)) };
  }

  /**
   * The same where a time does not tell what was taken: all parts of one long line have that of its beginning. Then as
   * many bytes as were taken stand before the rest; of a log that is one such line nobody can tell whether the engine
   * has dropped some of it.
   */
  async #restByCount(): Promise<{ readonly chunks: readonly LogChunk[]; readonly cut: boolean }> {
    const tailBytes = TAIL * this.scale;
    const chunks: LogChunk[] = [];
    let oldest: string | undefined;
    let held = 0;
    let total = 0;
    for await (const chunk of this.engine.stream((backend) =>
      backend.logs(this.container, { follow: false }),
    )) {
      oldest ??= chunk.from;
      chunks.push(chunk);
      held += chunk.bytes.length;
      total += chunk.bytes.length;
      while (held - chunks[0]!.bytes.length >= tailBytes) held -= chunks.shift()!.bytes.length;
    }
    const left = total - this.#bytes;
    const hasAll = oldest === this.#from && this.#from !== this.#to;
    if (!hasAll || left >= tailBytes) return { chunks, cut: true };
    return { chunks: lastOf(chunks, left), cut: false };
  }

  /**
   * A stream that lags behind a flood jumps over lines, without a word, when the engine begins a new file. What the engine
   * still has tells: where it has all, the log is taken anew; else what stands before the longest pause is the true head.
   */
  async #mendJump(): Promise<void> {
    let lines = 0;
    let oldest: string | undefined;
    for await (const chunk of this.engine.stream((backend) =>
      backend.logs(this.container, { follow: false }),
    )) {
      oldest ??= chunk.from;
      lines += countLines(chunk.bytes);
    }
    if (oldest === undefined || this.#from === undefined) return;
    const hasAll = oldest <= this.#from;
    if (hasAll && lines === this.#lines) return;
    if (hasAll) {
      await this.#truncate(0, undefined);
      this.#weight = 0;
      await this.#take(false);
    } else if (this.#pause !== undefined) {
      await this.#truncate(this.#pause.bytes, this.#pause.to);
      this.#full = true;
    }
  }

  async #truncate(bytes: number, to: string | undefined): Promise<void> {
    await this.file.truncate(bytes);
    this.#bytes = bytes;
    this.#to = to;
    this.#ending = new Uint8Array(0);
  }

  /** Whether the engine has dropped lines written after this time: its oldest is younger. */
  async #dropped(time: string): Promise<boolean> {
    const lines = this.engine.stream((backend) => backend.logs(this.container, { follow: false }));
    for await (const chunk of lines) return Date.parse(chunk.from) > Date.parse(time);
    return false;
  }

  async #write(chunk: LogChunk): Promise<void> {
    this.#from ??= chunk.from;
    this.#lines += countLines(chunk.bytes);
    if (this.#to !== undefined) {
      const length = Date.parse(chunk.to) - Date.parse(this.#to);
      if (this.#pause === undefined || length > this.#pause.length) {
        this.#pause = { length, bytes: this.#bytes, to: this.#to };
      }
    }
    await this.#append(chunk.bytes);
    if (this.#to === undefined || chunk.to > this.#to) this.#to = chunk.to;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    await this.file.write(bytes);
    this.#bytes += bytes.length;
    this.#ending =
      bytes.length >= LAST_LINE
        ? bytes.slice(-LAST_LINE)
        : Buffer.concat([this.#ending, bytes]).subarray(-LAST_LINE);
  }
}

/** The last bytes of chunks. */
function lastOf(chunks: readonly LogChunk[], bytes: number): LogChunk[] {
  const last: LogChunk[] = [];
  let left = bytes;
  for (const chunk of chunks.toReversed()) {
    if (left <= 0) break;
    last.unshift({ ...chunk, bytes: chunk.bytes.subarray(Math.max(0, chunk.bytes.length - left)) });
    left -= chunk.bytes.length;
  }
  return last;
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}
