import { AppendFile } from '../journal/append-file.js';
import { waitForRoom } from '../journal/room-on-disk.js';
import { runPaths } from '../journal/run-paths.js';
import type { Owner } from '../journal/state-folder.js';
import type { Clock } from '../util/clock.js';
import { type ManifestEntry, manifestLine, readManifest } from './manifest.js';

export interface ManifestBookOptions {
  /** To whom the file is given, where combu is root. */
  readonly owner: Owner | undefined;
  readonly clock: Clock;
  /** Called each time the disk becomes full, which is then waited for: without its line nobody finds what is stored. */
  readonly onDiskFull: () => void;
}

/** A run's manifest while it is written to: by the holder of the run's lock alone. */
export class ManifestBook {
  /** Sizes of what is stored, by store and key. */
  readonly #stored = new Map<string, number>();
  #bytes = 0;

  private constructor(private readonly file: AppendFile) {}

  static async open(folder: string, options: ManifestBookOptions): Promise<ManifestBook> {
    const writing = waitForRoom(options.clock, options.onDiskFull);
    const file = await AppendFile.open(runPaths.manifest(folder), options.owner, writing);
    const book = new ManifestBook(file);
    for (const entry of await readManifest(folder)) book.#count(entry);
    return book;
  }

  /** Objects of all stores. */
  get objects(): number {
    return this.#stored.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How large the object was when it was stored; undefined = it is not stored. */
  sizeOf(store: string, key: string): number | undefined {
    return this.#stored.get(identity(store, key));
  }

  /** Not synced: a line that a power cut takes is written again, when the store says that it has the object already. */
  async add(entry: ManifestEntry): Promise<void> {
    await this.file.append(manifestLine(entry), false);
    this.#count(entry);
  }

  /** All that was added is on disk. */
  close(): Promise<void> {
    return this.file.close();
  }

  #count(entry: ManifestEntry): void {
    const key = identity(entry.store, entry.key);
    this.#bytes += entry.bytes - (this.#stored.get(key) ?? 0);
    this.#stored.set(key, entry.bytes);
  }
}

function identity(store: string, key: string): string {
  return `${store}\n${key}`;
}
