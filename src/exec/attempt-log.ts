import { createHash } from 'node:crypto';
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
/** Into so many parts a head is divided by places at which it can be cut back. */
const PLACES = 256;
/** Bytes by which the log of an earlier supervisor is known again. */
const BEGINNING = 4_096;
/** In less time (milliseconds) nobody writes so much that the engine drops the first of it: it takes some 30 MB a second. */
const LEAST_TO_DROP = 1_000;
const NEWLINE = 10;
/** A last line longer than this is not shown to its end anyway. */
const LAST_LINE = 4_096;
/** Begins each line that is combu's own. */
const OWN_LINE = '[combu: ';

/** A time in which nobody took what the container wrote; milliseconds since the epoch. */
export interface LogHole {
  readonly from: number;
  readonly to: number;
}

export interface LogOptions {
  /** Scales the bounds of head and tail. */
  readonly scale: number;
  /** The container's start, as the engine tells it: ISO 8601. */
  readonly startedAt: string | undefined;
  /** Told of a stream that has ended, or broken, and not by `finish`: the container may have ended. */
  readonly streamEnded?: () => void;
  /** Oldest first; more may follow while the container runs. */
  readonly holes?: () => readonly LogHole[];
}

/** A place in the file, between two pieces of what the engine gave. */
interface Place {
  readonly bytes: number;
  /** As `LogKeeper.#to` was there. */
  readonly to: string | undefined;
  readonly withinLine: boolean;
}

const START: Place = { bytes: 0, to: undefined, withinLine: false };

/**
 * Brings one attempt's log from the engine into its file: what is written first, while it runs, up to a bound; after
 * its end the last of it. What is not in it is said in it: by one line where something was cut or may be missing.
 */
export class LogKeeper {
  readonly #stop = new AbortController();
  readonly #holes: () => readonly LogHole[];
  /** How many of the holes the file tells of. */
  #told = 0;
  /** Of the file. */
  #bytes: number;
  /** Bytes that the engine gave of the log's beginning, and their checksum. */
  #taken = 0;
  #sum = createHash('sha1');
  /** What the engine's file has grown by. */
  #weight = 0;
  /** The time of the latest line taken; standard output and error may stand in the engine's file in another order. */
  #to: string | undefined;
  /** The time of the first. */
  #from: string | undefined;
  /** When the head of an earlier supervisor ends: its lines' times are not in the file. */
  #headEnd: string | undefined;
  #full = false;
  /** What was taken is known to be what the engine had, or nobody can know that any more. */
  #compared = false;
  /** The engine may have dropped lines of the beginning before they were taken, or before that could be compared. */
  #doubtful = false;
  /** When this log was first looked at; undefined = the beginning is known to be there. */
  #opened: number | undefined;
  #places: Place[] = [];
  #reading: Promise<unknown> = Promise.resolve();
  #following: Promise<void> = Promise.resolve();
  #cut: { readonly from: string; readonly to: string } | null = null;
  /** What the program wrote last. */
  #ending: Uint8Array = new Uint8Array(0);
  /** The file ends within a line. */
  #withinLine = false;

  constructor(
    private readonly engine: EngineLink,
    private readonly container: string,
    private readonly file: AttemptLog,
    private readonly clock: Clock,
    private readonly options: LogOptions,
  ) {
    this.#bytes = file.size;
    this.#opened = clock.now();
    this.#holes = options.holes ?? (() => []);
  }

  /**
   * Goes on with a log that an earlier supervisor began. Where the engine still has its beginning, it is read anew; where
   * it has not, what is in the file is all that there is of it, so only the end is added.
   */
  async takeUp(): Promise<void> {
    if (this.#bytes === 0) return;
    let there = false;
    await this.#tolerant(async () => {
      there = await this.#engineHasBeginning();
    });
    this.#opened = undefined;
    if (there) return this.#cutBack(START);
    this.#full = true;
    this.#compared = true;
    this.#headEnd = this.file.lastWrite ?? undefined;
    this.#to = this.#headEnd ?? new Date(0).toISOString();
    this.#told = this.#holesBefore(this.#to);
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

