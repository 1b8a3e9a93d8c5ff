import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import type { NewRunEvent } from '../../../src/model/event.js';
import { attemptId } from '../../../src/results/attempts-of.js';
import { finishSpools } from '../../../src/results/finish-spool.js';
import { ManifestBook } from '../../../src/results/manifest-book.js';
import { type PusherOptions, RunPusher } from '../../../src/results/run-pusher.js';
import { MemoryStore } from '../../../src/store/memory-store.js';
import { type About, type Body, StoreError, type StoreErrorKind } from '../../../src/store/object-store.js';
import { recordLine } from '../../../src/store/record.js';
import type { Clock } from '../../../src/util/clock.js';
import { systemClock } from '../../../src/util/clock.js';

export const RUN = '20260101-000000-abcdefghijkl';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that goes when the test ends. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'combu-results-'));
  made.push(path);
  return path;
}

/** A store in memory that can be made to fail, and tells what was asked of it. */
export class TestStore extends MemoryStore {
  /** How everything fails at present. */
  failing: StoreErrorKind | undefined;
  /** Keys of puts, as often as they were tried. */
  readonly tried: string[] = [];
  atOnce = 0;
  mostAtOnce = 0;
  /** What a put waits for before it begins. */
  gate: Promise<void> = Promise.resolve();

  override async put(key: string, body: Body, about?: About): Promise<'stored' | 'present'> {
    this.tried.push(key);
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    try {
      await this.gate;
      this.#mayFail();
      return await super.put(key, body, about);
    } finally {
      this.atOnce -= 1;
    }
  }

  override async replace(key: string, body: Body, about?: About): Promise<void> {
    this.#mayFail();
    return super.replace(key, body, about);
  }

  async keys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.list('')) keys.push(key);
    return keys;
  }

  async text(key: string): Promise<string> {
    const pieces: Uint8Array[] = [];
    for await (const piece of (await this.get(key)) ?? []) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  }

  #mayFail(): void {
    if (this.failing !== undefined) throw new StoreError('The store is out of order.', this.failing);
  }
}

/** Real time, only faster: files are read and written in real time, which a clock that stands still would not notice. */
class FastClock implements Clock {
  readonly #began = performance.now();

  constructor(private readonly faster: number) {}

  now(): number {
    return Date.UTC(2026, 0, 1) + Math.floor((performance.now() - this.#began) * this.faster);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms / this.faster, signal);
  }
}

/** A run's folder with a store, and what pushes from one to the other. */
export class Scene {
  readonly clock: Clock;
  readonly store = new TestStore();
  readonly folder: string;
  readonly events: NewRunEvent[] = [];
  /** How often the disk with the manifest was told to have become full. */
  timesFull = 0;

  /** `faster`: how many times as fast as real time its clock goes. */
  constructor({ faster } = { faster: 100 }) {
    this.clock = new FastClock(faster);
    this.folder = join(folder(), RUN);
    mkdirSync(join(this.folder, 'results'), { recursive: true });
  }

  /** A pusher as a supervisor opens it; another one is a later supervisor's, or that of `push`. */
  async pusher(more: Partial<PusherOptions> = {}): Promise<RunPusher> {
    return new RunPusher({
      folder: this.folder,
      run: RUN,
      store: this.store,
      bucket: null,
      prefix: '',
      bucketStore: undefined,
      book: await ManifestBook.open(this.folder, {
        owner: undefined,
        clock: this.clock,
        onDiskFull: () => {
          this.timesFull += 1;
        },
      }),
      clock: this.clock,
      note: (event) => void this.events.push(event),
      finishSpool: async (attempt) =>
        (await finishSpools(join(this.folder, 'results', attemptId(attempt)), this.clock, undefined)).left,
      isOver: () => true,
      patience: 60_000,
      ...more,
    });
  }

  at(trial: string, attempt: number, path: string): string {
    return join(this.folder, 'results', trial, String(attempt), path);
  }

  write(trial: string, path: string, content: string | Uint8Array = path): void {
    const to = this.at(trial, 1, path);
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, content);
  }

  /** A file that the trial's own record names. */
  track(trial: string, bucket: string, key: string, content: string, named = content): void {
    this.write(trial, `${bucket}/${key}`, content);
    this.name(trial, bucket, key, named);
  }

  name(trial: string, bucket: string, key: string, content: string): void {
    this.#append(trial, bucket, key, content, { store: 'folder' });
  }

  /** An object that the trial says to have uploaded itself. */
  elsewhere(trial: string, bucket: string, key: string, content: string): void {
    this.#append(trial, bucket, key, content, { store: 's3', endpoint: 'http://minio:9000' });
  }

  #append(
    trial: string,
    bucket: string,
    key: string,
    content: string,
    store: { store: 'folder' } | { store: 's3'; endpoint: string },
  ): void {
    const record = this.at(trial, 1, '.combu/record.jsonl');
    mkdirSync(dirname(record), { recursive: true });
    const line = recordLine({
      type: 'object',
      ...store,
      time: '2026-01-01T00:00:00.000Z',
      bucket,
      key,
      bytes: Buffer.byteLength(content),
      sha256: sha256(content),
      contentType: 'application/json',
      metadata: { function: 'loss', sequence: '1' },
    });
    appendFileSync(record, line);
  }
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
