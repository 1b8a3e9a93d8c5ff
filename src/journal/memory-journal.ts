import type { NewRunEvent, RunEvent } from '../model/event.js';
import type { Clock } from '../util/clock.js';
import type { AttemptLog, Journal } from './journal.js';
import { readTar } from './unpack.js';

/** A record in memory, for tests and simulation: it has no folders, and nothing of it outlives the process. */
export class MemoryJournal implements Journal {
  readonly events: RunEvent[] = [];
  /** Logs by `<trial>.<attempt>`. */
  readonly logs = new Map<string, Buffer>();
  /** Received files by `<trial>/<attempt>/<path>`. */
  readonly results = new Map<string, Buffer>();
  readonly #listeners = new Set<(event: RunEvent) => void>();

  constructor(private readonly clock: Clock) {}

  async append(event: NewRunEvent): Promise<RunEvent> {
    const stamped = { v: 1, time: new Date(this.clock.now()).toISOString(), ...event } as RunEvent;
    this.events.push(stamped);
    for (const listener of this.#listeners) listener(stamped);
    return stamped;
  }

  onEvent(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async openLog(trial: string, attempt: number): Promise<AttemptLog> {
    const name = `${trial}.${attempt}`;
    const before = this.logs.get(name) ?? Buffer.alloc(0);
    this.logs.set(name, before);
    return {
      size: before.length,
      lastWrite: null,
      write: async (bytes) => {
        this.logs.set(name, Buffer.concat([this.logs.get(name)!, bytes]));
      },
      beginning: async (bytes) => this.logs.get(name)!.subarray(0, bytes),
      truncate: async (bytes) => {
        this.logs.set(name, this.logs.get(name)!.subarray(0, bytes));
      },
      close: async () => {},
    };
  }

  async resultsFolder(): Promise<undefined> {
    return undefined;
  }

  async receive(
    trial: string,
    attempt: number,
    into: string,
    tar: AsyncIterable<Uint8Array>,
  ): Promise<{ files: number; bytes: number; leftOut: readonly string[] }> {
    const leftOut: string[] = [];
    let files = 0;
    let bytes = 0;
    for await (const entry of readTar(tar)) {
      if (entry.kind === 'left-out') leftOut.push(entry.name);
      if (entry.kind !== 'file') continue;
      const chunks: Uint8Array[] = [];
      for await (const chunk of entry.content) chunks.push(chunk);
      const content = Buffer.concat(chunks);
      this.results.set(
        [trial, attempt, into, ...entry.path].filter((part) => part !== '').join('/'),
        content,
      );
      files += 1;
      bytes += content.length;
    }
    return { files, bytes, leftOut };
  }

  async resultsStamp(): Promise<string> {
    return '';
  }

  async settleResults(): Promise<{ readonly renamed: readonly string[] }> {
    return { renamed: [] };
  }

  async close(): Promise<void> {}
}
