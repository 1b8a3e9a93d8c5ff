import { StoreError } from '../../store/object-store.js';
import { type Delivered, deliver, type Place } from './delivery.js';
import type { Position, SpoolReader } from './reader.js';
import type { SpoolRecord } from './segment.js';

/** Uploads at once where nothing is said: more bring no more from a server nearby, and each takes a socket. */
export const UPLOADS_AT_ONCE = 16;

export interface DeliveriesOptions {
  readonly onObject?: (object: Delivered) => void | Promise<void>;
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Called when results have arrived; everything before this place has. */
  readonly onSettled?: (to: Position) => void;
  /** Resolves when the blob of a record is whole, or will never be. */
  readonly blobReady?: (name: string) => Promise<void>;
}

export interface PassOptions {
  /** How far the spool has been written. Asked again and again. */
  readonly end: () => Position;
  /** Resolves when `end` may have grown; a pass ends as soon as nothing is under way and nothing more is there. */
  readonly more?: () => Promise<void>;
}

export interface Pass {
  /** Results that arrived in this pass. */
  readonly arrived: number;
  /** Results that were tried, or could not be, and are still in the spool. */
  readonly left: number;
  /** Why the first of them did not arrive. */
  readonly error: StoreError | undefined;
}

/** Brings the records of a spool to their place, several at once, each tried once a pass. */
export class Deliveries {
  readonly #folder: string;
  readonly #reader: SpoolReader;
  readonly #place: Place;
  readonly #options: DeliveriesOptions;
  /** What did not arrive in earlier passes, in the order of reading. */
  #left = new Map<Position, string>();
  readonly #underWay = new Set<Promise<void>>();
  /** The buckets that failed in the pass before, and have not shown that they are well again. */
  #suspects = new Set<string>();
  /** Of this pass. */
  #arrived = 0;
  #failed = new Map<string, StoreError>();
  #firstError: StoreError | undefined;
  /** A bug, or a failure of `onObject`: ends the pass. */
  #broken: { readonly error: unknown } | undefined;

  constructor(folder: string, reader: SpoolReader, place: Place, options: DeliveriesOptions) {
    this.#folder = folder;
    this.#reader = reader;
    this.#place = place;
    this.#options = options;
  }

  /** Tries what was left before, then what is new. Throws what `onObject` throws. */
  async pass({ end, more }: PassOptions): Promise<Pass> {
    this.#arrived = 0;
    this.#suspects = new Set(this.#failed.keys());
    this.#failed = new Map();
    this.#firstError = undefined;
    this.#broken = undefined;
    const again = this.#left;
    this.#left = new Map();
    for (const [position, bucket] of again) {
      // Not even read: while a store is out of reach that would be all that waits, every few seconds.
      if (this.#isHopeless(bucket)) {
        this.#left.set(position, bucket);
        continue;
      }
      const record = this.#reader.again(position);
      if (record === undefined) this.#reader.settle(position, undefined);
      else await this.#start(position, record);
    }
    for (;;) {
      const found = this.#stopped() ? undefined : this.#reader.next(end());
      if (found !== undefined) await this.#start(found.position, found.record);
      else if (this.#underWay.size > 0) await Promise.race([...this.#underWay, ...(more ? [more()] : [])]);
      else break;
    }
    this.#throwIfBroken();
    return { arrived: this.#arrived, left: this.#left.size, error: this.#firstError };
  }

  /** Resolves as soon as there is room for the next one. */
  async #start(position: Position, record: SpoolRecord): Promise<void> {
    const { bucket } = record.entry;
    if (this.#isHopeless(bucket)) {
      this.#left.set(position, bucket);
      return;
    }
    const work = this.#deliver(position, record).finally(() => this.#underWay.delete(work));
    this.#underWay.add(work);
    const most = this.#options.concurrency ?? UPLOADS_AT_ONCE;
    // One is enough to find out.
    if (this.#suspects.has(bucket)) await work;
    while (this.#underWay.size >= most) await Promise.race(this.#underWay);
  }

  /** Whether nothing more of the bucket is tried in this pass. */
  #isHopeless(bucket: string): boolean {
    return this.#failed.has(bucket) || this.#stopped();
  }

  #throwIfBroken(): void {
    if (this.#broken !== undefined) throw this.#broken.error;
  }

  #stopped(): boolean {
    return this.#broken !== undefined || this.#options.signal?.aborted === true;
  }

  async #deliver(position: Position, record: SpoolRecord): Promise<void> {
    const { bucket, blob } = record.entry;
    try {
      if (blob !== undefined) await this.#options.blobReady?.(blob);
      const delivered = await deliver(this.#folder, record, this.#place);
      if (delivered !== undefined) {
        await this.#options.onObject?.(delivered);
        this.#arrived++;
      }
      this.#reader.settle(position, blob);
      this.#suspects.delete(bucket);
      this.#options.onSettled?.(this.#reader.settledTo);
    } catch (error) {
      this.#left.set(position, bucket);
      if (!(error instanceof StoreError)) {
        this.#broken ??= { error };
        return;
      }
      this.#firstError ??= error;
      // What is wrong with one result says nothing about the next.
      if (error.kind !== 'invalid') this.#failed.set(bucket, error);
    }
  }
}