  /**
   * The container has ended: completes the file. `finishedAt`: ISO 8601; undefined = it can't be asked any more. `goes`: it
   * is being removed because its run is killed, and who wanted that is not told of every last line that went with it.
   */
  async finish(finishedAt: string | undefined, goes = false): Promise<void> {
    const flowed = new AbortController();
    await Promise.race([this.#reading, this.clock.sleep(PATIENCE, flowed.signal)]);
    flowed.abort(NO_LONGER);
    this.#stop.abort(NO_LONGER);
    await Promise.all([this.#reading, this.#following]);
    const whole = finishedAt === undefined || (await this.#tolerant(() => this.#takeRest()));
    if (!whole && !goes) {
      const from = this.#to === undefined ? '' : ` after ${this.#to}`;
      await this.#say(`what was written${from} may be missing: the engine could not give it`);
      this.#cut ??= { from: this.#to ?? finishedAt, to: finishedAt };
    }
    const end = finishedAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(finishedAt);
    await this.#tellHoles(end, end);
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
      if (!this.#stop.signal.aborted) this.options.streamEnded?.();
    }
  }

  /** Whether the engine could give it: a log that it can't (of a container just removed, say) is no reason to fail a trial. */
  async #tolerant(action: () => Promise<void>): Promise<boolean> {
    try {
      await this.engine.callAtLength(action);
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return false;
    }
  }

  async #takeRest(): Promise<void> {
    // Also after a stream that ended by itself: now and then it lacks what the program wrote last.
    if (!this.#full) await this.#complete();
    if (this.#full) await this.#readTail();
  }

  async #take(follow: boolean): Promise<void> {
    const chunks = this.engine.stream((backend, over) =>
      backend.logs(this.container, {
        follow,
        since: this.#to,
        signal: follow ? AbortSignal.any([this.#stop.signal, over]) : over,
      }),
    );
    for await (const chunk of chunks) if (!(await this.#add(chunk))) break;
    // Now the engine still has it, as a rule.
    if (this.#full && !this.#compared) await this.#complete();
  }

  /** Adds to the head; false = it is full. */
  async #add(chunk: LogChunk): Promise<boolean> {
    this.#weight += chunk.bytes.length + LINE_COST * countLines(chunk.bytes);
    this.#full = this.#weight > HEAD * this.options.scale;
    if (!this.#full) await this.#write(chunk);
    return !this.#full;
  }

  /**
   * Holds what was taken against what the engine has, and goes on with it up to the bound. They can differ: a stream that
   * lags behind a flood jumps over lines, without a word, when the engine begins a new file. Then all is taken anew; where
   * the engine has dropped the beginning, what was taken before that stays, and the log says that it may lack something.
   */
  async #complete(): Promise<void> {
    const found = await this.#compare();
    this.#compared = true;
    switch (found.kind) {
      case 'same':
        this.#doubtful = this.#full && this.#mayHaveBegunEarlier;
        return;
      case 'other':
        await this.#cutBack(START);
        return this.#take(false);
      case 'dropped': {
        const from = this.#from;
        const place = this.#places.findLast(({ to }) => to === undefined || to < found.oldest);
        if (!this.#full && place !== undefined) await this.#cutBack(place);
        this.#from = from;
        this.#full = true;
        this.#doubtful = true;
      }
    }
  }

  /** So much was there when this log was first looked at that the engine may have dropped the first of it by then. */
  get #mayHaveBegunEarlier(): boolean {
    if (this.#opened === undefined || Date.parse(this.#to ?? '') >= this.#opened) return false;
    return Date.parse(this.#from ?? '') - Date.parse(this.options.startedAt ?? '') > LEAST_TO_DROP;
  }

  async #compare(): Promise<
    { readonly kind: 'same' | 'other' } | { readonly kind: 'dropped'; readonly oldest: string }
  > {
    const taken = this.#sum.copy().digest('hex');
    const sum = createHash('sha1');
    let left = this.#taken;
    let first = true;
    for await (const chunk of this.#all()) {
      if (first && this.#from !== undefined && chunk.from > this.#from) {
        return { kind: 'dropped', oldest: chunk.from };
      }
      first = false;
      const known = chunk.bytes.subarray(0, left);
      if (left > 0) {
        sum.update(known);
        left -= known.length;
        if (left === 0 && sum.digest('hex') !== taken) return { kind: 'other' };
      }
      if (left > 0) continue;
      if (this.#full) break;
      const bytes = chunk.bytes.subarray(known.length);
      if (bytes.length > 0 && !(await this.#add({ ...chunk, bytes }))) break;
    }
    // What the engine itself has lost of it is better kept.
    return { kind: 'same' };
  }

  async #readTail(): Promise<void> {
    const within = this.#ending.length > 0 && this.#ending.at(-1) !== NEWLINE;
    const { chunks, cut } = within ? await this.#restByCount() : await this.#restByTime();
    const first = chunks[0];
    const to = first?.from ?? this.#to;
    if (to !== undefined && (this.#doubtful || (cut && this.#to !== undefined))) {
      const from = this.#headEnd ?? this.#to;
      this.#cut = { from: (this.#doubtful ? this.#from : from) ?? to, to };
      const doubt = 'lines before this may be missing: the engine had dropped them before they were read';
      const gap = `what was written from ${from} to ${to} was cut`;
      if (!cut || from === undefined) await this.#say(doubt);
      else await this.#say(this.#doubtful ? `${gap}, and ${doubt}` : gap);
      while (Date.parse(to) >= (this.#holes()[this.#told]?.to ?? Number.POSITIVE_INFINITY)) this.#told += 1;
    }
    for (const chunk of chunks) await this.#write(chunk);
  }

  /** What is later than what was taken, or the last of that; `cut`: it is not all. */
  async #restByTime(): Promise<{ readonly chunks: readonly LogChunk[]; readonly cut: boolean }> {
    const tailBytes = TAIL * this.options.scale;
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
    const tailBytes = TAIL * this.options.scale;
    const chunks: LogChunk[] = [];
    let oldest: string | undefined;
    let held = 0;
    let total = 0;
    for await (const chunk of this.#all()) {
      oldest ??= chunk.from;
      chunks.push(chunk);
      held += chunk.bytes.length;
      total += chunk.bytes.length;
      while (held - chunks[0]!.bytes.length >= tailBytes) held -= chunks.shift()!.bytes.length;
    }
    const left = total - this.#taken;
    const hasAll = oldest === this.#from && this.#from !== this.#to;
    if (!hasAll || left >= tailBytes) return { chunks, cut: true };
    return { chunks: lastOf(chunks, left), cut: false };
  }

  /** Whether the engine has dropped lines written after this time: its oldest is younger. */
  async #dropped(time: string): Promise<boolean> {
    for await (const chunk of this.#all()) return Date.parse(chunk.from) > Date.parse(time);
    return false;
  }

  /** Whether the engine's log begins as the file does, as far as that is not combu's own. */
  async #engineHasBeginning(): Promise<boolean> {
    const file = await this.file.beginning(BEGINNING);
    const own = Buffer.from(file.buffer, file.byteOffset, file.length).indexOf(OWN_LINE);
    const begun = own < 0 ? file : file.subarray(0, own);
    const found: Uint8Array[] = [];
    let length = 0;
    for await (const { bytes } of this.#all()) {
      found.push(bytes);
      length += bytes.length;
      if (length >= begun.length) return Buffer.concat(found).subarray(0, begun.length).equals(begun);
    }
    return false;
  }

  /** All that the engine has now: a reader that does not follow sees no file rotate. */
  #all(): AsyncGenerator<LogChunk, void, void> {
    return this.engine.stream((backend) => backend.logs(this.container, { follow: false }));
  }

  async #cutBack({ bytes, to, withinLine }: Place): Promise<void> {
    await this.file.truncate(bytes);
    this.#bytes = bytes;
    this.#to = to;
    this.#withinLine = withinLine;
    this.#full = false;
    this.#told = to === undefined ? 0 : this.#holesBefore(to);
    this.#places = this.#places.filter((place) => place.bytes < bytes);
    this.#ending = new Uint8Array(0);
    if (bytes > 0) return;
    this.#weight = 0;
    this.#taken = 0;
    this.#sum = createHash('sha1');
    this.#from = undefined;
  }

  async #write(chunk: LogChunk): Promise<void> {
    await this.#tellHoles(Date.parse(chunk.to));
    this.#from ??= chunk.from;
    const { bytes } = chunk;
    const part = (HEAD * this.options.scale) / PLACES;
    if (this.#bytes - (this.#places.at(-1)?.bytes ?? Number.NEGATIVE_INFINITY) >= part) {
      this.#places.push({ bytes: this.#bytes, to: this.#to, withinLine: this.#withinLine });
    }
    await this.#append(bytes);
    this.#taken += bytes.length;
    this.#sum.update(bytes);
    this.#ending =
      bytes.length >= LAST_LINE
        ? bytes.slice(-LAST_LINE)
        : Buffer.concat([this.#ending, bytes]).subarray(-LAST_LINE);
    if (this.#to === undefined || chunk.to > this.#to) this.#to = chunk.to;
  }

  /** Says, of each hole that begins before this time and once, that lines may be missing. `end`: of the log (milliseconds). */
  async #tellHoles(time: number, end = Number.POSITIVE_INFINITY): Promise<void> {
    for (const { from, to } of this.#holes().slice(this.#told)) {
      if (from >= time) return;
      this.#told += 1;
      const until = iso(Math.min(to, end));
      await this.#say(`what was written from ${iso(from)} to ${until} may be missing: the engine was away`);
    }
  }

  #holesBefore(time: string): number {
    return this.#holes().filter(({ from }) => from < Date.parse(time)).length;
  }

  /** A line of combu's own: it is no line of the program's. */
  async #say(text: string): Promise<void> {
    const line = `${OWN_LINE}${text}]\n`;
    await this.#append(new TextEncoder().encode(this.#withinLine ? `\n${line}` : line));
  }

  async #append(bytes: Uint8Array): Promise<void> {
    await this.file.write(bytes);
    this.#bytes += bytes.length;
    if (bytes.length > 0) this.#withinLine = bytes.at(-1) !== NEWLINE;
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

function iso(time: number): string {
  return new Date(time).toISOString();
}
