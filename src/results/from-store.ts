import { parseLines } from '../journal/read-run.js';
import { isHeldAnywhere } from '../journal/run-lock.js';
import type { RunEvent } from '../model/event.js';
import { Failure } from '../model/failure.js';
import type { JsonObject } from '../model/json.js';
import { pathFromKey } from '../store/keys.js';
import type { ObjectStore } from '../store/object-store.js';
import { RECORD_PATH } from '../store/record.js';
import { attemptObjects, type FoundFile } from './attempt-objects.js';
import {
  type AttemptValues,
  attemptValues,
  isTableFile,
  type JsonFile,
  LARGEST_JSON,
} from './attempt-values.js';
import { attemptName, byAttempt, objectLines } from './from-folder.js';
import { type ManifestEntry, parseManifest } from './manifest.js';
import { plannedParams } from './planned-params.js';
import type { ReadElsewhere, ResultObject, ResultsRun, RunResults } from './run-results.js';
import { attemptKey, attemptPrefix } from './stored-run.js';
import type { StoredRun } from './stored-runs.js';

/** Results in a store alone: nothing of the run need be on this machine. */
export class StoreResults implements RunResults {
  readonly run: ResultsRun;
  readonly unnamed = 0;
  readonly #store: ObjectStore;
  readonly #elsewhere: ReadElsewhere;
  #manifest: Promise<ReadonlyMap<string, readonly ManifestEntry[]>> | undefined;

  /** Ends `store` when it is closed itself. */
  constructor(run: StoredRun, store: ObjectStore, elsewhere: ReadElsewhere) {
    this.#store = store;
    this.#elsewhere = elsewhere;
    this.run = { ...run, place: `${run.name} in ${store.name}` };
  }

  async held(): Promise<boolean> {
    return (await isHeldAnywhere(this.run.id)) ?? false;
  }

  async events(): Promise<readonly RunEvent[]> {
    return parseLines((await this.#text('journal.jsonl')) ?? '');
  }

  async plannedParams(): Promise<ReadonlyMap<string, JsonObject>> {
    return plannedParams(await this.#text('plan.json'));
  }

  async values(trial: string, attempt: number): Promise<AttemptValues> {
    const prefix = attemptPrefix(this.run.name, trial, attempt);
    const files: JsonFile[] = [];
    let tracks = false;
    for await (const { key, size } of this.#store.list(prefix)) {
      const path = pathFromKey(key.slice(prefix.length));
      if (path === RECORD_PATH) tracks = true;
      if (!isTableFile(path)) continue;
      const text = size > LARGEST_JSON ? undefined : await this.#textOf(key);
      files.push({ name: path, text });
    }
    const record = tracks ? await this.#textOf(prefix + RECORD_PATH) : undefined;
    return attemptValues(record ?? '', files);
  }

  async objects(trial: string, attempt: number): Promise<readonly ResultObject[]> {
    const prefix = attemptPrefix(this.run.name, trial, attempt);
    this.#manifest ??= this.#text('manifest.jsonl').then((text) => byAttempt(parseManifest(text ?? '')));
    const stored = (await this.#manifest).get(attemptName(trial, attempt)) ?? [];
    const named = new Map(stored.map(({ name }) => [attemptKey(this.run.name, trial, attempt, name), name]));
    const files: FoundFile[] = [];
    let tracks = false;
    for await (const { key, size, modified } of this.#store.list(prefix)) {
      const name = named.get(key) ?? pathFromKey(key.slice(prefix.length));
      if (name === RECORD_PATH) tracks = true;
      files.push({ name, bytes: size, modified, source: { kind: 'store', key } });
    }
    const record = tracks ? await this.#bytes(prefix + RECORD_PATH) : undefined;
    const lines = record === undefined ? [] : objectLines(record);
    return attemptObjects({ run: this.run.name, trial, attempt }, files, lines, stored);
  }

  async read(object: ResultObject, from = 0): Promise<AsyncIterable<Uint8Array>> {
    const { trial, attempt, name, source } = object;
    switch (source.kind) {
      case 'folder':
        throw new Error(`${name} lies in a folder, not in a store`);
      case 'store': {
        const found = await this.#store.get(source.key, from);
        if (found !== undefined) return found;
        break;
      }
      case 'elsewhere': {
        const found = await this.#elsewhere(source, from);
        if (found !== undefined) return found;
      }
    }
    throw new Failure(`${trial}/${attempt}/${name} is not there any more.`, { owner: 'user' });
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #text(name: string): Promise<string | undefined> {
    return this.#textOf(`${this.run.name}/${name}`);
  }

  async #textOf(key: string): Promise<string | undefined> {
    return (await this.#bytes(key))?.toString('utf8');
  }

  async #bytes(key: string): Promise<Buffer | undefined> {
    const found = await this.#store.get(key);
    if (found === undefined) return undefined;
    const pieces: Uint8Array[] = [];
    for await (const piece of found) pieces.push(piece);
    return Buffer.concat(pieces);
  }
}
