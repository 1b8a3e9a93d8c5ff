import { closeSync, constants, fchmodSync, fchownSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { NewRunEvent, RunEvent } from '../model/event.js';
import type { Clock } from '../util/clock.js';
import { AppendFile } from './append-file.js';
import type { AttemptLog, Journal } from './journal.js';
import { receiveTar, removeHalfReceived } from './results-folder.js';
import { stampOf } from './results-stamp.js';
import { type Writing, waitForRoom, writeAtOnce, writeWhole } from './room-on-disk.js';
import { runPaths } from './run-paths.js';
import { settleFolder } from './settle-folder.js';
import { type Owner, syncFolder } from './state-folder.js';

/**
 * Opens the record in a run's folder for its supervisor. Only the holder of the run's lock may: it cuts off a torn last
 * line first, and removes results that were half received. `owner`: to whom everything is given, where combu is root; trials of any user then write into the results
 * folders, so these are open to all while the trial runs (the state folder around them is closed).
 * undefined = combu is not root, and what it makes is the caller's anyway.
 */
export async function openFileJournal(folder: string, options: FileJournalOptions): Promise<Journal> {
  const { clock, owner, onDiskFull } = options;
  const writing = onDiskFull === undefined ? writeAtOnce : waitForRoom(clock, onDiskFull);
  const file = await AppendFile.open(runPaths.journal(folder), owner, writing);
  await removeHalfReceived(runPaths.results(folder));
  return new FileJournal(folder, file, { ...options, writing });
}

export interface FileJournalOptions {
  readonly clock: Clock;
  readonly owner: Owner | undefined;
  /** Called once when the disk is full, which is then waited for; undefined = writes fail then. */
  readonly onDiskFull?: (() => void) | undefined;
}

/**
 * Small calls that no disk is behind (a folder made, a file given away) are made at once: a way through the thread pool
 * costs many times as much, and every start makes a dozen of them.
 */
class FileJournal implements Journal {
  readonly #listeners = new Set<(event: RunEvent) => void>();
  readonly #logFolder: SharedSync;
  readonly #resultsFolder: SharedSync;

  constructor(
    private readonly folder: string,
    private readonly file: AppendFile,
    private readonly options: FileJournalOptions & { readonly writing: Writing },
  ) {
    this.#logFolder = new SharedSync(() => syncFolder(runPaths.logs(folder)));
    this.#resultsFolder = new SharedSync(() => syncFolder(runPaths.results(folder)));
  }

  async append(event: NewRunEvent, options?: { readonly sync?: boolean }): Promise<RunEvent> {
    const time = new Date(this.options.clock.now()).toISOString();
    const stamped = { v: 1, time, ...event } as RunEvent;
    const written = this.file.append(`${JSON.stringify(stamped)}\n`, options?.sync ?? false);
    for (const listener of this.#listeners) listener(stamped);
    await written;
    return stamped;
  }

  onEvent(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async openLog(trial: string, attempt: number): Promise<AttemptLog> {
    const path = runPaths.log(this.folder, trial, attempt);
    const { owner, writing } = this.options;
    const flags = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW;
    const handle = await writing(() => open(path, flags, 0o600));
    if (owner !== undefined) fchownSync(handle.fd, owner.uid, owner.gid);
    const { size, mtime } = fstatSync(handle.fd);
    let empty = size === 0;
    return {
      size,
      lastWrite: size === 0 ? null : mtime.toISOString(),
      write: (bytes) => {
        empty = false;
        return writeWhole(handle, bytes, writing);
      },
      beginning: async (bytes) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
        return buffer.subarray(0, bytesRead);
      },
      truncate: (bytes) => handle.truncate(bytes),
      close: async () => {
        // Of an empty log nothing can be lost.
        if (!empty) await writing(() => handle.datasync());
        await handle.close();
        if (!empty) await this.#logFolder.sync();
      },
    };
  }

  async resultsFolder(trial: string, attempt: number): Promise<string> {
    const { owner, writing } = this.options;
    const outer = runPaths.trialResults(this.folder, trial);
    const inner = runPaths.attemptResults(this.folder, trial, attempt);
    for (const path of [outer, inner]) {
      const made = await writing(() => mkdirSync(path, { recursive: true }));
      if (made === undefined || owner === undefined) continue;
      const file = openSync(path, constants.O_DIRECTORY | constants.O_NOFOLLOW);
      try {
        fchownSync(file, owner.uid, owner.gid);
        // Apart from mkdir, whose modes the process's umask cuts.
        if (path === inner) fchmodSync(file, 0o777);
      } finally {
        closeSync(file);
      }
    }
    return inner;
  }

  async receive(trial: string, attempt: number, into: string, tar: AsyncIterable<Uint8Array>) {
    return receiveTar(await this.resultsFolder(trial, attempt), into, tar, this.options.writing);
  }

  async resultsStamp(trial: string, attempt: number): Promise<string> {
    return stampOf(runPaths.attemptResults(this.folder, trial, attempt));
  }

  async settleResults(trial: string, attempt: number): Promise<{ readonly renamed: readonly string[] }> {
    const { owner, writing } = this.options;
    const folder = await this.resultsFolder(trial, attempt);
    const { empty, renamed } = await writing(() => settleFolder(folder, owner));
    if (empty) return { renamed };
    await syncFolder(runPaths.trialResults(this.folder, trial));
    await this.#resultsFolder.sync();
    return { renamed };
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** Many who want one folder's entries on disk at the same time share a sync: it must begin after they asked. */
class SharedSync {
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(private readonly action: () => Promise<void>) {}

  sync(): Promise<void> {
    this.#next ??= this.#last.then(() => {
      this.#last = this.#next!;
      this.#next = undefined;
      return this.action();
    });
    return this.#next;
  }
}
