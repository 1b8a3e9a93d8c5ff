import type { RunEvent } from '../model/event.js';
import type { JsonObject } from '../model/json.js';
import type { ObjectMetadata } from '../store/record.js';
import type { AttemptValues } from './attempt-values.js';

/**
 * What a run produced, wherever that lies: in the run's folder (from-folder.ts) or in a store alone (from-store.ts).
 * Both tell the same. Reading changes nothing, and may go on while the run does.
 *
 * What trials wrote is untrusted: names are as the trials gave them, and whoever makes paths of them must check them.
 */
export interface RunResults {
  readonly run: ResultsRun;

  /** Whether a supervisor of the run is known to live. From a store that can be told only on the machine it lives on. */
  held(): Promise<boolean>;

  /** The journal, as far as it is there. */
  events(): Promise<readonly RunEvent[]>;

  /** What the experiment file gave each trial as `params`, by trial. */
  plannedParams(): Promise<ReadonlyMap<string, JsonObject>>;

  /** What a table shows of one attempt: reads its record and the JSON files at the top of its folder, nothing else. */
  values(trial: string, attempt: number): Promise<AttemptValues>;

  /** Everything that an attempt has saved so far, sorted by name; combu's own files are left out. */
  objects(trial: string, attempt: number): Promise<readonly ResultObject[]>;

  /** How many files and folders `objects` has left out by now: their names are not UTF-8, as long as their trial runs. */
  readonly unnamed: number;

  /** An object's bytes from `from` on. Throws a Failure where it has gone, or lies where nobody may follow it to. */
  read(object: ResultObject, from?: number): Promise<AsyncIterable<Uint8Array>>;

  /** Ends connections. */
  close(): Promise<void>;
}

/** Which run, and where what it left was looked for. */
export interface ResultsRun {
  readonly id: string;
  /** `<yyyymmdd-hhmmss>-<id>`: the name of its folder, here and in a store. */
  readonly name: string;
  /** ISO 8601, to the second. */
  readonly startedAt: string;
  /** For people: the run's folder, or which store it lies in. */
  readonly place: string;
}

/** One file or tracked result of an attempt. */
export interface ResultObject {
  readonly trial: string;
  readonly attempt: number;
  /** Its path in the attempt's results folder, with `/`; of what the trial uploaded itself, what that would have been. */
  readonly name: string;
  readonly bytes: number;
  /** When it was complete, or last changed: milliseconds since the epoch; NaN where nobody has said it. */
  readonly time: number;
  /** Lower-case hex, where it was recorded. */
  readonly sha256: string | undefined;
  readonly contentType: string | undefined;
  /** What `track()` kept beside it; undefined for a file that the trial wrote itself. */
  readonly metadata: ObjectMetadata | undefined;
  readonly source: ObjectSource;
}

/** Where an object's bytes are to be had. */
export type ObjectSource =
  /** The attempt's results folder, here. */
  | { readonly kind: 'folder' }
  /** The run's store, which is being looked at. `key` is relative to the store's root. */
  | { readonly kind: 'store'; readonly key: string }
  /** Elsewhere: the trial has uploaded it itself, or it was pushed and is no longer here. */
  | ElsewhereSource;

export interface ElsewhereSource {
  readonly kind: 'elsewhere';
  readonly place: /** `endpoint`: the server as the writer saw it, perhaps from inside the trial's network. */
    | { readonly kind: 'bucket'; readonly bucket: string; readonly endpoint: string | undefined }
    /** A folder that serves as a store. */
    | { readonly kind: 'folder'; readonly folder: string };
  /** The whole key in that place. */
  readonly key: string;
}

/** Reads what lies elsewhere; undefined = there is no such object. Throws a StoreError or a Failure. */
export type ReadElsewhere = (
  source: ElsewhereSource,
  from: number,
) => Promise<AsyncIterable<Uint8Array> | undefined>;
