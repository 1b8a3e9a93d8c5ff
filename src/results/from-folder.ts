import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { readEvents } from '../journal/read-run.js';
import { isHeld } from '../journal/run-lock.js';
import { runPaths } from '../journal/run-paths.js';
import type { RunFolder } from '../journal/state-folder.js';
import type { RunEvent } from '../model/event.js';
import { Failure } from '../model/failure.js';
import type { JsonObject } from '../model/json.js';
import { type ObjectLine, parseRecord } from '../store/record.js';
import { isCode } from '../util/errno.js';
import { attemptRecord, fileStats, topFile } from './attempt-files.js';
import { attemptObjects, type FoundFile, isOwn } from './attempt-objects.js';
import {
  type AttemptValues,
  attemptValues,
  isTableFile,
  type JsonFile,
  LARGEST_JSON,
} from './attempt-values.js';
import { type ManifestEntry, readManifest } from './manifest.js';
import { openInside } from './open-inside.js';
import { readPlannedParams } from './planned-params.js';
import type { ReadElsewhere, ResultObject, ResultsRun, RunResults } from './run-results.js';

/** Results in a run's folder, as they are at this moment. */
export class FolderResults implements RunResults {
  readonly run: ResultsRun;
  readonly #folder: RunFolder;
  readonly #elsewhere: ReadElsewhere;
  #unnamed = 0;
  #manifest: Promise<ReadonlyMap<string, readonly ManifestEntry[]>> | undefined;

  constructor(run: RunFolder, elsewhere: ReadElsewhere) {
    this.#folder = run;
    this.#elsewhere = elsewhere;
    this.run = { id: run.id, name: basename(run.folder), startedAt: run.startedAt, place: run.folder };
  }

  get unnamed(): number {
    return this.#unnamed;
  }

  held(): Promise<boolean> {
    return isHeld(this.#folder);
  }

  events(): Promise<readonly RunEvent[]> {
    return readEvents(this.#folder.folder);
  }

  plannedParams(): Promise<ReadonlyMap<string, JsonObject>> {
    return readPlannedParams(this.#folder.folder);
  }

  async values(trial: string, attempt: number): Promise<AttemptValues> {
    const folder = this.#attempt(trial, attempt);
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      if (isCode(error, 'ENOENT')) return [];
      throw error;
    });
    const files: JsonFile[] = [];
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (!entry.isFile() || !isTableFile(entry.name)) continue;
      const bytes = await topFile(folder, entry.name, LARGEST_JSON);
      if (bytes !== undefined)
        files.push({ name: entry.name, text: bytes === 'too-large' ? undefined : bytes.toString('utf8') });
    }
    const tracks = entries.some((entry) => entry.isDirectory() && isOwn(entry.name));
    const record = tracks ? await attemptRecord(folder) : undefined;
    return attemptValues(record?.toString('utf8') ?? '', files);
  }

  async objects(trial: string, attempt: number): Promise<readonly ResultObject[]> {
    const folder = this.#attempt(trial, attempt);
    const { found, unnamed } = await fileStats(folder);
    this.#unnamed += unnamed;
    const files = found.map((file): FoundFile => ({ ...file, source: { kind: 'folder' } }));
    const record = await attemptRecord(folder);
    const lines = record === undefined ? [] : objectLines(record);
    this.#manifest ??= readManifest(this.#folder.folder).then(byAttempt);
    const stored = (await this.#manifest).get(attemptName(trial, attempt)) ?? [];
    return attemptObjects({ run: this.run.name, trial, attempt }, files, lines, stored);
  }

  async read(object: ResultObject, from = 0): Promise<AsyncIterable<Uint8Array>> {
    const { trial, attempt, name, source } = object;
    const found =
      source.kind === 'elsewhere'
        ? await this.#elsewhere(source, from)
        : await this.#open(this.#attempt(trial, attempt), name, from);
    if (found !== undefined) return found;
    throw new Failure(`${trial}/${attempt}/${name} is not there any more.`, { owner: 'user' });
  }

  async close(): Promise<void> {}

  async #open(folder: string, name: string, from: number): Promise<AsyncIterable<Uint8Array> | undefined> {
    const file = await openInside(folder, name);
    return file?.handle.createReadStream({ start: from });
  }

  #attempt(trial: string, attempt: number): string {
    return runPaths.attemptResults(this.#folder.folder, trial, attempt);
  }
}

/** What a record says of objects. */
export function objectLines(record: Uint8Array): ObjectLine[] {
  return parseRecord(record).flatMap((line) => (line.type === 'object' ? [line] : []));
}

/** A manifest's entries by attempt: see attemptName. */
export function byAttempt(entries: readonly ManifestEntry[]): ReadonlyMap<string, readonly ManifestEntry[]> {
  const found = new Map<string, ManifestEntry[]>();
  for (const entry of entries) {
    const name = attemptName(entry.trial, entry.attempt);
    const others = found.get(name);
    if (others === undefined) found.set(name, [entry]);
    else others.push(entry);
  }
  return found;
}

/** `trial/attempt`: no trial's name has a slash. */
export function attemptName(trial: string, attempt: number): string {
  return `${trial}/${attempt}`;
}
