import type { NewRunEvent, RunEvent } from '../model/event.js';

/**
 * The port to the record of one run. Append-only; the whole state can be rebuilt from it (model/run-state.ts).
 * Only the holder of the run's lock writes. Implementations: file (JSON lines in the run's folder), memory.
 */
export interface Journal {
  /**
   * Stamps the event with version and time, appends it, tells the listeners. Listeners hear events in journal order, at once.
   * `sync: true` resolves only when the line is on disk (and all before it): for what must be known before the engine is asked.
   */
  append(event: NewRunEvent, options?: { readonly sync?: boolean }): Promise<RunEvent>;

  /** Called for each event appended from now on. Returns what ends it. */
  onEvent(listener: (event: RunEvent) => void): () => void;

  /** Where one attempt's log goes. Opened once an attempt; a resumed run continues the same file. */
  openLog(trial: string, attempt: number): Promise<AttemptLog>;

  /** Folder of one attempt's results, made if absent; undefined where the record has no folders (memory). */
  resultsFolder(trial: string, attempt: number): Promise<string | undefined>;

  /**
   * Unpacks a tar into the attempt's results folder under the relative folder `into` ('' = itself). Written aside, then
   * renamed, so that what is there is whole. Whatever names, links, modes or owners the tar holds: files end up the
   * caller's and inside the folder (names that lead out and special files are left out and named in `leftOut`), and
   * nothing that is there already is overwritten (a taken name gets `~2` and so on).
   */
  receive(
    trial: string,
    attempt: number,
    into: string,
    tar: AsyncIterable<Uint8Array>,
  ): Promise<{ readonly files: number; readonly bytes: number; readonly leftOut: readonly string[] }>;

  /** A text that is another one whenever anything in the attempt's results folder has changed: names, sizes, times. */
  resultsStamp(trial: string, attempt: number): Promise<string>;

  /**
   * The attempt has ended: gives all that lies in its results folder to the caller (following no link), synced to disk.
   * Names that are not UTF-8 become such; `renamed`: what they are now.
   */
  settleResults(trial: string, attempt: number): Promise<{ readonly renamed: readonly string[] }>;

  /** Everything appended is on disk; the file is closed. */
  close(): Promise<void>;
}

/** One attempt's log file. */
export interface AttemptLog {
  /** Bytes that the file holds already (a resumed run finds some). */
  readonly size: number;
  /** When these were written last, ISO 8601; null where there are none, or nobody knows. */
  readonly lastWrite: string | null;
  write(bytes: Uint8Array): Promise<void>;
  /** The first of them, `bytes` at the most. */
  beginning(bytes: number): Promise<Uint8Array>;
  /** Cuts the file to its first `bytes` bytes. */
  truncate(bytes: number): Promise<void>;
  /** Synced to disk, then closed. */
  close(): Promise<void>;
}
